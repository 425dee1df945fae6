"""Compare ways of reporting on a phone's recording: messages against location error."""

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
import plotly.graph_objects as go
from rich.console import Console
from rich.table import Table

from app.errors import ColumnMapError
from app.events.readings import Fix
from app.sensors.fixes import fixes
from app.sensors.messages import MOST_READINGS, readings
from app.sensors.tradeoff import Outcome, compare
from app.sources.recordings import Recording, read


@click.command()
@click.argument("recording", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write a page with it.")
def reporting(*, recording: Path, as_json: bool, plot: Path | None) -> None:
    """Say how many of RECORDING's fixes each way sends, and how wrong it is then."""
    found = compare(located(read(recording), recording.name))
    if plot:
        drawn(found, recording.name).write_html(plot, include_plotlyjs=True)
    if as_json:
        for one in found:
            click.echo(msgspec.json.encode(one).decode())
        return
    table = Table("way", "sent", "share", "mean error", "95 %", "most")
    for one in found:
        errors = (f"{metres:.0f} m" for metres in (one.mean_m, one.p95_m, one.most_m))
        table.add_row(one.how, str(one.sent), f"{one.sent / one.of:.1%}", *errors)
    Console().print(table)


def located(recording: Recording, name: str) -> list[Fix]:
    """Return the fixes of a recording of whatever length, from its start on.

    Raises:
        ColumnMapError: there is none.
    """
    rows = [dict(row) for row in recording.rows]
    live = [row for row in rows if float(row.get("seconds_elapsed") or 0) >= 0]
    now = datetime.now(UTC)
    found = []
    for start in range(0, len(live), MOST_READINGS):
        part = live[start : start + MOST_READINGS]
        found += fixes(readings(part, received_at=now))
    if not found:
        message = f"{name}: got no location, expected a sensor Location with places"
        raise ColumnMapError(message)
    return found


def drawn(found: list[Outcome], title: str) -> go.Figure:
    """Draw share sent against the largest error, clock beside event."""
    figure = go.Figure()
    for name, start, side in (
        ("by the clock", "every ", "top right"),
        ("by event", "by event, moved ", "bottom left"),
    ):
        mine = [one for one in found if one.how.startswith(start) and one.sent < one.of]
        figure.add_scatter(
            x=[one.sent / one.of for one in mine],
            y=[one.most_m for one in mine],
            text=[one.how.removeprefix(start) for one in mine],
            mode="lines+markers+text",
            textposition=side,
            name=name,
        )
    figure.update_layout(title=title, template="plotly_white")
    figure.update_xaxes(
        title="share of fixes sent", tickformat=".0%", rangemode="tozero"
    )
    figure.update_yaxes(title="largest location error, m", rangemode="tozero")
    return figure
