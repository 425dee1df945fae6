"""Data quality: what comes twice, late, unevenly or unfit, and what is done."""

from collections.abc import Sequence
from typing import Any

from dash import html

from app.events.quality import Load
from web.console import links, marks, wording
from web.console.client import Client
from web.quality import Late, Order, Quality, Repeats, Skew, Source

PATH = "/ui/quality"

MINUTE, HOUR, DAY = 60, 3_600, 86_400
LOGS = {
    "customer-activity": "the customers' log",
    "terminal-activity": "the terminals' log",
    "readings": "the devices' log",
}
DONE = {
    "repeats": "One id, one decision: a sender's repeat is told by the customer's row, "
    "a worker's own after a crash by the record that it was made from.",
    "order": "A late payment is judged by the windows of its own time, and counts in "
    "those of later payments. Behind 31 days only what is left of them can say "
    "something; nothing is thrown away.",
    "skew": "A customer is one worker's, so that a row has one writer. A partition "
    "that falls behind waits in Kafka and holds up no other; more workers take whole "
    "partitions, and a hot customer stays on one.",
    "sources": "What does not fit is a dead letter with its field, what was got and "
    "what is expected, and can be sent again from there.",
}


def layout(client: Client) -> html.Div:
    """Return the page as it is now."""
    parts = [
        marks.panel(title, html.Div(part, id=f"quality-{name}"),
                    html.P(DONE[name], className="legend"))
        for (name, part), title in zip(
            _parts(client.quality()).items(),
            ("Duplicates", "Order of arrival", "Load of partitions", "Bad input"),
            strict=True,
        )
    ]  # fmt: skip
    return html.Div(
        [
            html.H1("Data quality"),
            html.P(_since(client.quality()), className="lead", id="quality-since"),
            html.Div(parts, className="panels"),
        ],
        className="quality",
    )


def shown(client: Client) -> dict[str, dict[str, Any]]:
    """Return what changes on the page as records come."""
    now = client.quality()
    told = {f"quality-{name}": {"children": part} for name, part in _parts(now).items()}
    return {"quality-since": {"children": _since(now)}} | told


def _since(now: Quality) -> str:
    if not now.workers:
        return (
            "No worker that decides has been heard: start one with smartbank worker, "
            "and its figures are here within a second."
        )
    workers = ", ".join(now.workers)
    return f"Counted since they started by the workers that decide: {workers}."


def _parts(now: Quality) -> dict[str, Any]:
    return {
        "repeats": _repeats(now.repeats),
        "order": _order(now.order),
        "skew": _skew(now.skew),
        "sources": _sources(now.sources),
    }


def share(part: int, whole: int) -> str:
    """Write a share; what is there and is small is not 0 %.

    >>> share(1, 4), share(0, 4), share(1, 9_000_000), share(0, 0)
    ('25 %', '0 %', '< 0.1 %', '—')
    """
    if not whole:
        return wording.MISSING
    few = 0 < part < whole / 1_000
    return "< 0.1 %" if few else wording.share(part / whole)


def _repeats(told: Repeats) -> html.Div:
    rows = [
        _row("Payments, by id", told.payments, told.payments_dropped),
        _row("App events, by id", told.app_events, told.app_events_dropped),
    ]
    for topic, dropped in sorted(told.by_origin.items()):
        name = f"By origin, {LOGS.get(topic, topic)}"
        cells = ("", wording.count(dropped), "")
        rows.append(_cells(name, *cells))
    return _table("What", rows, "Came", "Dropped", "Share")


def _sources(told: Sequence[Source]) -> Any:
    if not told:
        return html.P("Nothing has been sent yet.", className="lead")
    rows = [_row(html.Code(one.topic), one.taken, one.refused) for one in told]
    return _table("Topic", rows, "Sent", "Refused", "Share")


def _row(name: Any, whole: int, part: int) -> html.Tr:
    return _cells(name, wording.count(whole), wording.count(part), share(part, whole))


def _cells(name: Any, *cells: str) -> html.Tr:
    numbers = [html.Td(cell, className="number") for cell in cells]
    return html.Tr([html.Th(name, scope="row"), *numbers])


def _table(first: str, rows: list[html.Tr], *heads: str) -> html.Div:
    named: list[str | tuple[str, str]] = [first]
    named += [(head, "number") for head in heads]
    return html.Div(marks.table(named, rows), className="scroll", tabIndex=0)


def _order(told: Order) -> html.Div:
    whole = told.in_order + sum(one.payments for one in told.late)
    bars = [("In order", told.in_order)]
    bars += [(behind(one), one.payments) for one in told.late]
    found: list[Any] = [_bars([(name, n, whole, "") for name, n in bars])]
    if told.app_events_too_late:
        words = (
            f"{wording.count(told.app_events_too_late)} app events came more than a "
            "day behind their customer's newest and changed nothing."
        )
        found.append(html.P(words, className="hint"))
    return html.Div(found)


def behind(late: Late) -> str:
    """Say how far payments are behind.

    >>> behind(Late(60, 1)), behind(Late(86_400, 1)), behind(Late(None, 1))
    ('up to 1 min', 'up to 1 day', 'too late')
    """
    if late.up_to is None:
        return "too late"
    for length, word in ((DAY, "day"), (HOUR, "h"), (MINUTE, "min"), (1, "s")):
        if late.up_to >= length:
            number = late.up_to // length
            plural = "s" if word == "day" and number > 1 else ""
            return f"up to {number} {word}{plural}"
    return "up to 0 s"


def _skew(told: Skew) -> Any:
    if told.fullest_to_mean is None:
        return html.P("Nothing has come yet.", className="lead")
    most = max(load.records for load in told.partitions)
    bars = [
        (f"Partition {load.partition}", load.records, most, _hottest(load))
        for load in told.partitions
    ]
    words = f"The fullest has {told.fullest_to_mean:.2f} times the mean."
    return html.Div([_bars(bars), html.P(words, className="hint")])


def _hottest(load: Load) -> Any:
    """Name the most frequent key of a partition, and how much of it that is."""
    if not load.hot:
        return ""
    hot = load.hot[0]
    part = share(hot.records, load.records)
    link = html.A(
        html.Code(wording.short(hot.key)),
        href=links.customer(hot.key),
        title=hot.key,
    )
    sure = "" if not hot.unsure else "at least "
    return html.Span([link, f" {sure}{part}"])


def _bars(rows: Sequence[tuple[str, int, int, Any]]) -> html.Ol:
    """Draw counts as bars: a name, a count, what fills the track, and more words."""
    items = []
    for name, count, whole, more in rows:
        width = 100 * count / whole if whole else 0
        track = html.Span(html.Span(style={"width": f"{width:.1f}%"}),
                          className="track")  # fmt: skip
        number = html.Span(wording.count(count), className="number")
        told = more or html.Span(share(count, whole))
        items.append(html.Li([html.Span(name), track, number, told]))
    return html.Ol(items, className="counts")
