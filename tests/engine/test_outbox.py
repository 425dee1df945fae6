"""The outbox: what Kafka would not take stops nobody."""

from typing import Any, cast

import pytest

from app.engine.batches import origin_header
from app.engine.engine import LARGEST_LETTER, LARGEST_OUTPUT, Outbox, cut
from app.engine.publisher import BATCH_BYTES, Publisher
from app.topics import TOPICS
from tests.engine.fetched import Fetched


class Sent:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.records: list[tuple[str, Any, Any, Any]] = []

    def send(self, topic: str, key: Any, value: Any, _: int, headers: Any) -> None:
        self.records.append((topic, key, value, headers))


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def out(sent: Sent) -> Outbox:
    return Outbox(cast("Publisher", sent))


def test_what_no_topic_takes_is_a_dead_letter_of_the_record_it_was_made_from(
    sent: Sent, out: Outbox
):
    record = Fetched(3, topic="sensor-readings", key=b"p-1", value=b"{}")

    out.send("readings", b"p-1", b"x" * (LARGEST_OUTPUT + 1), record)

    assert out.rejected == 1
    ((topic, key, value, headers),) = sent.records
    assert (topic, key, value) == ("dead-letters", b"p-1", b"{}")
    assert dict(headers)["error"] == (
        b"15728641 bytes would go to readings: at most 15728640 are taken"
    )
    assert headers[-1] == origin_header(record)


def test_what_every_topic_takes_goes_out(sent: Sent, out: Outbox):
    value = b"x" * LARGEST_OUTPUT

    out.send("readings", b"p-1", value, Fetched(3))
    out.send("group-alerts", b"g-1", None, Fetched(4))

    assert out.rejected == 0
    assert [one[:3] for one in sent.records] == [
        ("readings", b"p-1", value),
        ("group-alerts", b"g-1", None),
    ]


def test_a_batch_that_the_largest_output_ends_is_one_that_every_topic_takes():
    takes = {int(topic.config["max.message.bytes"]) for topic in TOPICS}

    assert min(takes) - (BATCH_BYTES + LARGEST_OUTPUT) > 256 * 1024


def test_a_dead_letter_is_cut_and_says_how_long_it_was():
    long = b"x" * (LARGEST_LETTER + 5)

    assert cut(b"key", long) == (
        b"key",
        long[:LARGEST_LETTER],
        [("cut", b"7340037")],
    )
    assert cut(None, b"short") == (None, b"short", [])
