"""Report: what is told of a ruleset that was tried on past payments."""

from datetime import datetime

from msgspec import Struct

from app.events.decisions import Outcome
from app.rules.ruleset import State


class Figures(Struct, frozen=True):
    """What a rule hit, or an outcome came upon, of a period's payments.

    `precision` is the share of hits that were fraud, null without hits; `recall` the
    share of the period's frauds that were hit, null without frauds. `stopped` is the
    amount of the frauds hit, `bothered` that of other payments, in minor units.
    """

    hits: int
    share: float
    caught: int
    precision: float | None
    recall: float | None
    stopped: int
    bothered: int
    customers: int


class Comparison(Struct, frozen=True):
    """Figures of the present ruleset and of the one that is tried, null without."""

    before: Figures | None
    after: Figures | None


class RuleResult(Struct, frozen=True):
    """What one rule hit, in the state that it has or would have."""

    name: str
    state: State
    figures: Comparison


class Moved(Struct, frozen=True):
    """Payments whose outcome would have been another; `amount` in minor units."""

    before: Outcome
    after: Outcome
    payments: int
    frauds: int
    amount: int


class Example(Struct, frozen=True):
    """A payment on which the two rulesets differ, and the reasons that each gives.

    `fraud` is null where no label came in; `amount` is in minor units.
    """

    id: str
    occurred_at: datetime
    customer_id: str
    terminal_id: str
    amount: int
    currency: str
    fraud: bool | None
    before: Outcome
    after: Outcome
    reasons_before: list[str]
    reasons_after: list[str]


class Report(Struct, frozen=True):
    """A ruleset tried on a period's payments, beside the present one.

    `since` and `until` are the first and the last payment's event time. `labelled`
    payments have a label; those without count as honest. `flagged` are payments for
    review or declined, `declined` those alone.
    """

    before: str
    after: str
    since: datetime | None
    until: datetime | None
    payments: int
    frauds: int
    labelled: int
    flagged: Comparison
    declined: Comparison
    rules: list[RuleResult]
    moved: list[Moved]
    examples: list[Example]
