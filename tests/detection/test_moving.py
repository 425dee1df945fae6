"""Moving together: groups are held against who took part, within a day of it."""

from app.detection.moving import Part, Watcher, moving
from app.features.clock import DAY, microseconds
from tests.sketches.doings import NOON, cycle, farm, sent

AT = microseconds(NOON)


def watched(*events: object) -> Watcher:
    watcher = Watcher()
    for event in events:
        watcher.learn(event)  # type: ignore[arg-type]
    return watcher


def test_gangs_are_counted_by_who_took_part_and_who_was_found():
    watcher = watched(*farm(5), *(sent(f"c-{n}", "A1", 90 + n) for n in range(3)))
    parts = [Part("bot-farm", f"bot-{n}", AT) for n in range(6)]
    parts += [Part("mule-ring", "m-1", AT), Part("card-testing", "c-1", AT)]
    told = moving(watcher.alerts.values(), parts, since=AT - DAY)
    gangs = {one.scenario: one for one in told.gangs}

    assert (gangs["bot-farm"].members, gangs["bot-farm"].found) == (6, 5)
    assert gangs["bot-farm"].recall == 5 / 6
    assert gangs["mule-ring"].recall == gangs["fan-in"].recall == 0
    assert (told.groups, told.mistaken, told.right, told.wrong) == (2, 1, 5, 3)
    assert told.precision == 5 / 8


def test_what_was_before_or_long_ago_does_not_count():
    watcher = watched(*cycle(4))
    early = moving(watcher.alerts.values(), [], since=AT + DAY)
    late = moving(
        watcher.alerts.values(),
        [Part("money-cycle", "k-1", AT + 3 * DAY)],
        since=AT - DAY,
    )

    assert (early.groups, early.precision) == (0, 0)
    assert (late.right, late.wrong, late.mistaken) == (0, 4, 1)
