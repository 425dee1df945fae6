"""Show how much of each planted fraud is found, on a made-up bank."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TypedDict, Unpack

import click
import msgspec
from rich.console import Console
from rich.table import Table

from app.commands.learning import bar
from app.detection.log import read_log
from app.detection.moving import Moving, Part, Watcher, moving, noted
from app.detection.recipe import Recipe
from app.detection.scenarios import WARM_UP, Report, judged, report
from app.detection.training import train
from app.features.catalogue import NAMES
from app.rules.ruleset import default_ruleset, load_ruleset
from app.scoring.model import Model
from app.settings import load
from app.simulate.bank import START, Bank
from app.simulate.payments import midnight
from app.simulate.phones import Pockets

SEED = 11
"""Of a bank that no rule was tuned on."""


class Seen(TypedDict):
    """What the rules see beside payments."""

    phones: float
    app_events: bool


@click.command()
@click.option("--seed", default=SEED, show_default=True, help="Of the bank.")
@click.option("--customers", default=2_000, show_default=True, type=click.IntRange(100))
@click.option(
    "--days",
    default=75,
    show_default=True,
    type=click.IntRange(WARM_UP + 1),
    help=f"The first {WARM_UP} only teach it habits.",
)
@click.option(
    "--rules",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A ruleset, instead of the one that ships.",
)
@click.option(
    "--train-on",
    "other",
    type=int,
    help="Train a model on the bank of this seed, and show it beside the rules.",
)
@click.option(
    "--phones",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of the customers whose phone tells where it is.",
)
@click.option(
    "--app-events/--without-app-events",
    default=True,
    show_default=True,
    help="Whether the rules see what customers and thieves do in the app.",
)
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
def scenarios(
    *,
    seed: int,
    customers: int,
    days: int,
    rules: Path | None,
    other: int | None,
    as_json: bool,
    **seen: Unpack[Seen],
) -> None:
    """Let a made-up bank be defrauded in nine ways, and tell what is found of each."""
    if other == seed:
        message = (
            "--train-on: got the seed of the bank that is judged, expected another"
        )
        raise click.UsageError(message)
    phones = seen["phones"]
    until = midnight(START + timedelta(days=days))
    currency = load().currency
    model = (
        _model(other, customers=customers, until=until) if other is not None else None
    )
    bank = Bank(seed=seed, customers=customers, app=seen["app_events"])
    rng = Random(f"phones {seed}")  # noqa: S311 - a simulation, no secret
    since = midnight(START + timedelta(days=WARM_UP))
    watcher = Watcher()
    parts: list[Part] = []
    with bar("payments", 0) as step:
        told = report(
            noted(
                judged(
                    bank.chunks(until=until),
                    since=since,
                    ruleset=load_ruleset(rules) if rules else default_ruleset(),
                    currency=currency,
                    model=model,
                    pockets=Pockets(rng, bank.customers, share=phones)
                    if phones
                    else None,
                    watcher=watcher,
                    progress=step,
                ),
                parts,
            ),
            with_model=model is not None,
        )
    together = moving(watcher.alerts.values(), parts, since=since)
    if as_json:
        both = {**msgspec.structs.asdict(told), "groups": together}
        click.echo(msgspec.json.encode(both).decode())
        return
    console = Console()
    console.print(_table(told))
    console.print(
        f"{told.honest:,} honest payments, {told.bothered:.2%} of them for review or "
        "declined"
    )
    console.print()
    console.print(_gangs(together))
    console.print(
        f"{together.groups:,} groups alerted, {together.mistaken:,} of them of honest "
        f"customers alone; {together.precision:.1%} of their members took part"
    )


def _model(seed: int, *, customers: int, until: int) -> Model:
    """Train a model on another bank, from every feature of the catalogue."""
    bank = Bank(seed=seed, customers=customers)
    with bar("payments to learn from", 0) as step:
        log = read_log(
            bank.chunks(until=until), currency=load().currency, progress=step
        )
    model, _ = train(log, recipe=replace(Recipe(), features=tuple(NAMES)))
    return model


def _table(told: Report) -> Table:
    table = Table(
        *("scenario", "payments", "incidents", "seen", "detected", "declined"),
        *("false positives", "by the model"),
        box=None,
    )
    for one in told.scenarios:
        table.add_row(
            one.scenario,
            f"{one.payments:,}",
            f"{one.incidents:,}",
            f"{one.seen:,}",
            f"{one.detected:.1%}",
            f"{one.declined:.1%}",
            f"{one.bothered:.3%}",
            "" if one.by_model is None else f"{one.by_model:.1%}",
        )
    return table


def _gangs(together: Moving) -> Table:
    table = Table("gang", "members", "found in a group", "groups", box=None)
    for one in together.gangs:
        table.add_row(
            one.scenario, f"{one.members:,}", f"{one.recall:.1%}", f"{one.groups:,}"
        )
    return table
