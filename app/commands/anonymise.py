"""Anonymise a file: k-anonymity, l-diversity and t-closeness, made and measured."""

from pathlib import Path

import click
import msgspec
import polars as pl

from app.errors import AnonymityError
from app.privacy.anonymity import Anonymity
from app.privacy.mondrian import Aim, Anonymised
from app.privacy.mondrian import anonymise as made_anonymous

DECISIONS = ("occurred_at", "amount_minor", "channel", "country", "merchant_category")
"""What tells one payer from another in the archive of decisions."""


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--quasi",
    help="Columns that together could name somebody, with commas.  "
    f"[default: {', '.join(DECISIONS)}]",
)
@click.option(
    "--sensitive",
    default="outcome",
    show_default=True,
    help="Columns that nobody may learn of somebody, with commas.",
)
@click.option(
    "--k",
    default=5,
    show_default=True,
    type=click.IntRange(min=2),
    help="Smallest class.",
)
@click.option(
    "--l",
    "l_",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="Different sensitive values in a class.",
)
@click.option(
    "--t",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True),
    help="Farthest that a class is from the whole table.",
)
@click.option(
    "--suppress",
    default=0.01,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of rows that may be left out: the rarest.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write.  [default: FILE with .anonymous before its ending]",
)
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
def anonymise(  # noqa: PLR0913 - one parameter an option
    *,
    file: Path,
    quasi: str | None,
    sensitive: str,
    k: int,
    l_: int,
    t: float,
    suppress: float,
    out: Path | None,
    as_json: bool,
) -> None:
    """Write a CSV or Parquet FILE so that nobody in it is one of fewer than k.

    Columns that are neither quasi-identifiers nor sensitive are left out. The file
    is written only when what was asked for is fulfilled, and measured to be.
    """
    table = _read(file)
    named = quasi.split(",") if quasi else [c for c in DECISIONS if c in table.columns]
    hidden = [name for name in sensitive.split(",") if name]
    missing = [name for name in (*named, *hidden) if name not in table.columns]
    if missing or not named:
        got = ", ".join(missing) or "no quasi-identifier"
        message = f"{file}: got {got}, expected columns of {', '.join(table.columns)}"
        raise AnonymityError(message)
    found = made_anonymous(table, named, sensitive=hidden, aim=Aim(k, l_, t, suppress))
    target = out or file.with_suffix(f".anonymous{file.suffix}")
    _write(found.table, target)
    click.echo(_report(found, target, as_json=as_json))


def _read(file: Path) -> pl.DataFrame:
    try:
        if file.suffix == ".csv":
            return pl.read_csv(file, try_parse_dates=True)
        return pl.read_parquet(file)
    except (OSError, pl.exceptions.PolarsError) as error:
        message = f"{file}: cannot be read as Parquet or CSV: {error}"
        raise AnonymityError(message) from error


def _write(table: pl.DataFrame, target: Path) -> None:
    if target.suffix == ".csv":
        table.write_csv(target)
    else:
        table.write_parquet(target)


def _report(found: Anonymised, target: Path, *, as_json: bool) -> str:
    if as_json:
        told = {
            "before": found.before,
            "after": found.after,
            "loss": found.loss,
            "by_column": found.by_column,
            "suppressed": found.suppressed,
            "file": str(target),
        }
        return msgspec.json.encode(told).decode()
    lines = [
        f"{found.after.rows:,} rows in {target}, {found.suppressed:,} left out",
        f"before  {_told(found.before)}",
        f"after   {_told(found.after)}",
        f"loss    {found.loss:.1%} of what the columns told: "
        + ", ".join(f"{name} {lost:.1%}" for name, lost in found.by_column.items()),
    ]
    return "\n".join(lines)


def _told(one: Anonymity) -> str:
    parts = [f"k {one.k}"]
    parts += [f"l({name}) {value}" for name, value in one.l.items()]
    parts += [f"t({name}) {value:.3f}" for name, value in one.t.items()]
    parts.append(f"re-identification {one.risk:.2%}")
    return ", ".join(parts)
