"""Docs: the OpenAPI document, its examples, and the page made of it."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.capture import transaction
from app.events.aggregates import Aggregate
from app.events.decisions import Decision
from app.privacy.tradeoff import Tradeoff
from app.profiles.profile import Profile
from app.rules.lists import Listing
from app.rules.ruleset import Rule, Ruleset
from tests.web.site import Site
from web.api import examples, models
from web.api.schema import TYPES
from web.docs import page
from web.problems import KINDS
from web.publishing import Published
from web.quality import Quality
from web.sketched import Samples, Seen, Sketched


@pytest.fixture
async def document(tmp_path: Path) -> Any:
    async with Site(tmp_path).client("ann") as client:
        return (await client.get("/openapi.json")).json()


def references(found: Any) -> set[str]:
    if isinstance(found, dict):
        own = {found["$ref"]} if "$ref" in found else set()
        return own.union(*(references(one) for one in found.values()))
    if isinstance(found, list):
        return set().union(*(references(one) for one in found))
    return set()


async def test_every_reference_leads_to_a_schema(document):
    schemas = document["components"]["schemas"]
    names = {
        name.removeprefix("#/components/schemas/") for name in references(document)
    }

    assert names <= schemas.keys()
    assert {kind.__name__ for kind in TYPES} <= schemas.keys()


async def test_every_operation_is_summed_up_explained_and_shown(document):
    operations = [
        (path, operation)
        for path, methods in document["paths"].items()
        for operation in methods.values()
    ]

    assert operations
    for path, operation in operations:
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["responses"], path


async def test_what_is_between_workers_is_not_documented(document):
    assert not [path for path in document["paths"] if path.startswith("/internal")]


@pytest.mark.parametrize(
    ("kind", "example"),
    [
        (models.Accepted, examples.ACCEPTED),
        (Decision, examples.DECISION),
        (models.Decided, examples.DECIDED),
        (models.CustomerState, examples.CUSTOMER),
        (models.TerminalState, examples.TERMINAL),
        (models.Found, examples.FOUND),
        (Profile, examples.PROFILE),
        (Rule, examples.RULE),
        (Ruleset, examples.RULESET),
        (models.RevisionSummary, examples.REVISION),
        (models.History, examples.HISTORY),
        (models.Checked, examples.CHECKED),
        (models.Differences, examples.DIFFERENCES),
        (models.Backtests, examples.BACKTESTS),
        (models.Tried, examples.TRIED),
        (Aggregate, examples.AGGREGATE),
        (models.Aggregates, examples.AGGREGATES),
        (Listing, examples.LISTING),
        (models.Listed, examples.LISTED),
        (models.Reevaluated, examples.REEVALUATED),
        (models.Workers, examples.WORKERS),
        (Quality, examples.QUALITY),
        (Sketched, examples.SKETCHED),
        (Seen, examples.SEEN),
        (Samples, examples.SAMPLES),
        (models.Token, examples.TOKEN),
        (models.Readiness, examples.READINESS),
        (models.ProblemDetails, examples.PROBLEM),
        (Published, examples.PUBLISHED),
        (Tradeoff, examples.TRADEOFF),
    ],
)
def test_examples_are_of_the_type_that_they_are_shown_for(kind, example):
    made = msgspec.convert(example, kind)

    assert msgspec.to_builtins(made).keys() >= example.keys() - {"errors"}


def test_the_example_of_a_payment_would_be_taken():
    value = msgspec.json.encode(examples.TRANSACTION)
    received_at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    stated = transaction(value, received_at=received_at, currency="EUR")

    assert stated.id == examples.TRANSACTION["id"]


async def test_the_page_shows_every_operation_and_links_to_every_schema(document):
    text = page(document)
    anchors = set(re.findall(r' id="([^"]+)"', text))
    links = set(re.findall(r'href="#([^"]+)"', text))

    assert links <= anchors
    assert set(KINDS) <= anchors
    for path in document["paths"]:
        assert f"<code>{path}</code>" in text


async def test_the_page_shows_texts_and_runs_none_of_them(document):
    document["info"]["title"] = "<script>alert(1)</script>"

    assert "<script" not in page(document)
