"""What a customer's phones say of a payment, on a real globe."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.payments import Place
from app.events.readings import Fix
from app.features.catalogue import PHONE_FEATURES
from app.features.clock import HOUR, SECOND, microseconds
from app.features.customers import CustomerRow
from app.features.phones import FIXES, NOTHING, PHONES, Trail
from tests.features.builders import paid
from tests.sensors.builders import NOON, a_fix, told

AT = microseconds(NOON)
LINZ = Place(48.3069, 14.2858)  # 155 km from Vienna
MUNICH = Place(48.1351, 11.5820)  # 356 km
VIENNA_WEST = Place(48.1966, 16.3380)  # 3 km


def seen(trail: Trail, place: Place | None, seconds: float = 0.0) -> dict[str, Any]:
    names = [feature.name for feature in PHONE_FEATURES]
    found = trail.profile(place, AT + round(seconds * SECOND))
    return dict(zip(names, found, strict=True))


def a_trail(*fixes: Fix, **fields: Any) -> Trail:
    trail = Trail()
    trail.learn(told(*(fixes or [a_fix()]), **fields))
    return trail


@pytest.mark.parametrize(
    ("place", "seconds", "least", "most"),
    [
        (VIENNA_WEST, 300, 0, 30),  # the same city five minutes apart
        (VIENNA_WEST, 0, 0, 130),  # no time at all: clocks differ by a minute
        (MUNICH, 600, 1_800, 2_000),  # 356 km in ten minutes
        (MUNICH, 0, 21_000, 21_400),
        (MUNICH, 4 * 3600, 80, 90),  # by train
        (MUNICH, -600, 1_800, 2_000),  # the phone seen ten minutes later
    ],
)
def test_the_speed_needed_between_phone_and_card(
    place: Place, seconds: float, least: float, most: float
):
    found = seen(a_trail(), place, seconds)

    assert least <= found["phone_kmh"] <= most
    assert found["phone_seconds"] == seconds


def test_a_poor_fix_needs_no_speed():
    found = seen(a_trail(a_fix(accuracy_m=400_000.0)), MUNICH, 40)

    assert found["phone_kmh"] == 0.0
    assert found["phone_accuracy_m"] == 400_000.0


@pytest.mark.parametrize(
    ("phone", "card", "km"),
    [
        ((-17.0, 179.99), (-17.0, -179.99), 2.1),  # across the antimeridian
        ((89.999, 0.0), (89.999, 180.0), 0.2),  # across the pole
        ((-90.0, 10.0), (-90.0, -170.0), 0.0),  # the pole has no longitude
        ((0.0, 0.0), (0.0, 180.0), 20_015.1),  # half round
        ((48.2082, 16.3738), (48.1351, 11.5820), 355.4),
    ],
)
def test_distance_on_a_globe(
    phone: tuple[float, float], card: tuple[float, float], km: float
):
    trail = a_trail(a_fix(latitude=phone[0], longitude=phone[1]))

    assert seen(trail, Place(*card))["phone_km"] == pytest.approx(km, abs=0.15)


def test_a_fix_that_is_too_old_says_nothing():
    trail = a_trail()

    assert trail.profile(MUNICH, AT + 6 * HOUR + 1) == NOTHING
    assert trail.profile(MUNICH, AT - 6 * HOUR - 1) == NOTHING
    assert trail.profile(MUNICH, AT + 6 * HOUR)[0] is not None


def test_without_the_terminals_place_only_the_fix_is_known():
    found = seen(a_trail(), None, 40)

    assert found["phone_km"] is found["phone_kmh"] is None
    assert found["phone_seconds"] == 40
    assert found["phone_accuracy_m"] == 8.0


def test_of_several_phones_the_one_that_explains_the_payment_counts():
    trail = a_trail()
    trail.learn(told(a_fix(latitude=48.1351, longitude=11.5820), device="p-2"))

    assert seen(trail, MUNICH, 60)["phone_km"] == pytest.approx(0, abs=0.1)
    assert seen(trail, VIENNA_WEST, 60)["phone_km"] == pytest.approx(3, abs=0.2)


def test_a_clock_that_goes_ahead_makes_the_needed_speed_smaller():
    slow = seen(a_trail(), MUNICH, 0)["phone_kmh"]
    found = seen(a_trail(ahead_seconds=540.0), MUNICH, 0)

    assert found["phone_kmh"] == pytest.approx(slow / 10)
    assert found["phone_ahead_seconds"] == 540


def test_the_phones_own_impossible_travel_is_seen_for_an_hour():
    trail = a_trail(a_fix(0), a_fix(600, latitude=48.1351, longitude=11.5820))

    assert seen(trail, MUNICH, 700)["phone_own_kmh"] == pytest.approx(2_134, abs=5)
    assert seen(trail, MUNICH, 600 + 3700)["phone_own_kmh"] is None


def test_doubts_of_the_last_hour_count():
    trail = a_trail(a_fix(doubts=("mocked", "too-exact")), a_fix(60))

    assert seen(trail, MUNICH, 120)["phone_doubts"] == 2
    assert seen(trail, MUNICH, 3_650)["phone_doubts"] == 0


@given(st.permutations(range(FIXES)))
def test_late_fixes_land_in_their_own_place_in_time(order: list[int]):
    path = [a_fix(60 * (n - FIXES), latitude=48 + n / 100) for n in range(FIXES)]
    trail, late = Trail(), Trail()
    trail.learn(told(*path))
    for number in order:
        late.learn(told(path[number]))

    assert late.encode() == trail.encode()


def test_fixes_of_a_clock_that_went_ahead_take_the_place_of_no_true_one():
    trail = a_trail(*(a_fix(80_000 + n, latitude=55.7) for n in range(FIXES)))
    trail.learn(told(a_fix()))

    assert seen(trail, MUNICH, 600)["phone_km"] == pytest.approx(356, abs=2)


def test_a_trail_stays_small():
    trail = Trail()
    for phone in range(20):
        trail.learn(told(*(a_fix(n) for n in range(100)), device=f"p-{phone:02}"))

    assert len(trail.encode()) < PHONES * FIXES * 60
    assert Trail.decode(trail.encode()).encode() == trail.encode()


def test_a_row_with_phones_survives_as_bytes_and_one_without_costs_nothing():
    row, plain = CustomerRow(), CustomerRow()
    row.profile(paid(0))
    plain.profile(paid(0))
    row.fixes(told(a_fix()))

    again = CustomerRow.decode(row.encode())

    assert again.encode() == row.encode()
    assert again.view() == row.view()
    assert again.view()["phones"] == [
        {
            "device_id": "p-1",
            "place": Place(48.2082, 16.3738),
            "accuracy_m": 8.0,
            "at": NOON,
        }
    ]
    assert CustomerRow.decode(plain.encode()).view()["phones"] == []
    assert row.encode().startswith(plain.encode())


def test_without_a_phone_every_feature_of_it_is_null():
    row = CustomerRow()

    found = row.profile(paid(0))

    assert found[-len(PHONE_FEATURES) :] == NOTHING
