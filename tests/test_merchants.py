"""Merchants over several partitions: each knows the same, whatever is killed."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple, cast

import msgspec
import pytest

from agents.terminals import PROFILED, decide
from app.engine.batches import Origin, Reached, fresh
from app.engine.changelog import Reading
from app.engine.engine import Outbox
from app.engine.partitioner import partition_for
from app.engine.publisher import Publisher
from app.engine.tables import Partition
from app.events.decisions import Decision
from app.events.labels import Label
from app.events.merchants import MerchantsPaid
from app.events.payments import ProfiledPayment
from app.features.catalogue import MERCHANT_FEATURES
from app.features.clock import DAY, LABEL_DELAY, microseconds
from app.features.telling import MERCHANT, TURNED
from app.topics import DECISIONS, TERMINAL_ACTIVITY
from tables.terminals import terminals as table
from tests.engine.fetched import Fetched
from tests.scoring.builders import a_payment

PARTITIONS = 4
START = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 50
NAMES = [one.name for one in MERCHANT_FEATURES]
LOGGED = round(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1000)


class Logs:
    """The partitions of `terminal-activity`, and the decisions, in memory."""

    def __init__(self) -> None:
        self.partitions: list[list[Fetched]] = [[] for _ in range(PARTITIONS)]
        self.decided: dict[str, list[bytes]] = {}

    def put(self, number: int, value: bytes, headers: Any = ()) -> None:
        log = self.partitions[number]
        topic = TERMINAL_ACTIVITY.name
        log.append(Fetched(len(log), b"", value, tuple(headers), topic, number, LOGGED))

    def send(
        self, topic: str, key: bytes, value: bytes, timestamp: int, headers: Any
    ) -> None:
        del timestamp
        if topic == TERMINAL_ACTIVITY.name:
            self.put(partition_for(key, PARTITIONS), value, headers)
        elif topic == DECISIONS.name:
            identity = msgspec.json.decode(value)["id"]
            self.decided.setdefault(identity, []).append(_timeless(value))

    def broadcast(self, topic: str, value: bytes, timestamp: int, headers: Any) -> None:
        assert topic == TERMINAL_ACTIVITY.name
        del timestamp
        for number in range(PARTITIONS):
            self.put(number, value, headers)


def _timeless(value: bytes) -> bytes:
    decision = msgspec.json.decode(value, type=Decision)
    return msgspec.json.encode(decision.features)


class Worker:
    """The owner of one partition: works its log off, checkpoints, dies."""

    def __init__(self, logs: Logs, number: int) -> None:
        self.logs, self.number = logs, number
        self.stored: tuple[dict[bytes, bytes], dict[Origin, Reached], int] = {}, {}, 0
        self.die()

    def die(self) -> None:
        """Give way to a successor, who has what the last checkpoint held."""
        rows, origins, self.done = self.stored
        self.rows: Partition[Any] = Partition(table.row, table.shared, table.others)
        reading = Reading()
        reading.rows.update(rows)
        self.rows.restore(reading)
        self.rows.check()
        self.rows.origins = dict(origins)

    def checkpoint(self) -> None:
        rows, *_ = self.stored
        changed, _ = self.rows.checkpoint()
        now = {**rows, **dict(changed)}
        kept = {key: value for key, value in now.items() if value is not None}
        self.stored = kept, dict(self.rows.origins), self.done

    def work(self, most: int = 500) -> bool:
        """Work a batch off; return whether there was anything."""
        batch = self.logs.partitions[self.number][self.done : self.done + most]
        records = fresh(batch, self.rows.origins)
        outbox = Outbox(cast("Publisher", self.logs))
        decide(records, outbox, {self.number: self.rows})
        self.done += len(batch)
        return bool(batch)

    def merchants(self) -> dict[bytes, bytes]:
        return {
            key: value for key, value in self.rows if key.startswith((MERCHANT, TURNED))
        }


class Story(NamedTuple):
    """What happened, in the order in which it is told: event and when."""

    payments: list[ProfiledPayment]
    told: list[tuple[int, ProfiledPayment | Label]]
    frauds: set[str]


def a_story(seed: int) -> Story:
    """Tell payments of merchants with many terminals, late ones, and labels."""
    chance = Random(seed)  # noqa: S311 - no secret is made
    payments: list[ProfiledPayment] = []
    told: list[tuple[int, ProfiledPayment | Label]] = []
    frauds: set[str] = set()
    for number in range(DAYS * 24):
        at = START + timedelta(hours=number, seconds=chance.randrange(3_600))
        shop = chance.randrange(12)
        merchant = None if shop == 11 else f"m-{shop % 4}"
        if shop == 10:  # one terminal takes payments for several merchants
            merchant = f"m-{chance.randrange(4)}"
        payment = a_payment(
            id=f"tx-{number}",
            occurred_at=at,
            customer_id=f"c-{chance.randrange(50)}",
            terminal_id=f"t-{shop}",
            merchant_id=merchant,
        )
        late = chance.randrange(20) * 3_600_000_000 if not number % 9 else 0
        profiled = ProfiledPayment(payment, [0.0] * PROFILED)
        payments.append(profiled)
        told.append((microseconds(at) + late, profiled))
        if chance.random() < 0.1:
            due = microseconds(at) + LABEL_DELAY - DAY
            label = Label(
                payment.id, payment.customer_id, payment.terminal_id, at, at, fraud=True
            )
            told.append((due - chance.randrange(5) * DAY, label))
            if chance.random() < 0.2:
                clear = msgspec.structs.replace(label, fraud=False, kind="all-clear")
                told.append((due, clear))
            else:
                frauds.add(payment.id)
    return Story(payments, sorted(told, key=lambda one: one[0]), frauds)


def lived(story: Story, seed: int, *, kills: float) -> tuple[Logs, list[Worker]]:
    """Tell a story while workers work, each at its own pace, and die now and then."""
    logs, chance = Logs(), Random(seed)  # noqa: S311 - no secret is made
    workers = [Worker(logs, number) for number in range(PARTITIONS)]
    for place, (_, event) in enumerate(story.told):
        terminal = (
            event.payment.terminal_id
            if isinstance(event, ProfiledPayment)
            else event.terminal_id
        )
        value = msgspec.json.encode(event)
        logs.put(partition_for(terminal.encode(), PARTITIONS), value)
        if place % 6:
            continue
        for worker in chance.sample(workers, PARTITIONS):
            worker.work(chance.randint(5, 60))
            if chance.random() < 0.3:
                worker.checkpoint()
            if chance.random() < kills:
                worker.die()
                worker.work()
    end = microseconds(START) // DAY + DAYS + 2  # a new day: all that is left is told
    word = msgspec.json.encode(MerchantsPaid(end, []))
    logs.broadcast(TERMINAL_ACTIVITY.name, word, 0, [])
    while sum(worker.work() for worker in workers):
        pass
    return logs, workers


def expected(story: Story) -> Iterator[tuple[str, list[float | None]]]:
    """Say what each payment's features are, by looking at all payments."""
    days: dict[str, list[tuple[int, str, str]]] = {}
    for one in story.payments:
        if one.payment.merchant_id:
            day = microseconds(one.payment.occurred_at) // DAY
            mine = day, one.payment.id, one.payment.terminal_id
            days.setdefault(one.payment.merchant_id, []).append(mine)
    for one in story.payments:
        payment = one.payment
        if payment.merchant_id is None:
            yield payment.id, [None] * len(NAMES)
            continue
        last = microseconds(payment.occurred_at) // DAY - 8
        every = days[payment.merchant_id]
        first = bisect_right(every, last - 30, key=lambda each: each[0])
        month = every[first : bisect_right(every, last, key=lambda each: each[0])]
        known = [each for each in month if each[1] in story.frauds]
        yield (
            payment.id,
            [
                len(month),
                sum(each[0] > last - 7 for each in known),
                len(known),
                sum(each[2] != payment.terminal_id for each in known),
                len(known) / len(month) if month else 0,
            ],
        )


@pytest.mark.parametrize("seed", range(2))
def test_every_partition_knows_of_all_terminals_of_a_merchant_whatever_is_killed(
    seed: int,
):
    story = a_story(seed)
    logs, workers = lived(story, seed, kills=0.1)

    told = {
        name: msgspec.json.decode(values[0]) for name, values in logs.decided.items()
    }
    assert any(len(values) > 1 for values in logs.decided.values())  # some died
    assert all(len(set(values)) == 1 for values in logs.decided.values())
    for name, features in expected(story):
        assert [told[name].get(each) for each in NAMES] == features, name
    assert all(worker.merchants() == workers[0].merchants() for worker in workers)
    for worker in workers:
        calm = Worker(logs, worker.number)
        end = len(logs.partitions[worker.number])
        while calm.done < end:
            calm.work(min(500, end - calm.done))
        assert dict(calm.rows) == dict(worker.rows)
