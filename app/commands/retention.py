"""Show for how long each topic and store keeps what it holds, and whether it does."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table

from app.errors import SmartbankError
from app.influx import Influx
from app.keeping import archive
from app.keeping.elastic import Indices
from app.keeping.kafka import Topics
from app.keeping.mongo import Documents
from app.keeping.table import TABLE, kept_days
from app.settings import Settings, load


@click.command()
def retention() -> None:
    """Show for how long each topic and store keeps what it holds, and whether it does.

    The exit code is 1 where one keeps otherwise than is set, or does not answer.
    """
    settings = load()
    days = kept_days(settings)
    found = asyncio.run(look(settings, days))
    table = Table("what", "is kept", "since", "let go of by", "as found", box=None)
    for name, one in TABLE.items():
        told, _ = found.get(name, ("nothing there", True))
        table.add_row(name, _days(days[name]), one.since, one.by, told)
    Console(width=140).print(table)
    if not all(good for _, good in found.values()):
        raise SystemExit(1)


async def look(
    settings: Settings, days: Mapping[str, int]
) -> dict[str, tuple[str, bool]]:
    """Return what stores do, in words, and whether that is as set."""
    found: dict[str, tuple[str, bool]] = {}
    for kind, asked in {
        "topic": Topics(settings).found(),
        "mongo": Documents(settings).found(),
        "influx": _influx(settings),
    }.items():
        try:
            for name, kept in (await asked).items():
                if name in days:
                    found[name] = _days(kept), kept == days[name]
        except SmartbankError as error:
            found |= {name: (str(error)[:40], False) for name in _of(kind)}
    try:
        oldest = await Indices(settings).oldest()
    except SmartbankError as error:
        oldest = {}
        found |= {name: (str(error)[:40], False) for name in _of("elastic")}
    oldest |= archive.oldest(settings.archive)
    for name, at in oldest.items():
        age = (datetime.now(UTC) - at).days
        good = not days[name] or age <= days[name]
        found[name] = f"the oldest is {_days(age or 1)} old", good
    return found


async def _influx(settings: Settings) -> dict[str, int]:
    influx = Influx.of(settings)
    if influx is None:
        return {}
    return {"influx.readings": await asyncio.to_thread(influx.kept_days)}


def _of(kind: str) -> list[str]:
    return [name for name in TABLE if name.startswith(kind)]


def _days(days: int) -> str:
    if not days:
        return "for ever"
    return f"{days:,} day{'s' if days != 1 else ''}"
