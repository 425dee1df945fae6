"""Completion: labels that name only their transaction, with a Mongo."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from agents.sinks.completion import Completion
from app.archive import Archive
from app.events.labels import Label, TransactionLabel
from app.local.server import Server
from app.settings import Settings
from tests.scoring.builders import NOON
from tests.sinks.decided import a_decided


class Raw:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.labels: list[Label] = []

    async def publish(self, labels: Sequence[Label]) -> None:
        self.labels += labels


@pytest.fixture
async def archive(mongo: Server) -> AsyncIterator[Archive]:
    settings = Settings(mongo=mongo.address, database=f"labels-{uuid4().hex[:8]}")
    archive = Archive(settings)
    yield archive
    await archive.close()


def a_label(identity: str, *, hours: int = 1, fraud: bool = True) -> TransactionLabel:
    at = NOON + timedelta(hours=hours)
    return TransactionLabel(identity, at, fraud, author="ann")


async def test_a_label_finds_its_payment_s_customer_terminal_and_time(
    archive: Archive,
) -> None:
    one = a_decided("tx-1")
    await archive.write([one])
    raw = Raw()

    await Completion(archive, raw.publish).write([a_label("tx-1")])

    (label,) = raw.labels
    payment = one.decision.payment
    assert label.customer_id == payment.customer_id
    assert label.terminal_id == payment.terminal_id
    assert label.occurred_at == payment.occurred_at
    assert (label.fraud, label.kind, label.author) == (True, "verdict", "ann")


async def test_a_label_of_an_unknown_payment_waits_for_it(archive: Archive) -> None:
    raw = Raw()
    completion = Completion(archive, raw.publish)
    await completion.write([a_label("tx-1"), a_label("tx-1"), a_label("tx-2")])
    waiting = await archive.aside(10)
    await archive.write([a_decided("tx-1")])

    await completion.write(waiting)

    assert sorted(one.transaction_id for one in waiting) == ["tx-1", "tx-2"]
    assert [one.transaction_id for one in raw.labels] == ["tx-1"]
    assert [one.transaction_id for one in await archive.aside(10)] == ["tx-2"]


async def test_a_later_word_on_a_payment_comes_after_the_earlier_one(
    archive: Archive,
) -> None:
    await archive.write([a_decided("tx-1")])
    raw = Raw()
    words = [a_label("tx-1", hours=9, fraud=False), a_label("tx-1", hours=2)]

    await Completion(archive, raw.publish).write(words)

    assert [label.fraud for label in raw.labels] == [True, False]


async def test_those_looked_at_longest_ago_are_looked_at_first(
    archive: Archive,
) -> None:
    for hour, identity in enumerate(("tx-1", "tx-2", "tx-1")):
        at = NOON + timedelta(hours=hour)
        await archive.set_aside([a_label(identity)], looked_at=at)

    assert [one.transaction_id for one in await archive.aside(1)] == ["tx-2"]
