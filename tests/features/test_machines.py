"""What alarms of a cash machine say of the payments at its terminal."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.events.readings import Alarm, AlarmKind, Alarms
from app.features.catalogue import TERMINAL_FEATURES
from app.features.machines import MOST_ALARMS
from app.features.terminals import TerminalRow
from tests.features.builders import START, labelled, paid

NAMES = [each.name for each in TERMINAL_FEATURES if each.name.startswith("atm_")]
FIRST = [each.name for each in TERMINAL_FEATURES].index(NAMES[0])
UNKNOWN = [None] * 5


def an_alarm(hour: float, kind: AlarmKind = "tilt", value: float = 14.0) -> Alarm:
    return Alarm(START + timedelta(hours=hour), kind, value)


def raised(*alarms: Alarm) -> Alarms:
    return Alarms("t-1", "machine-1", list(alarms))


def told(row: TerminalRow, hour: float) -> list[float | None]:
    """Return what the machine says of a payment so many hours after the start."""
    return row.profile(paid(hour / 24))[FIRST:]


def test_a_terminal_without_alarms_says_nothing_and_stores_nothing_of_them():
    plain, quiet = TerminalRow(), TerminalRow()

    assert told(plain, 10) == UNKNOWN
    quiet.profile(paid(10 / 24))
    assert plain.encode() == quiet.encode()
    assert plain.view()["alarms"] == []


def test_a_payment_is_told_of_the_day_s_alarms_and_of_the_furthest_tilt():
    row = TerminalRow()
    row.alarm(raised(an_alarm(1, value=40.0), an_alarm(30, value=14.04)))
    row.alarm(raised(an_alarm(30.25, value=6.0), an_alarm(30.5, "vibration", 9.0)))

    assert NAMES == [
        "atm_alarms_24h",
        "atm_alarm_kinds_24h",
        "atm_seconds_since_alarm",
        "atm_tilt_degrees",
        "atm_seconds_since_tilt",
    ]
    assert told(row, 31) == [3.0, 2.0, 1_800.0, 14.0, 3_600.0]
    assert told(row, 54.4) == [1.0, 1.0, 23.9 * 3600, None, None]
    assert told(row, 80) == [0.0, 0.0, None, None, None]


def test_an_alarm_of_later_says_nothing_of_a_payment_before_it():
    row = TerminalRow()
    row.alarm(raised(an_alarm(12)))

    assert told(row, 11.9) == UNKNOWN
    assert told(row, 12)[:3] == [1.0, 1.0, 0.0]
    assert told(row, 36)[:3] == [0.0, 0.0, None]


alarms = st.lists(
    st.builds(
        an_alarm,
        st.integers(0, 96),
        st.sampled_from(["tilt", "vibration", "temperature", "door"]),
        st.floats(0, 1e5),
    ),
    min_size=1,
    max_size=40,
)


@given(found=alarms, hour=st.integers(0, 120), order=st.randoms())
def test_neither_order_nor_repeats_nor_a_restart_change_what_is_told(
    found, hour, order
):
    one, other = TerminalRow(), TerminalRow()
    for row in (one, other):
        row.profile(paid(0.5))
        row.label(labelled(paid(0.5)))
    one.alarm(raised(*found))
    for each in order.sample(found, len(found)) + found[:3]:
        other.alarm(raised(each))
        other = TerminalRow.decode(other.encode())

    assert other.encode() == one.encode()
    assert other.profile(paid(hour / 24)) == one.profile(paid(hour / 24))
    kept = one.view()["alarms"]
    assert isinstance(kept, list)
    assert 1 <= len(kept) <= MOST_ALARMS


def test_the_row_stays_small_however_often_the_machine_alarms():
    row = TerminalRow()
    row.alarm(raised(*(an_alarm(hour / 10, "door", 1.0) for hour in range(1_000))))

    assert len(row.encode()) - len(TerminalRow().encode()) == 1 + 11 * MOST_ALARMS
    assert told(row, 99.9)[0] == MOST_ALARMS
