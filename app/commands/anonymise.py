"""Anonymise a file or the archive: k, l and t are enforced, and measured."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import msgspec
import polars as pl

from app.errors import AnonymityError
from app.parquet import files
from app.parquet.frames import DECISIONS as ARCHIVED
from app.parquet.sealed import SEALED
from app.privacy.anonymity import Anonymity
from app.privacy.mondrian import Aim, Anonymised
from app.privacy.mondrian import anonymise as made_anonymous
from app.sources.tables import reading, scan

DECISIONS = ("occurred_at", "amount_minor", "channel", "country", "merchant_category")
"""What tells one payer from another in the archive of decisions."""
PERSON = "customer_id"
"""Whose a row of the archive is."""


@click.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
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
    "--person",
    help="The column that says whose a row is: a class has rows of k persons. Without "
    f"one each row is somebody else's.  [default: {PERSON}, where there is one]",
)
@click.option(
    "--k",
    default=5,
    show_default=True,
    type=click.IntRange(min=2),
    help="People of the smallest class.",
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
    help="Where to write.  [default: SOURCE with .anonymous before its ending]",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The archive's first day of event time, UTC.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The archive's last day, which counts.",
)
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
def anonymise(  # noqa: PLR0913 - one parameter an option
    *,
    source: Path,
    quasi: str | None,
    sensitive: str,
    person: str | None,
    k: int,
    l_: int,
    t: float,
    suppress: float,
    out: Path | None,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
) -> None:
    """Write SOURCE so that nobody in it is one of fewer than k.

    SOURCE is a CSV or Parquet file, or the archive: the folder that holds
    `decisions` and `labels`, of which `fraud` is a column too.

    Columns that are neither quasi-identifiers nor sensitive are left out. The file
    is written only when what was asked for is fulfilled, and measured to be.
    """
    archive = source.is_dir()
    ending = ".parquet" if archive else source.suffix
    target = out or source.with_suffix(f".anonymous{ending}")
    _refuse_target(target, source)
    table = None if archive else _read(source)
    columns = _columns(source) if table is None else table.columns
    named = quasi.split(",") if quasi else [c for c in DECISIONS if c in columns]
    hidden = [name for name in sensitive.split(",") if name]
    whose = person or (PERSON if PERSON in columns else None)
    asked = [*dict.fromkeys((*named, *hidden, *([whose] if whose else ())))]
    missing = [name for name in asked if name not in columns]
    if twice := [n for n in asked if max(named.count(n), hidden.count(n)) > 1]:
        message = f"got {', '.join(twice)} twice in one list, expected it once"
        raise AnonymityError(message)
    if missing or not named:
        got = ", ".join(missing) or "no quasi-identifier"
        message = f"{source}: got {got}, expected columns of {', '.join(columns)}"
        raise AnonymityError(message)
    if table is None:
        table = _archived(source, asked, since=since, until=until)
    found = made_anonymous(
        table, named, sensitive=hidden, aim=Aim(k, l_, t, suppress), person=whose
    )
    _write(found.table, target)
    click.echo(_report(found, target, as_json=as_json))


def _columns(root: Path) -> list[str]:
    """Return what the archive can tell of a decision without a customer's key.

    Raises:
        AnonymityError: it is no archive, or has nothing in it.
    """
    if files.newest_day(root) is None:
        message = f"{root}: got no day below decisions/, expected an archive folder"
        raise AnonymityError(message)
    core = [name for name in ARCHIVED if name not in SEALED | {"personal"}]
    return [*core, "fraud", *sorted(files.features(root))]


def _archived(
    root: Path,
    columns: Sequence[str],
    *,
    since: datetime | None,
    until: datetime | None,
) -> pl.DataFrame:
    """Read columns of the archive's decisions, each payment once.

    Raises:
        AnonymityError: there is none in the period.
    """
    after = until and until.replace(tzinfo=UTC) + timedelta(days=1)
    days = files.decisions(
        root,
        [name for name in columns if name in ARCHIVED],
        features=[n for n in columns if n not in ARCHIVED and n != "fraud"],
        since=since and since.replace(tzinfo=UTC),
        until=after,
    )
    frames = [day.select(columns) for day in days]
    if not any(frame.height for frame in frames):
        message = f"{root}: no decision in this period"
        raise AnonymityError(message)
    return pl.concat(frames)


def _read(file: Path) -> pl.DataFrame:
    with reading(file):
        return scan(file, try_parse_dates=True).collect()


def _refuse_target(target: Path, source: Path) -> None:
    """Refuse, before any work, a target that would overwrite the source.

    Raises:
        AnonymityError: it is the source by another name, is in it, or has no folder.
    """
    if target.resolve().is_relative_to(source.resolve()) or (
        target.exists() and target.samefile(source)
    ):
        where = "a place outside the archive" if source.is_dir() else "another file"
        message = f"--out: got {target}, which is the source's own, expected {where}"
        raise AnonymityError(message)
    if not target.parent.is_dir():
        message = f"--out: got {target}, expected a folder {target.parent} that exists"
        raise AnonymityError(message)


def _write(table: pl.DataFrame, target: Path) -> None:
    """Write the table.

    Raises:
        AnonymityError: the file cannot be written.
    """
    try:
        if target.suffix == ".csv":
            table.write_csv(target)
        else:
            table.write_parquet(target)
    except OSError as error:
        message = f"{target}: cannot be written: {error.strerror or error}"
        raise AnonymityError(message) from error


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
