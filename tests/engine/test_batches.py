"""Batches and the repeats in them."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.engine.batches import Batch, Reached, Run, fresh, origin_header
from app.engine.consumer import groups
from app.engine.engine import Outbox
from tests.engine.fetched import Fetched


def made_from(
    offset: int, *, partition: int = 0, topic: str = "raw", at: int = 1
) -> Fetched:
    origin = Fetched(offset, topic=topic, partition=partition, timestamp=at)
    return Fetched(headers=(origin_header(origin),))


def test_a_record_whose_origin_was_seen_is_a_repeat() -> None:
    seen: dict[tuple[str, int], Reached] = {}

    first = fresh([made_from(1), made_from(2), made_from(1)], seen)
    again = fresh([made_from(1), made_from(2), made_from(3)], seen)

    assert [len(first), len(again)] == [2, 1]
    assert seen == {("made-from:raw", 0): (3, 1)}


def test_origins_of_other_partitions_and_topics_do_not_hide_each_other() -> None:
    seen: dict[tuple[str, int], Reached] = {}
    records = [made_from(9), made_from(1, partition=1), made_from(1, topic="labels")]

    assert fresh(records, seen) == records


def test_what_went_to_all_partitions_does_not_hide_what_went_to_one() -> None:
    origin = Fetched(5, topic="raw")
    sent: list[Fetched] = []

    def send(*what: Any) -> None:
        sent.append(Fetched(value=what[-3], headers=tuple(what[-1])))

    publisher: Any = SimpleNamespace(send=send, broadcast=send)
    seen: dict[tuple[str, int], Reached] = {}
    for _ in range(2):  # the second time as a successor does
        outbox = Outbox(publisher)
        outbox.send("activity", b"k", b"to one", origin)
        outbox.broadcast("activity", b"to all", origin)

    assert [record.value for record in fresh(sent, seen)] == [b"to one", b"to all"]
    assert seen.keys() == {("made-from:raw", 0), ("made-from:raw:all", 0)}


def test_a_repeat_is_one_though_an_earlier_record_s_clock_was_ahead() -> None:
    seen: dict[tuple[str, int], Reached] = {}
    records = [made_from(1, at=50), made_from(2, at=40)]
    fresh(records, seen)

    assert fresh(records, seen) == []


def test_a_log_that_began_anew_is_fresh_from_its_first_record() -> None:
    seen: dict[tuple[str, int], Reached] = {}
    fresh([made_from(900, at=10)], seen)
    anew = [made_from(0, at=20), made_from(1, at=20), made_from(2, at=21)]

    assert fresh(anew, seen) == anew
    assert fresh(anew, seen) == []


@pytest.mark.parametrize(
    "header",
    [
        ("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("x", b"a value of 20 bytes."),
        ("made-from:raw", b""),
        ("made-from:raw", b"short"),
        ("made-from:raw", None),
        ("", None),
    ],
)
def test_a_foreign_header_is_no_origin(header: tuple[str, bytes | None]) -> None:
    records = [Fetched(headers=(header,)), Fetched(headers=(header,))]
    seen: dict[tuple[str, int], Reached] = {}

    assert fresh(records, seen) == records
    assert seen == {}


def test_a_record_without_an_origin_is_always_fresh() -> None:
    assert len(fresh([Fetched(), Fetched()], {})) == 2


def test_a_run_ends_after_its_last_record() -> None:
    assert Run(0, [Fetched(offset=4), Fetched(offset=7)]).next_offset == 8


def test_a_batch_holds_the_records_of_all_its_runs() -> None:
    first, second = Fetched(offset=4), Fetched(offset=9, partition=1)

    batch = Batch("raw", [Run(0, [first]), Run(1, [second])], epoch=1)

    assert batch.records == [first, second]


def test_runs_are_put_together_up_to_1000_records() -> None:
    runs = [Run(number, [Fetched()] * size) for number, size in enumerate((400,) * 6)]

    sizes = [sum(len(run.records) for run in group) for group in groups(runs)]

    assert sizes == [800, 800, 800]
    assert list(groups([])) == []


def test_a_run_that_is_full_travels_alone() -> None:
    runs = [Run(0, [Fetched()] * 1_000), Run(1, [Fetched()])]

    assert list(groups(runs)) == [[runs[0]], [runs[1]]]
