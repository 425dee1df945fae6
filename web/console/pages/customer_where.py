"""Where a customer is: usual places, devices, phones, sessions, for those who may."""

from collections.abc import Sequence
from typing import Any

from dash import html

from app.profiles.past import Phone, Session
from app.profiles.profile import Profile
from app.profiles.whereabouts import UsedDevice, UsualPlace, Whereabouts
from web.console import marks, wording

HIDDEN = "Places, devices and sessions are shown to analysts and above."


def whereabouts(profile: Profile) -> list[html.Section]:
    """Return the panels on where somebody is, or who may see them."""
    told = profile.whereabouts
    if told is None:
        return [marks.panel("Whereabouts", html.P(HIDDEN, className="lead"))]
    phones, sessions = told.phones, _sessions(told.sessions)
    if "archive" in profile.missing:  # of payments nobody knows anything
        return [_devices([], phones), sessions] if phones else [sessions]
    return [_places(told), _devices(told.devices, phones), sessions]


def _places(told: Whereabouts) -> html.Section:
    if not (told.places or told.countries):
        none = html.P("No payment names its place.", className="lead")
        return marks.panel("Usual places", none)
    countries: list[tuple[str, Any]] = [
        (f"{one.name}, home" if one.name == told.home else one.name,
         wording.many(one.payments, "payment"))
        for one in told.countries
    ]  # fmt: skip
    return marks.panel(
        "Usual places",
        marks.facts(countries),
        html.Ul([_place(one) for one in told.places], className="rows"),
    )


def _place(one: UsualPlace) -> html.Li:
    where = wording.degrees(one.place.latitude, one.place.longitude)
    return html.Li(
        [
            html.Span(where),
            html.Span(f"{wording.count(one.payments)}, mostly {one.mostly}"),
        ]
    )


def _devices(devices: Sequence[UsedDevice], phones: Sequence[Phone]) -> html.Section:
    rows = [
        html.Li(
            [
                html.Code(wording.short(one.device_id), title=one.device_id),
                html.Span([f"{wording.many(one.payments, 'payment')}, last ",
                           marks.moment(one.last_at)]),
            ]
        )
        for one in devices
    ]  # fmt: skip
    rows += [
        html.Li(
            [
                html.Code(wording.short(one.device_id), title=one.device_id),
                html.Span(
                    [
                        f"{wording.degrees(one.place.latitude, one.place.longitude)} ",
                        f"±{one.accuracy_m:,.0f} m, ",
                        marks.moment(one.at),
                    ]
                ),
            ]
        )
        for one in phones
    ]
    none = html.P("No payment names a device, and no phone tells its place.",
                  className="lead")  # fmt: skip
    listed = html.Ul(rows, className="rows") if rows else none
    return marks.panel("Devices and phones", listed)


def _sessions(sessions: Sequence[Session]) -> html.Section:
    rows = [
        html.Li(
            [
                html.Span(marks.moment(one.started_at)),
                html.Span(_told(one)),
            ]
        )
        for one in reversed(sessions)
    ]
    none = html.P("Nothing in the app in the last day.", className="lead")
    listed = html.Ul(rows, className="rows") if rows else none
    return marks.panel("Sessions of the last day", listed)


def _told(one: Session) -> str:
    told = wording.many(one.events, "event")
    if one.events > 1:
        told += f" in {wording.span((one.ended_at - one.started_at).total_seconds())}"
    if one.failed_log_ins:
        told += f", {wording.many(one.failed_log_ins, 'failed log-in')}"
    return told
