"""Schema: the OpenAPI document, with the very types that go over the wire."""

from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.customer_keys import Erasure
from app.events.aggregates import Aggregate
from app.events.app_events import StatedAppEvent
from app.events.decisions import Decision
from app.events.devices import Registration
from app.events.groups import GroupAlert
from app.events.payments import Transaction
from app.events.readings import PushedMessage
from app.privacy.tradeoff import Tradeoff
from app.profiles.profile import Profile
from app.rules.lists import Listing
from app.rules.ruleset import Rule, Ruleset
from app.scoring.policy import Policy
from web.api import examples, models
from web.appointments import ModelFile
from web.drifts import Drifts
from web.erasures import Wish
from web.groups import GroupList
from web.problems import MEDIA_TYPE
from web.publishing import Published
from web.quality import Quality
from web.sketched import Samples, Seen, Sketched

TYPES = (
    Transaction,
    StatedAppEvent,
    Decision,
    Rule,
    Ruleset,
    models.Accepted,
    models.Verdict,
    models.Decided,
    models.CustomerState,
    models.TerminalState,
    models.Found,
    Profile,
    models.Workers,
    models.RevisionSummary,
    models.History,
    models.Checked,
    models.Differences,
    models.Backtests,
    models.Tried,
    Aggregate,
    models.Aggregates,
    Policy,
    Listing,
    models.Listed,
    models.Reevaluated,
    Wish,
    Erasure,
    models.Erasures,
    Registration,
    PushedMessage,
    models.DeviceSummary,
    models.DeviceList,
    models.DeviceState,
    models.NewDevice,
    models.Taken,
    Sketched,
    Seen,
    Samples,
    ModelFile,
    models.ModelSummary,
    models.Appointed,
    models.Models,
    models.ModelCard,
    Drifts,
    Quality,
    GroupAlert,
    GroupList,
    models.TokenRequest,
    models.Token,
    models.Health,
    models.Readiness,
    Published,
    Tradeoff,
    models.ProblemDetails,
)
DESCRIPTION = """Every payment gets a decision within milliseconds.

Log in with HTTP Basic or with a token (`POST /v1/tokens`). Roles, each with the rights
of those before it: viewer reads, analyst sends payments, manager changes rules, admin.
Errors are `application/problem+json` (RFC 9457)."""
PHRASES = {499: "Unknown Device"}
"""Of statuses that no standard names."""
SECURITY = {
    "password": {"type": "http", "scheme": "basic"},
    "token": {"type": "http", "scheme": "bearer"},
}


def body(names: list[str], example: Any, *, or_list: bool = False) -> dict[str, Any]:
    """Describe a request's JSON body by the names of its types."""
    kinds: list[dict[str, Any]] = [_ref(name) for name in names]
    if or_list:
        kinds += [{"type": "array", "maxItems": 500, "items": one} for one in kinds]
    schema = kinds[0] if len(kinds) == 1 else {"oneOf": kinds}
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def responses(
    good: dict[int, tuple[str, Any]], *, refused: tuple[int, ...] = ()
) -> dict[int | str, dict[str, Any]]:
    """Describe answers: by status the name of their type and an example."""
    found: dict[int | str, dict[str, Any]] = {}
    for status, (name, example) in good.items():
        json = {"schema": _ref(name), "example": example}
        found[status] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": json},
        }
    problem = {MEDIA_TYPE: {"schema": _ref("ProblemDetails")}}
    for status in refused:
        phrase = PHRASES.get(status) or HTTPStatus(status).phrase
        found[status] = {"description": phrase, "content": problem}
    example = {MEDIA_TYPE: {**problem[MEDIA_TYPE], "example": examples.PROBLEM}}
    found["default"] = {"description": "Any other error", "content": example}
    return found


def openapi(api: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application; made once."""
    if api.openapi_schema is None:
        found = get_openapi(
            title=api.title,
            version=api.version,
            description=DESCRIPTION,
            routes=api.routes,
        )
        _, schemas = msgspec.json.schema_components(
            TYPES, ref_template="#/components/schemas/{name}"
        )
        found["components"] = {"schemas": schemas, "securitySchemes": SECURITY}
        found["security"] = [{name: []} for name in SECURITY]
        api.openapi_schema = found
    return api.openapi_schema


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
