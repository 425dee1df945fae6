"""Train a model on a file of labelled payments."""

from datetime import datetime
from pathlib import Path

import click

from app.commands import learning
from app.commands.learning import bar, log_of
from app.commands.sending import MOMENT, utc
from app.detection.card import write_card
from app.detection.recipe import Recipe
from app.detection.training import FOLDS
from app.detection.training import train as train_on


@click.command()
@learning.ARGUMENT
@learning.MAP
@learning.PATTERNS
@click.option("--until", type=MOMENT, help="As if it were then: event time, UTC.")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of models; each has a folder of its version in it.",
)
def train(
    *,
    file: Path,
    map_name: str | None,
    patterns: str | None,
    until: datetime | None,
    out: Path,
) -> None:
    """Train a model on FILE's payments, and write it with its card.

    FILE is a file with its --map, or the folder of an archive: DATA_DIR/archive, whose
    decisions have the features that they were decided by.

    It learns from labels that are known at the file's end (or --until): those of
    payments at least a week old. The same file gives the same model, byte for byte.
    """
    recipe = Recipe(learning.chosen(file, patterns))
    log = log_of(file, map_name, names=recipe.features, until=utc(until))
    with bar("models", FOLDS) as step:
        model, card = train_on(log, recipe=recipe, progress=lambda: step(1))
    folder = model.save(out)
    write_card(card, folder, source=file.resolve().name)
    mean = card.validation.mean
    click.echo(
        f"{folder}: learnt from {card.payments:,} payments until before "
        f"{card.learnt_until}; in {len(card.validation.folds)} earlier weeks AUC ROC "
        f"{mean.auc:.3f}, average precision {mean.ap:.3f}, card precision@100 "
        f"{mean.cp100:.3f}"
    )
