"""Health: work that does not move, told apart from no work and from slow work."""

from web.health import Progress

TP = ("transactions", 0)


def stuck(*looks: tuple[float, int, int]) -> list[tuple[str, int]]:
    """Look at moments, with the offset done and the log's end; return the last."""
    now = 0.0
    progress = Progress(clock=lambda: now)
    found: list[tuple[str, int]] = []
    for now, done, end in looks:  # noqa: B007 - the clock reads it
        found = progress.look({TP: done}, {TP: end})
    return found


def test_work_that_does_not_move_for_30_seconds_is_stuck():
    assert stuck((0, 5, 9), (31, 5, 9)) == [TP]


def test_work_that_has_waited_for_less_is_not_stuck():
    assert not stuck((0, 5, 9), (30, 5, 9))


def test_slow_work_is_not_stuck():
    assert not stuck((0, 5, 9), (25, 6, 9), (50, 7, 9))


def test_no_work_is_not_stuck_however_long():
    assert not stuck((0, 9, 9), (100, 9, 9))


def test_the_time_counts_from_when_there_was_work():
    assert not stuck((0, 9, 9), (100, 9, 10), (125, 9, 10))
    assert stuck((0, 9, 9), (100, 9, 10), (131, 9, 10)) == [TP]


def test_a_partition_that_went_to_another_worker_is_forgotten():
    now = 0.0
    progress = Progress(clock=lambda: now)
    progress.look({TP: 5}, {TP: 9})
    now = 20.0
    progress.look({}, {})

    now = 40.0

    assert not progress.look({TP: 5}, {TP: 9})
