"""Partitions that have learnt from decisions, for tests of what sketches tell."""

from typing import Any

import msgspec

from app.engine.partitioner import partition_for
from app.engine.tables import Partition
from app.events.decisions import Decision
from app.events.payments import Card, Place
from app.sketches.learning import learn
from app.sketches.observed import Observed
from app.sketches.rows import Population, SketchRow
from app.sketches.seen import Filters
from tests.web.pulses import a_decision

VIENNA = Place(48.2082, 16.3738)

decode = msgspec.json.Decoder(Observed).decode


def decided(number: int, *, payments: float = 1.0, **fields: Any) -> Decision:
    """Build a decision, each with a device and a card of its own."""
    outcome = fields.pop("outcome", "approve")
    payment = {
        "customer_id": f"C{number % 97}",
        "terminal_id": f"P{number % 50}",
        "device_id": f"d-{number}",
        "card": Card(f"k1:{number}", "0042"),
        **fields,
    }
    features = {"customer_count_30d": payments, "amount": 1.0}
    return a_decision(f"T{number}", outcome=outcome, features=features, payment=payment)


def observed(number: int, **fields: Any) -> Observed:
    """Build a decision as sketches read it off the log."""
    return decode(msgspec.json.encode(decided(number, **fields)))


def rows() -> Partition[SketchRow]:
    return Partition(SketchRow, Population)


def many(numbers: range) -> list[Observed]:
    """Build payments of every segment and outcome, a few of them declined."""
    return [
        observed(
            number,
            payments=number % 80,
            place=Place(48.2 + number % 7 / 10, 16.37),
            outcome="decline" if number % 50 == 0 else "approve",
            channel="online" if number % 3 == 0 else "pos",
        )
        for number in numbers
    ]


def four(payments: list[Observed], filters: Filters) -> dict[int, Partition[SketchRow]]:
    """Learn payments in four partitions, each customer's in one."""
    found = {number: rows() for number in range(4)}
    for one in payments:
        place = partition_for(one.payment.customer_id.encode(), 4)
        learn(found[place], one, filters=filters)
    return found
