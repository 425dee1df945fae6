"""No feature knows the future: the log cut at any moment says the same of what was."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import takewhile
from random import Random
from typing import get_args

import pytest

from app.detection.log import Road
from app.detection.moving import Watcher
from app.events.aggregates import Aggregate
from app.events.payments import Payment
from app.events.readings import Alarm, AlarmKind, Alarms, Fix, Fixes
from app.features.catalogue import NAMES
from app.features.clock import microseconds, moment
from app.scoring.aggregated import Past
from app.scoring.decide import Vector
from app.simulate.bank import START, Bank
from app.simulate.payments import midnight
from app.sources.chunks import Chunk

END = midnight(START + timedelta(days=45))
AGGREGATES = [
    Aggregate(
        name="online",
        entity="card",
        aggregate="count",
        window="1h",
        condition="channel = 'online'",
    ),
    Aggregate(
        name="customers",
        entity="terminal",
        aggregate="distinct",
        field="customer_id",
        window="7d",
    ),
    Aggregate(
        name="declined",
        entity="customer",
        aggregate="sum",
        field="amount",
        window="30d",
        condition="outcome = 'decline'",
    ),
]
Told = dict[str, tuple[Payment, Vector, list[float | None]]]


def phone(payment: Payment) -> Fixes | None:
    """Return where the customer's phone was told to be before a payment."""
    chance, at = Random(payment.id), payment.occurred_at  # noqa: S311 - no secret
    fix = Fix(
        at + timedelta(minutes=chance.uniform(-90, 5)),
        *(chance.uniform(50, 51), chance.uniform(8, 9)),
        chance.uniform(4, 50),
        doubts=("mocked",) * chance.randrange(2),
    )
    ahead = chance.uniform(0, 9)
    return Fixes(payment.customer_id, "phone", at, [fix], ahead_seconds=ahead)


def machine(payment: Payment, cut: datetime) -> Alarms:
    """Return what a cash machine felt about a payment, of it what was before a cut."""
    chance, at = Random(payment.id), payment.occurred_at  # noqa: S311 - no secret
    hours = [chance.uniform(-48, 24) for _ in range(chance.randrange(-8, 3))]
    alarms = [
        Alarm(
            at + timedelta(hours=hour),
            chance.choice(get_args(AlarmKind)),
            chance.uniform(5, 20),
        )
        for hour in hours
    ]
    before = [alarm for alarm in alarms if alarm.occurred_at < cut]
    return Alarms(payment.terminal_id, "machine", before)


def told(chunks: Iterable[Chunk], cut: int) -> Told:
    """Return each payment with its features and aggregates, by its id."""
    road = Road(
        "EUR",
        whereabouts=phone,
        felt=lambda payment: machine(payment, moment(cut)),
        watcher=Watcher(),
    )
    past = Past(AGGREGATES)
    found: Told = {}
    for chunk in chunks:
        batch = [one for one in road.profiled(chunk) if one]
        payments = [payment for payment, _ in batch]
        outcomes = ["decline" if p.amount > 9_000 else "approve" for p in payments]
        values = past.told(payments, outcomes=outcomes, scores=[0.0] * len(payments))
        for (payment, vector), some in zip(batch, values, strict=True):
            found[payment.id] = payment, vector, [some[a.name] for a in AGGREGATES]
    return found


def until(chunk: Chunk, cut: int) -> Chunk:
    """Return what there was of a chunk before a moment."""
    count = sum(at < cut for at in chunk.times)
    return Chunk(
        chunk.ids[:count],
        chunk.keys[:count],
        chunk.values[:count],
        chunk.times[:count],
        [label for label in chunk.labels if label.due < cut],
        [event for event in chunk.app_events if event.due < cut],
    )


@pytest.fixture(scope="module", params=[5, 8])
def chunks(request: pytest.FixtureRequest) -> list[Chunk]:
    """Give a bank's payments, with frauds whose labels come a week late."""
    bank = Bank(seed=request.param, customers=120)
    return list(bank.chunks(until=END))


@pytest.fixture(scope="module")
def whole(chunks: list[Chunk]) -> Told:
    """Give what is said of each payment where all of the log is there."""
    return told(chunks, END)


@pytest.mark.parametrize("draw", range(3))
def test_a_log_cut_at_any_moment_says_the_same_of_every_payment_before(
    chunks: list[Chunk], whole: Told, draw: int
):
    chance = Random(f"{chunks[0].ids[0]} {draw}")  # noqa: S311 - no secret is made
    first, last = chunks[0].times[0], chunks[-1].times[-1]
    cut = chance.randrange(first + (last - first) // 3, last)

    before = takewhile(lambda chunk: chunk.ids, (until(chunk, cut) for chunk in chunks))
    early = told(before, cut)

    known = [
        name for name, (p, *_) in whole.items() if microseconds(p.occurred_at) < cut
    ]
    assert list(early) == known
    for name in known:
        assert early[name][1:] == whole[name][1:]


def test_who_has_no_history_looks_the_same_whatever_becomes_of_them(
    chunks: list[Chunk], whole: Told
):
    later_bad = {
        whole[label.transaction_id][0].terminal_id
        for chunk in chunks
        for label in chunk.labels
    }
    place, end = NAMES.index("terminal_count_1d"), NAMES.index("atm_alarms_24h")
    firsts: dict[str, tuple[float | None, ...]] = {}
    for payment, vector, _ in whole.values():
        firsts.setdefault(payment.terminal_id, tuple(vector[place:end]))

    assert 5 < len(later_bad & firsts.keys()) < len(firsts)
    assert len(set(firsts.values())) == 1


def test_of_every_feature_some_payment_tells(whole: Told):
    values = zip(*(vector for _, vector, _ in whole.values()), strict=True)
    varied = [
        name
        for name, told in zip(NAMES, values, strict=True)
        if len(set(told) - {None}) > 1
    ]

    assert varied == NAMES
