"""Pulses and decisions with valid defaults: a test names only what it is about."""

from datetime import UTC, datetime
from typing import Any

from app.events.decisions import Decision, Hit, Timings, Versions
from app.events.pulses import Pulse
from tests.scoring.builders import NOON, ORDINARY, a_payment

HIT = Hit("large-amount", 120.0, 100.0, "120, the limit is 100", 50.0, "score")


def a_decision(identity: str = "T1", **fields: Any) -> Decision:
    """Build a payment's decision to review it, but for the fields named."""
    payment = fields.pop("payment", {})
    valid: dict[str, Any] = {
        "outcome": "review",
        "score": 50.0,
        "hits": [HIT],
        "features": dict(ORDINARY),
        "versions": Versions("r1", "f1"),
        "timings": Timings(NOON, NOON, NOON),
        "payment": a_payment(id=identity, **payment),
    }
    return Decision(id=identity, **(valid | fields))


def a_pulse(worker: str = "one", **fields: Any) -> Pulse:
    """Build the pulse of a worker that has done nothing, but for the fields named."""
    valid: dict[str, Any] = {
        "role": "score",
        "url": f"http://{worker}",
        "at": datetime(2026, 3, 1, tzinfo=UTC),
        "state": "running",
    }
    return Pulse(worker=worker, **(valid | fields))
