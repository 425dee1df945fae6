"""The schema files say what the types say, and tell when a change breaks."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from app import schemas
from app.compatibility import breaks
from app.topics import DEAD_LETTERS, MODELS, RULES, TOPICS
from tests.corpus import LABEL, PAYMENT

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", schemas.TYPES)
def test_a_schema_file_says_what_the_types_say(name: str):
    assert schemas.path(name).read_text("utf-8") == schemas.text(name), (
        "run: python -m app.schemas"
    )


def test_every_topic_has_a_schema_and_every_file_a_topic():
    several = (RULES.name, MODELS.name)
    named = {topic.name for topic in TOPICS} - {DEAD_LETTERS.name, *several}
    told_by_key = {name for name in schemas.TYPES if name.startswith(several)}
    files = {path.name for path in schemas.FOLDER.iterdir()}

    assert schemas.TYPES.keys() == named | told_by_key
    assert {schemas.path(name).name for name in schemas.TYPES} <= files


def test_every_topic_s_schema_is_told_in_the_docs():
    told = (ROOT / "docs" / "topics.md").read_text("utf-8")

    for topic in TOPICS:
        assert f"`{topic.name}`" in told
    for name in schemas.TYPES:
        assert f"`{schemas.path(name).name}`" in told


@pytest.mark.parametrize(
    ("name", "record"), [("transactions", PAYMENT), ("labels", LABEL)]
)
def test_a_schema_s_required_fields_are_those_of_a_record(
    name: str, record: dict[str, Any]
):
    kept = json.loads(schemas.path(name).read_text("utf-8"))
    kind = kept["$defs"][kept["$ref"].rpartition("/")[2]]

    assert set(kind["required"]) <= record.keys() <= kind["properties"].keys()


class Inner(Struct):
    a: int


class Old(Struct, tag="record"):
    id: Annotated[str, Meta(max_length=64)]
    amount: Annotated[int, Meta(ge=0)]
    kind: Literal["one", "two"]
    inner: Inner
    many: list[Inner]
    by_name: dict[str, float | None]
    note: str | None = None


def changed(*, drop: str = "", **fields: Any) -> Any:
    """Return the old record's type, with some fields changed, dropped or added.

    A field is a type, or a type with a default.
    """
    kinds = {**Old.__annotations__, "note": (str | None, None), **fields}
    kinds.pop(drop, None)
    made = [(n, *k) if isinstance(k, tuple) else (n, k) for n, k in kinds.items()]
    return msgspec.defstruct("Old", sorted(made, key=len), tag="record")


def broken(new: Any, old: Any = Old) -> list[str]:
    return breaks(msgspec.json.schema(old), msgspec.json.schema(new))


class StrictInner(Struct, forbid_unknown_fields=True):
    a: int


class WiderInner(Struct):
    a: int | None
    b: str = ""


@pytest.mark.parametrize(
    "new",
    [
        Old,
        changed(more=(int, 0)),
        changed(id=str),
        changed(amount=int),
        changed(amount=float),
        changed(kind=Literal["one", "two", "three"]),
        changed(kind=str),
        changed(inner=WiderInner),
        changed(many=list[WiderInner]),
        changed(note=(str | int | None, None)),
    ],
)
def test_more_may_be_said_without_breaking(new: Any):
    assert broken(new) == []


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (changed(more=int), "$.more: is required now"),
        (changed(drop="amount"), "$.amount: is gone"),
        (changed(id=int), "$.id: was string, is integer"),
        (
            changed(id=Annotated[str, Meta(max_length=32)]),
            "$.id: maxLength is 32, was 64",
        ),
        (
            changed(id=Annotated[str, Meta(max_length=64, pattern="^x")]),
            "$.id: another pattern",
        ),
        (
            changed(amount=Annotated[int, Meta(ge=0, le=9)]),
            "$.amount: maximum is 9, was free",
        ),
        (changed(amount=Annotated[int, Meta(ge=1)]), "$.amount: minimum is 1, was 0"),
        (changed(kind=Literal["one"]), "$.kind: values are gone"),
        (changed(inner=StrictInner), "$.inner: unknown fields are refused now"),
        (changed(many=list[int]), "$.many[]: was object, is integer"),
        (
            changed(by_name=dict[str, float]),
            "$.by_name[]: was null, is integer or number",
        ),
        (changed(note=(str, "")), "$.note: was null, is string"),
    ],
)
def test_what_yesterday_s_records_or_readers_do_not_bear_breaks(
    new: Any, expected: str
):
    assert broken(new) == [expected]


def test_a_kind_of_record_that_is_gone_breaks():
    class Other(Struct, tag="other"):
        x: int

    assert broken(Old | Other) == []
    assert broken(Old, Old | Other) != []
