"""Consumer: what is fetched while partitions change hands is nobody's."""

from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from app.engine.consumer import BatchConsumer
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
