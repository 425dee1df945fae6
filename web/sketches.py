"""Sketches: what each worker of role `sketch` knows, asked by any other."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, get_args
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from app.events.decisions import Outcome
from app.events.payments import Channel, Place
from app.sketches import samples
from app.sketches.observed import KINDS, SEGMENTS, Kind, Segment, cell
from app.sketches.samples import Kept, Stratum
from app.sketches.seen import NAMES, Fill, merged
from app.sketching import filters_of
from app.topics import DECISIONS
from web.auth import Caller
from web.context import Context
from web.problems import Problem

ROLE = "sketch"
TABLE = "sketches"
TARGET = "/internal/sketches"
MOST_ID = 64


class Question(Struct, frozen=True, omit_defaults=True):
    """What is asked of each worker: fills, samples, or whether a thing was seen."""

    about: str
    kind: Kind = "device"
    value: str = ""
    segment: Segment | None = None


class Part(Struct, frozen=True):
    """What one worker knows of the partitions that it owns."""

    partitions: list[int]
    fills: list[Fill] = []
    strata: list[Stratum] = []
    kept: list[Kept] = []
    seen: bool = False


_part = msgspec.json.Decoder(Part).decode


def wanted_segment(segment: str | None) -> Segment | None:
    """Return a segment, checked.

    Raises:
        Problem: 422, there is none of that name.
    """
    return _one_of("segment", segment, SEGMENTS) if segment else None


def wanted_stratum(
    segment: str | None, outcome: str | None, channel: str | None
) -> dict[str, str]:
    """Return the parts of a stratum that are asked for, checked.

    Raises:
        Problem: 422, one of them does not exist.
    """
    known: tuple[tuple[str, str | None, Sequence[str]], ...] = (
        ("segment", segment, SEGMENTS),
        ("outcome", outcome, get_args(Outcome)),
        ("channel", channel, get_args(Channel)),
    )
    return {name: _one_of(name, one, among) for name, one, among in known if one}


def wanted_thing(kind: str, value: str) -> tuple[Kind, str]:
    """Return a kind and what its filter knows a thing by: a place by its cell.

    Raises:
        Problem: 422, the kind is unknown, or the value cannot be of that kind.
    """
    known: Kind = _one_of("kind", kind, KINDS)
    if known == "place":
        return known, cell(_place(value))
    if not 0 < len(value) <= MOST_ID:
        got = f"{len(value)} characters"
        raise Problem(422, f"value: got {got}, expected 1 to {MOST_ID}")
    return known, value


def _place(value: str) -> Place:
    try:
        latitude, longitude = map(float, value.split(","))
        found = msgspec.convert([latitude, longitude], tuple[float, float])
        return msgspec.convert(
            dict(zip(("latitude", "longitude"), found, strict=True)), Place
        )
    except (ValueError, msgspec.ValidationError) as error:
        got = repr(value[:MOST_ID])
        expected = "latitude,longitude in degrees, such as 48.21,16.37"
        raise Problem(422, f"value: got {got}, expected {expected}") from error


def _one_of(name: str, got: str, among: Sequence[Any]) -> Any:
    if got not in among:
        expected = ", ".join(among)
        detail = f"{name}: got {got[:MOST_ID]!r}, expected one of {expected}"
        raise Problem(422, detail)
    return got


async def local(context: Context, question: Question) -> Part:
    """Answer for the partitions that this worker owns; none where it keeps no sketch.

    Between two filters the loop has a turn: to measure one takes a millisecond or two.
    """
    rows = _owned(context)
    filters = filters_of(context.settings)
    found = Part(sorted(rows))
    if question.about == "samples":
        kept = [one for partition in rows.values() for one in samples.kept(partition)]
        return replace(found, kept=samples.merged(kept))
    if question.about == "seen":
        seen = any(
            filters.seen(
                partition, question.kind, question.value, segment=question.segment
            )
            for partition in rows.values()
        )
        return replace(found, seen=seen)
    fills: list[Fill] = []
    strata: list[Stratum] = []
    for partition in rows.values():
        strata += [one.stratum for one in samples.kept(partition)]
        for fill in filters.fills(partition):
            fills.append(fill)
            await asyncio.sleep(0)
    return replace(found, fills=fills, strata=strata)


def _owned(context: Context) -> Mapping[int, Any]:
    engine = context.app.engine
    table = engine.tables.get(DECISIONS.name)
    if table is None or table.name != TABLE or not engine.sought:
        return {}
    return dict(table.owned)


async def ask(context: Context, question: Question, caller: Caller) -> list[Part]:
    """Ask every worker that owns partitions; who does not answer is left out.

    Raises:
        Problem: 503, none of them answers.
    """
    mine = _owned(context)
    owners = context.cluster.owners(DECISIONS.name, role=ROLE)
    urls = sorted({url for number, url in owners.items() if number not in mine})
    told = msgspec.to_builtins(question)
    target = f"{TARGET}?{urlencode(told)}"

    async def other(url: str) -> Part | None:
        try:
            answer = await context.forwarder.get(url, target, caller)
        except Problem:
            return None
        return _part(answer.body) if answer.status_code == 200 else None  # noqa: PLR2004

    parts = await asyncio.gather(*(other(url) for url in urls))
    found = [part for part in parts if part is not None]
    if mine:
        found.insert(0, await local(context, question))
    if not found:
        raise nobody()
    return found


def answered(parts: Sequence[Part]) -> int:
    """Return how many partitions have answered."""
    return len({number for part in parts for number in part.partitions})


def fills_of(parts: Sequence[Part]) -> list[Fill]:
    """Return each filter's fill over all partitions."""
    by_name: dict[tuple[str, bool], list[Fill]] = {name: [] for name in NAMES}
    for part in parts:
        for fill in part.fills:
            by_name[fill.kind, fill.by_segment].append(fill)
    return [merged(fills) for fills in by_name.values() if fills]


def nobody() -> Problem:
    """Return the problem that no worker keeps sketches now."""
    detail = "no worker of role sketch has its partitions now; ask again"
    return Problem(503, detail, kind="rebalancing", retry_after=2)
