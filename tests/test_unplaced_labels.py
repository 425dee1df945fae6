"""Labels without their payment are counted; terminals learn them all the same."""

from types import SimpleNamespace
from typing import Any, cast

import msgspec

from agents.customers import profile
from app.engine.engine import Outbox
from app.engine.publisher import Publisher
from app.engine.tables import Partition
from app.features.customers import CustomerRow
from app.main import counters
from tests.features.builders import labelled, paid


class Sent:
    """Keeps the topics of what a stage publishes."""

    def __init__(self) -> None:
        self.topics: list[str] = []

    def send(self, topic: str, *_: Any) -> None:
        self.topics.append(topic)


def test_only_a_label_without_its_payment_is_counted_and_all_go_on():
    payment = paid(1)
    events = [labelled(payment), payment, labelled(payment)]
    records = [
        SimpleNamespace(
            topic="customer-activity",
            partition=0,
            offset=offset,
            timestamp=1,
            key=b"c-1",
            value=msgspec.json.encode(event),
            headers=[],
        )
        for offset, event in enumerate(events)
    ]
    sent, before = Sent(), counters.unplaced_labels
    out = Outbox(cast("Publisher", sent))

    profile(cast("Any", records), out, {0: Partition(CustomerRow)})

    assert counters.unplaced_labels - before == 1
    assert sent.topics == ["terminal-activity"] * 3
