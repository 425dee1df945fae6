"""Money keeps the name of where it came from, through all who pass it on."""

from app.events.groups import Transfer
from app.features.clock import HOUR
from app.sketches.money import MOST_FLOWS, Accounts


def moved(*transfers: tuple[str, str, int, float]) -> Accounts:
    """Have money moved: payer, beneficiary, amount, hour."""
    accounts = Accounts()
    for payer, beneficiary, amount, hour in transfers:
        accounts.move(payer, Transfer(beneficiary, amount), round(hour * HOUR))
    return accounts


def test_who_sends_on_what_came_in_passes_money_on():
    accounts = moved(("a", "m", 100, 0), ("m", "x", 95, 3))

    assert accounts.sources("m") == ["a"]
    assert not accounts.sources("a")
    assert not accounts.sources("x")
    assert not accounts.sources("nobody")


def test_it_may_go_on_in_two_parts_and_come_from_several():
    accounts = moved(
        ("a", "m", 100, 0), ("b", "m", 100, 1), ("m", "x", 95, 3), ("m", "y", 95, 4)
    )

    assert accounts.sources("m") == ["a", "b"]


def test_who_sends_more_than_came_in_or_little_of_it_or_a_day_later_does_not():
    for amount, hour in ((300, 3), (20, 3), (95, 25)):
        assert not moved(("a", "m", 100, 0), ("m", "x", amount, hour)).sources("m")
    assert not moved(("m", "x", 95, 0), ("a", "m", 100, 1)).sources("m")


def test_money_that_goes_round_comes_back_to_where_it_came_from():
    accounts = moved(("a", "b", 100, 0), ("b", "c", 96, 1), ("c", "d", 93, 2))
    back = accounts.move("d", Transfer("a", 90), 3 * HOUR)

    assert back
    assert [accounts.sources(one) for one in "abcd"] == [["a"]] * 4


def test_what_was_scattered_is_known_where_it_is_gathered():
    scattered = [("a", f"m{n}", 100, n / 10) for n in range(4)]
    gathered = [(f"m{n}", "z", 97, 2 + n / 10) for n in range(4)]
    accounts = moved(*scattered, *gathered)

    assert {tuple(accounts.sources(f"m{n}")) for n in range(4)} == {("a",)}


def test_of_who_is_erased_no_account_remembers_money():
    accounts = moved(("a", "m", 100, 0), ("b", "m", 100, 1), ("m", "x", 95, 3))
    accounts.touched.clear()
    accounts.erase("a")

    assert list(accounts.touched) == ["a", "m", "x"]
    assert accounts.sources("m") == ["b"]
    assert "'a'" not in str([one.parts() for one in accounts.known.values()])


def test_accounts_are_bounded_and_forgotten_after_a_day():
    accounts = moved(*((f"a{n}", "m", 100, n / 100) for n in range(3 * MOST_FLOWS)))
    _, inflows, _, _ = accounts.known["m"].parts()
    accounts.forget(2 * HOUR * 24)

    assert len(inflows) == MOST_FLOWS
    assert not accounts.known
