"""Profile: put together of decisions and state, and cut down for those who see less."""

from typing import Any

from app.events.payments import Place
from app.features.customers import mark_of
from app.profiles.past import AppUse, Known, KnownFraud, Lifetime, Phone, Session
from app.profiles.profile import Profile, profile_of, without_whereabouts
from app.profiles.whereabouts import UsedDevice, UsualPlace
from tests.profiles.builders import MONDAY, paid

VIENNA = Place(48.2, 16.37)
SESSION = Session(MONDAY, MONDAY, 3, 1)


def known(**fields: Any) -> Known:
    usual: dict[str, Any] = {
        "lifetime": Lifetime(40, 2),
        "frauds": [KnownFraud(MONDAY, 9_000, mark_of("tx-2"))],
        "phones": [Phone("phone-1", VIENNA, 10.0, MONDAY)],
        "app": AppUse(MONDAY, 3, {"devices": 1}, [SESSION]),
    }
    return Known(**(usual | fields))


def travelled() -> Profile:
    countries = ["AT"] * 6 + ["DE", "FR"]
    payments = [
        paid(n, country=c, place=VIENNA, device_id="d-1")
        for n, c in enumerate(countries)
    ]
    return profile_of("c-1", payments, known(frauds=[]))


def test_nothing_known_is_an_empty_profile():
    found = profile_of("c-1", [], None)

    assert (found.as_of, found.payments, found.segments) == (None, 0, [])
    assert (found.habits, found.services, found.risk.scored) == (None, [], [])


def test_the_order_of_decisions_does_not_matter():
    payments = [paid(n, outcome="review" if n == 3 else "approve") for n in range(9)]

    assert profile_of("c", payments, None) == profile_of("c", payments[::-1], None)


def test_what_was_declined_or_is_fraud_was_not_spent_by_the_customer():
    payments = [paid(1, 100), paid(2, 9_000), paid(3, 7_000, outcome="decline")]
    found = profile_of("c-1", payments, known())

    assert found.habits is not None
    assert (found.habits.payments, found.habits.highest) == (1, 100)
    assert found.as_of == paid(3).at


def test_the_risk_has_each_payment_its_outcome_and_what_it_turned_out_to_be():
    payments = [paid(1), paid(2, 9_000, outcome="review"), paid(3, outcome="decline")]
    risk = profile_of("c-1", payments, known()).risk

    told = [(one.id, one.score, one.outcome, one.fraud) for one in risk.scored]
    assert told == [
        ("tx-1", 3.0, "approve", False),
        ("tx-2", 50.0, "review", True),
        ("tx-3", 90.0, "decline", False),
    ]
    assert risk.scored[1].reason == "9, the limit is 1"
    assert risk.outcomes == {"approve": 1, "review": 1, "decline": 1}
    assert [(one.name, one.payments) for one in risk.rules] == [("large-amount", 2)]


def test_whereabouts_are_places_devices_phones_and_sessions():
    where = travelled().whereabouts

    assert where is not None
    assert where.home == "AT"
    assert where.places == [UsualPlace(VIENNA, 8, paid(7).at, "morning")]
    assert where.devices == [UsedDevice("d-1", 8, MONDAY, paid(7).at)]
    assert [one.device_id for one in where.phones] == ["phone-1"]
    assert where.sessions == [SESSION]


def test_who_may_not_see_places_sees_nothing_that_was_made_of_them():
    whole = travelled()
    seen = without_whereabouts(whole)

    assert {one.name for one in whole.segments} == {"traveller"}
    assert {one.kind for one in whole.services} == {"travel-notice"}
    assert (seen.segments, seen.services, seen.whereabouts) == ([], [], None)
    assert seen.app == AppUse(MONDAY, 3, {"devices": 1})
    assert (seen.habits, seen.risk) == (whole.habits, whole.risk)


def test_who_was_never_in_the_app_has_no_app():
    assert without_whereabouts(profile_of("c-1", [paid(1)], None)).app is None
