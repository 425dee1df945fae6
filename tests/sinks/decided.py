"""Decisions as they come down the log, for tests of stores."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.archive import Decided
from app.events.decisions import Contribution, Decision, Hit, Timings, Versions
from tests.scoring.builders import NOON, ORDINARY, a_payment

DECIDED_AT = datetime(2026, 5, 4, 12, 0, 1, 250_000, tzinfo=UTC)


def a_decided(
    identity: str,
    *,
    outcome: Any = "review",
    at: tuple[int, int] = (0, 0),
    contributions: Sequence[Contribution] = (),
    **payment: Any,
) -> Decided:
    """Build a decision with one hit, but for the payment's fields named."""
    decision = Decision(
        identity,
        outcome,
        50.0,
        [Hit("large-amount", 120.0, 100.0, "120, the limit is 100", 50.0, "score")],
        dict(ORDINARY),
        Versions("r1", "f1"),
        Timings(NOON, NOON, NOON),
        a_payment(id=identity, **payment),
        contributions=list(contributions),
    )
    return Decided(decision, msgspec.json.encode(decision), DECIDED_AT, *at)
