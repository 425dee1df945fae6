"""Decisions: what was decided about a payment, and every reason for it."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from app.events.payments import Payment

Outcome = Literal["approve", "review", "decline"]


class Hit(Struct, frozen=True, gc=False):
    """A rule that fired: its value, the threshold it broke, the reason in words."""

    rule: str
    value: float | None
    threshold: float | None
    reason: str
    score: float
    action: str


class Contribution(Struct, frozen=True, gc=False):
    """What a feature added to the model's score, as log-odds of fraud, and in words."""

    feature: str
    value: float | None
    log_odds: float
    reason: str


class Versions(Struct, frozen=True, gc=False):
    """What made the decision: ruleset, features, and models (null where none is)."""

    ruleset: str
    features: str
    model: str | None = None
    shadow: str | None = None


class Timings(Struct, frozen=True, gc=False):
    """When the payment passed each stage, UTC, read off the log (never a clock).

    `received_at` raw record in Kafka; `captured_at` taken by capture; `profiled_at`
    profiled record in Kafka. The decision's own time is its Kafka timestamp.
    """

    received_at: datetime
    captured_at: datetime
    profiled_at: datetime


class Decision(Struct, frozen=True, gc=False):
    """The decision on one payment, on `decisions` (key: customer).

    `id` is the transaction's id: one transaction, one decision. `score` is 0 to
    100. `features` has those that are known: one that is not there is null. Before it
    has been on the wire it is a struct with all of them as fields, to be made faster.
    The bytes are a function of the log and the versions named, so a repeat after a
    crash is identical. `shadows` names the shadow rules that fired: they counted for
    nothing. The live model's probability of fraud is the feature `model_probability`;
    `contributions` tells what raised it most, where the payment was not approved. No
    rule reads `shadow_probability`.
    """

    id: str
    outcome: Outcome
    score: float
    hits: list[Hit]
    features: dict[str, float | None]
    versions: Versions
    timings: Timings
    payment: Payment
    shadows: list[str] = []
    contributions: list[Contribution] = []
    shadow_probability: float | None = None
