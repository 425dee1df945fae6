"""Aggregated: what aggregates would have said of past payments, in their order."""

from collections.abc import Sequence

from app.events.aggregates import Aggregate
from app.events.payments import Payment
from app.features.aggregates import Kept, Memory, Watched, profile
from app.features.clock import microseconds
from app.rules.aggregates import counts, counts_decided, make_ready


class Past:
    """Goes over past payments, by the very code that aggregates live.

    As if each had been decided before the next came: an outcome counts at once.
    """

    def __init__(self, aggregates: Sequence[Aggregate]) -> None:
        self._plan = make_ready(tuple(aggregates))
        self._rows: dict[tuple[str, str], Memory] = {}

    def told(
        self,
        payments: Sequence[Payment],
        *,
        outcomes: Sequence[str],
        scores: Sequence[float],
    ) -> list[dict[str, float | None]]:
        """Return the aggregates of further payments, which are no earlier than others.

        `outcomes` and `scores` are those of their decisions.
        """
        plan = self._plan
        slots = [*plan.customer, *plan.terminal]
        before = counts(payments, slots, plan)
        after = counts_decided(payments, plan, outcomes=outcomes, scores=scores)
        found = []
        for payment, hits, late in zip(payments, before, after, strict=True):
            rows = (
                (plan.customer, self._row("customer", payment.customer_id)),
                (plan.terminal, self._row("terminal", payment.terminal_id)),
            )
            told: dict[str, float | None] = {}
            for mine, memory in rows:
                told |= profile(memory, payment, mine, hits)
                _learn(memory, payment, [one for one in mine if one.slot in late])
            found.append(told)
        return found

    def _row(self, owner: str, identity: str) -> Memory:
        return self._rows.setdefault((owner, identity), {})


def _learn(memory: Memory, payment: Payment, slots: Sequence[Watched]) -> None:
    at = microseconds(payment.occurred_at)
    for one in slots:
        if event := one.event(payment, at):
            memory.setdefault(one.slot, Kept()).add(event, one.horizon)
