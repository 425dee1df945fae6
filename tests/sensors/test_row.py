"""A device's row: repeats within the horizon, and what of its fixes is news."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.events.readings import Fix, Fixes, PushedReading, Readings
from app.readings import news
from app.sensors.messages import readings
from app.sensors.row import SESSIONS, WINDOW, DeviceRow
from tests.sensors.builders import NOON, a_fix, a_location, a_message

SESSION = b"12345678"


def learnt(
    row: DeviceRow, fixes: list[Fix], *, received_at: datetime = NOON
) -> list[Fix]:
    """Have a row learn fixes; return those that are news."""
    located = row.learn(fixes, received_at=received_at)
    return row.news(located, received_at=received_at)


@given(st.lists(st.integers(0, WINDOW - 1), max_size=60))
def test_each_message_counts_once_in_whatever_order_they_come(numbers: list[int]):
    row = DeviceRow()

    new = [number for number in numbers if not row.repeated(SESSION, number)]

    assert new == list(dict.fromkeys(numbers))
    assert row.repeats == len(numbers) - len(new)


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=60))
def test_a_row_that_was_stored_knows_the_same(numbers: list[int]):
    row = DeviceRow()
    for number in numbers:
        row.repeated(SESSION, number)
    learnt(row, [a_fix(1), a_fix(2, latitude=49.0)])

    again = DeviceRow.decode(row.encode())

    assert again.encode() == row.encode()
    assert again.repeated(SESSION, max(numbers))


def test_a_message_beyond_the_horizon_counts_as_new():
    row = DeviceRow()
    row.repeated(SESSION, 1)
    row.repeated(SESSION, 1 + WINDOW)

    assert not row.repeated(SESSION, 1)


def test_the_same_number_of_another_session_is_another_message():
    row = DeviceRow()
    row.repeated(SESSION, 1)

    assert not row.repeated(b"87654321", 1)


def test_of_many_sessions_the_oldest_are_forgotten():
    row = DeviceRow()
    for number in range(SESSIONS + 1):
        row.repeated(number.to_bytes(8), 1)

    assert row.repeated((1).to_bytes(8), 1)
    assert not row.repeated((0).to_bytes(8), 1)
    assert len(row.encode()) < 2_000


def test_a_phone_that_lies_still_is_told_of_once_in_five_minutes():
    row = DeviceRow()

    found = learnt(row, [a_fix(second, speed_mps=0.0) for second in range(601)])

    assert [fix.occurred_at.minute for fix in found] == [0, 5, 10]


def test_moving_turning_stopping_and_a_doubt_are_news():
    row = DeviceRow()
    first = a_fix(0, speed_mps=10.0, bearing_degrees=10.0)
    moved = a_fix(20, latitude=48.2102, speed_mps=10.0, bearing_degrees=10.0)
    crept = a_fix(23, latitude=48.2105, speed_mps=10.0, bearing_degrees=10.0)
    turned = a_fix(26, latitude=48.2107, speed_mps=10.0, bearing_degrees=300.0)
    stopped = a_fix(30, latitude=48.2107, speed_mps=0.0)
    mocked = a_fix(31, latitude=48.2107, speed_mps=0.0, doubts=("mocked",))

    assert learnt(row, [first, moved, crept, turned, stopped, mocked]) == [
        first,
        moved,
        turned,
        stopped,
        mocked,
    ]


def test_a_cached_fix_of_the_past_is_no_news():
    row = DeviceRow()
    learnt(row, [a_fix(10)])

    assert learnt(row, [a_fix(-108, latitude=48.0)]) == []


def test_a_fix_of_a_clock_that_went_ahead_hides_none_of_the_true_ones():
    row = DeviceRow()
    learnt(row, [a_fix(23 * 3600, latitude=55.7)])
    true = [a_fix(n * 60, latitude=48.2 + n / 100) for n in range(60)]

    found = [
        fresh
        for n, fix in enumerate(true)
        for fresh in learnt(row, [fix], received_at=NOON + timedelta(minutes=n))
    ]

    assert found == true
    assert row.view()["last_fix"] == true[-1]


def test_a_clock_that_always_goes_ahead_is_no_reason_to_tell_every_fix():
    row = DeviceRow()
    still = [a_fix(7200 + second, speed_mps=0.0) for second in range(601)]

    found = [fresh for fix in still for fresh in learnt(row, [fix])]

    assert [fix.occurred_at.minute for fix in found] == [0, 5, 10]


def test_a_phone_that_jumps_is_teleported_and_one_that_flies_is_not():
    flight = [a_fix(0), a_fix(3600, latitude=55.7)]  # Vienna to Copenhagen: 840 km
    jump = [a_fix(0), a_fix(600, latitude=55.7)]

    assert learnt(DeviceRow(), flight)[-1].doubts == ()
    assert learnt(DeviceRow(), jump)[-1].doubts == ("teleported",)


def test_the_map_is_told_of_a_jump_as_the_customers_log_is():
    row = DeviceRow()

    def told(*payload: PushedReading) -> tuple[Fixes | None, list[Fix]]:
        found = readings(a_message(*payload), received_at=NOON)
        return news(Readings("p-1", NOON, found, "c-1"), row)

    told(a_location(0))
    reported, seen = told(a_location(60, latitude=55.7))

    assert reported is not None
    assert reported.fixes == seen
    assert seen[0].doubts == ("teleported",)
