"""Boards: what `boards.toml` says, checked."""

import tomllib
from importlib.resources import files
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

Chart = Literal["number", "bars", "line", "ranking", "pie", "table", "list"]
Function = Literal["count", "sum", "avg", "max", "cardinality"]


class Measure(Struct, frozen=True, forbid_unknown_fields=True):
    """What is measured of the documents in a bucket; without a field they count."""

    label: str
    function: Function = "count"
    field: str | None = None


class Bucket(Struct, frozen=True, forbid_unknown_fields=True):
    """How documents are parted: by time, by the words of a field, or by its size.

    Attributes:
        every: an interval of the view's time, such as `10m`.
        field: what else they are parted by.
        most: the words with the most documents, so many of them.
        missing: the name of the bucket of documents without the field.
        width: of the buckets of a field that is a number.
    """

    every: str | None = None
    field: str = ""
    most: Annotated[int, Meta(ge=1, le=100)] = 10
    missing: str | None = None
    width: float | None = None


class Panel(Struct, frozen=True, forbid_unknown_fields=True):
    """One panel: documents of a view, `where` a query in Lucene's words holds."""

    title: str
    view: str
    chart: Chart
    where: str = ""
    measures: list[Measure] = []
    buckets: list[Bucket] = []
    columns: list[str] = []


class View(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of documents, and the field that says when."""

    time: str


class Board(Struct, frozen=True, forbid_unknown_fields=True):
    """A dashboard: panels by name, in rows."""

    title: str
    about: str
    rows: list[list[str]]


class Boards(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that Kibana is told."""

    views: dict[str, View]
    panels: dict[str, Panel]
    boards: dict[str, Board]


def load_boards() -> Boards:
    """Read what ships.

    >>> load_boards().panels["categories"].buckets[0].most
    5
    """
    text = (files("app.kibana") / "boards.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Boards)
