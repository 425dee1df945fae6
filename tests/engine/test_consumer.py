"""Consumer: what is fetched while partitions change hands is nobody's."""

from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from app.engine.consumer import BatchConsumer, BatchConsumerThread
from app.engine.errors import LogWentBack
from tests.engine.fetched import Fetched

EVENTS = TP("events", 0)


class Consumer(BatchConsumer):
    """A consumer that fetches one record, which was read before."""

    flow_active = True

    def __init__(self, *, rebalances: bool) -> None:
        engine = SimpleNamespace(epoch=1, sought=True, positions={EVENTS: 5})
        monitor = SimpleNamespace(track_tp_end_offset=lambda *_: None)
        self.app = SimpleNamespace(engine=engine, monitor=monitor)
        self._rebalances = rebalances

    def _get_active_partitions(self) -> set[TP]:
        return {EVENTS}

    def highwater(self, _: TP) -> int:
        return 6

    async def _getmany(self, **_: Any) -> dict[TP, list[Fetched]]:
        if self._rebalances:  # a new assignment begins at what was committed
            self.app.engine.epoch += 1
        return {EVENTS: [Fetched(0)]}


async def test_what_is_fetched_while_partitions_change_hands_is_left_alone():
    consumer = Consumer(rebalances=True)

    assert [one async for one in consumer.getmany(1.0)] == []


async def test_a_log_that_gives_again_what_was_read_is_told():
    consumer = Consumer(rebalances=False)

    with pytest.raises(LogWentBack, match="events, partition 0, gave offset 0 again"):
        [one async for one in consumer.getmany(1.0)]


class Thread(BatchConsumerThread):
    """A consumer thread whose partition has so many records, of which so many read."""

    def __init__(self) -> None:
        self._behind = {}
        self.tp_stream_timeout_secs = 300.0
        self.end: int | None = 0
        self.positions = {EVENTS: 0}
        engine = SimpleNamespace(positions=self.positions)
        self.consumer = SimpleNamespace(app=SimpleNamespace(engine=engine))

    def highwater(self, _: TP) -> Any:
        return self.end

    def _verify_aiokafka_event_path(self, *_: Any) -> bool:
        return False


@pytest.fixture
def complaints(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When Faust was let to complain."""
    told: list[float] = []
    monkeypatch.setattr(
        driver.AIOKafkaConsumerThread,
        "verify_event_path",
        lambda _, now, __: told.append(now),
    )
    return told


def test_a_first_record_after_a_quiet_hour_is_no_hang(complaints: list[float]):
    thread = Thread()

    thread.verify_event_path(0.0, EVENTS)
    thread.end = 1
    thread.verify_event_path(3_600.0, EVENTS)
    thread.positions[EVENTS] = 1
    thread.verify_event_path(3_602.5, EVENTS)
    thread.end = 2
    thread.verify_event_path(7_200.0, EVENTS)

    assert complaints == []


@pytest.mark.parametrize("end", [1, None])
def test_a_record_that_waits_for_five_minutes_is_a_hang(
    end: int | None, complaints: list[float]
):
    thread = Thread()

    thread.end = end
    for now in (100.0, 102.5, 399.0, 400.0, 402.5):
        thread.verify_event_path(now, EVENTS)

    assert complaints == [400.0, 402.5]
