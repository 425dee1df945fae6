"""Evaluate detection on a file of labelled payments, week by week."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from app.commands import learning
from app.commands.learning import bar, log_of
from app.detection.folds import WEEK, Fold, day_of, folds_from, folds_until
from app.detection.judge import METRICS, Verdict, by_model, by_recipe, judge
from app.detection.log import Log
from app.detection.recipe import Recipe
from app.scoring.model import Model

DATE = click.DateTime(["%Y-%m-%d"])
HANDBOOK = date(2018, 7, 25)  # the Handbook's first training week
LEGEND = (
    "AP: average precision; CP@100: share of compromised cards among the 100 looked at "
    "a day; ceiling: CP@100 of the truth"
)
PUBLISHED = {  # each figure the best of several models
    "published, all four": (0.879, 0.694, 0.305),
    "published, first": (0.871, 0.658, 0.291),
    "aim": (0.90, 0.75, 0.32),
}


@click.command()
@learning.ARGUMENT
@learning.MAP
@click.option(
    "--first",
    type=DATE,
    help="First training week.  [default: 2018-07-25 of the Handbook, else the last "
    "weeks that the file has]",
)
@click.option("--weeks", default=4, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--history",
    type=click.IntRange(min=7),
    help="Days to learn from, up to the end of the training week.  [default: all]",
)
@learning.PATTERNS
@click.option(
    "--model",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Judge this model instead of training one a week.",
)
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
def evaluate(  # noqa: PLR0913 - one parameter an option
    *,
    file: Path,
    map_name: str | None,
    first: datetime | None,
    weeks: int,
    history: int | None,
    patterns: str | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Judge detection on FILE: train, a week of delay, test, then a week later again.

    FILE is a file with its --map, or the folder of an archive: DATA_DIR/archive, whose
    decisions have the features that they were decided by.

    The protocol is the Fraud Detection Handbook's. Test weeks that the file does not
    hold are left out; one that it holds in part is judged on what there is.
    """
    model = Model.load(folder) if folder else None
    recipe = Recipe(learning.chosen(file, patterns), history)
    names = model.facts.features if model else recipe.features
    log = log_of(file, map_name, names=names)
    start = first.date() if first else HANDBOOK if map_name == "handbook" else None
    folds = _folds(log, start, weeks)
    with bar("weeks", len(folds)) as step:
        scored = (
            by_model(log, folds, model=model)
            if model
            else by_recipe(log, folds, recipe=recipe, progress=lambda: step(1))
        )
        verdict = judge(log, scored)
    if as_json:
        click.echo(msgspec.json.encode(verdict).decode())
        return
    console = Console()
    others = PUBLISHED if start == HANDBOOK and map_name == "handbook" else {}
    console.print(_table(verdict, others))
    console.print(LEGEND)
    if verdict.left_out:
        console.print(f"{verdict.left_out:,} payments left out: refused, or repeated")


def _folds(log: Log, start: date | None, weeks: int) -> list[Fold]:
    if start:
        return folds_from(log, day_of(start), count=weeks)
    return folds_until(log, log.end_day, count=weeks)


def _table(verdict: Verdict, others: Mapping[str, tuple[float, ...]]) -> Table:
    table = Table(
        "test week from",
        *("payments", "frauds", "AUC ROC", "AP", "CP@100", "ceiling"),
        box=None,
    )
    for fold in verdict.folds:
        part = "" if fold.days == WEEK else f", {fold.days} of {WEEK} days"
        table.add_row(
            fold.test_start + part,
            f"{fold.payments:,}",
            f"{fold.frauds:,}",
            *(f"{getattr(fold, name):.3f}" for name in METRICS),
            f"{fold.ceiling:.3f}",
        )
    ceilings = [fold.ceiling for fold in verdict.folds]
    table.add_row(
        "mean",
        "",
        "",
        *(f"{getattr(verdict.mean, name):.3f}" for name in METRICS),
        f"{sum(ceilings) / len(ceilings):.3f}",
    )
    deviations = (f"± {getattr(verdict.deviation, name):.3f}" for name in METRICS)
    table.add_row("deviation", "", "", *deviations, "", end_section=True)
    for name, figures in others.items():
        table.add_row(name, "", "", *(f"{figure:.3f}" for figure in figures), "")
    return table
