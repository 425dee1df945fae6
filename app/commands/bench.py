"""Measure speed, latency, memory and recovery; one JSON line a figure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import click

from app.bench import (
    app_events,
    customer_stage,
    features,
    model,
    phones,
    road,
    rules,
    sketches,
    state,
)
from app.bench.figures import Figure, show
from app.bench.house import housed
from app.settings import load
from app.simulate.bank import Bank
from app.sources.chunks import Chunk
from app.sources.column_map import load_map
from app.sources.files import CHUNK, read

PARTS = (
    "features",
    "road",
    "app-events",
    "customer-stage",
    "state",
    "phones",
    "rules",
    "model",
    "sketches",
)
OWN = ("features", "app-events", "model", "sketches")
"""Parts that need no Kafka, or one of their own."""
CUSTOMERS = 5_000


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option(
    "--replay",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Payments of a file, instead of a made-up bank's.",
)
@click.option("--map", "map_name", help="The file's column map.  [example: handbook]")
@click.option(
    "--payments",
    default=300_000,
    show_default=True,
    type=click.IntRange(min=10_000),
    help="How many a full log holds.",
)
def bench(
    *, parts: tuple[str, ...], file: Path | None, map_name: str | None, payments: int
) -> None:
    """Measure PARTS (all, where none is named): one JSON line a figure.

    The worker has the first core to itself; Kafka and the sender have the others.
    """
    if bool(file) != bool(map_name):
        message = "--replay and --map go together"
        raise click.UsageError(message)

    def chunks() -> Iterator[Chunk]:
        if file and map_name:
            return read(file, columns=load_map(map_name))[1]
        return Bank(customers=CUSTOMERS).chunks()

    wanted = parts or PARTS
    if "features" in wanted:
        learnt = islice(chunks(), payments // CHUNK)
        _show(features.measure(learnt, currency=load({}).currency))
    if "sketches" in wanted:
        _show(sketches.measure())
    if "app-events" in wanted:
        bank = Bank(customers=CUSTOMERS)  # a file of payments has no app events
        _show(app_events.measure(bank.chunks(), payments=payments))
    if with_kafka := [part for part in wanted if part not in OWN]:
        _run(with_kafka, chunks, payments=payments)
    if "model" in wanted:
        for figure in model.measure([*islice(chunks(), payments // CHUNK)]):
            show(figure)


def _show(figures: Iterable[Figure]) -> None:
    for figure in figures:
        show(figure)


def _run(
    parts: Sequence[str], chunks: Callable[[], Iterator[Chunk]], *, payments: int
) -> None:
    """Measure what needs a Kafka."""
    first: Iterable[Chunk] = islice(chunks(), -(-payments // CHUNK))
    with housed() as house:
        for part in parts:
            if part == "road":
                figures = road.measure(house, chunks(), payments=payments)
            elif part == "customer-stage":
                figures = customer_stage.measure(house, first, payments=payments)
            elif part == "phones":
                figures = phones.measure(house)
            elif part == "rules":
                figures = rules.measure(house)
            else:
                figures = state.measure(house, islice(chunks(), payments // CHUNK))
            for figure in figures:
                show(figure)
