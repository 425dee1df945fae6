"""Rewrite tokens of the bank's key before to those of its new one, where known."""

import asyncio

import click
from rich.console import Console
from rich.table import Table

from app.rekeying import archive, elastic, listed, mongo
from app.rekeying.tokens import Counts
from app.settings import Settings, load
from app.token_keys import token_keys


@click.command()
@click.option("--report", is_flag=True, help="Only count what is left of each key.")
@click.option(
    "--forget",
    is_flag=True,
    help="Forget then what old ones became, also of what is left.",
)
def rekey(*, report: bool, forget: bool) -> None:
    """Rewrite tokens of the key before to those of the new one, where they are known.

    Both keys are in SMARTBANK_TOKEN_KEYS. A card is known once it was used while
    workers have both. Then count what is left: the exit code is 1 while there is any.
    May run as often as you like, beside the workers.
    """
    settings = load()
    *before, newest = token_keys(settings)
    root = settings.archive
    with mongo.opened(settings) as documents, elastic.opened(settings) as indices:
        names = documents.names()
        if not report:
            for old in before:
                done = {
                    "Mongo": documents.rename(old, names),
                    "Elasticsearch": indices.rename(old, names),
                    "archive": archive.rename(root, old, names),
                    "lists": _lists(settings, old, names),
                }
                told = ", ".join(f"{name} {count:,}" for name, count in done.items())
                click.echo(f"{old} to {newest}: {told}")
        counts = {
            "Mongo": documents.counts(),
            "Elasticsearch": indices.counts([*before, newest]),
            "archive": archive.counts(root),
            "lists": listed.counts(asyncio.run(listed.cards(settings))),
        }
        _show(counts, [*before, newest])
        click.echo(f"{len(names):,} cards are known by both")
        left = any(counts[name].get(old) for name in counts for old in before)
        if forget:
            gone = sum(documents.forget(old) for old in before)
            click.echo(f"{gone:,} old tokens forgotten")
    if left:
        raise SystemExit(1)


def _lists(settings: Settings, old: str, names: dict[str, str]) -> int:
    entries = asyncio.run(listed.cards(settings))
    told = listed.renamings(entries, old, names)
    if told:
        asyncio.run(listed.publish(settings, told))
    return len(told) // 2


def _show(counts: dict[str, Counts], key_ids: list[str]) -> None:
    others = {key for found in counts.values() for key in found} - {*key_ids}
    columns = [*key_ids, *sorted(others)]
    table = Table("tokens of cards", *columns, box=None)
    for name, found in counts.items():
        table.add_row(name, *(f"{found.get(key, 0):,}" for key in columns))
    Console().print(table)
