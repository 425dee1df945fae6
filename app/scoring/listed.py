"""Listed: what the block, allow and watch lists make of what the rules say."""

from collections.abc import Sequence

from msgspec.structs import replace

from app.events.decisions import Hit, Outcome
from app.events.payments import Payment
from app.rules.lists import RULES, Entry, Lists, Verdict, told
from app.scoring.decide import Evaluation

OUTCOMES: dict[Verdict, Outcome] = {
    "block": "decline",
    "allow": "approve",
    "watch": "review",
}


def listed(
    evaluations: Sequence[Evaluation], payments: Sequence[Payment], *, lists: Lists
) -> list[Evaluation]:
    """Put the outcome of a list in the place of the rules', where one decides.

    The rules' hits and score stay, behind the list's own. What the rules decline
    stays declined where somebody is only watched.
    """
    return [
        _listed(evaluation, payment, entry)
        if (entry := lists.find(payment))
        else evaluation
        for evaluation, payment in zip(evaluations, payments, strict=True)
    ]


def _listed(evaluation: Evaluation, payment: Payment, entry: Entry) -> Evaluation:
    outcome = OUTCOMES[entry.verdict]
    if entry.verdict == "watch" and evaluation.outcome == "decline":
        outcome = "decline"
    reason = told(entry, payment)
    hit = Hit(RULES[entry.verdict], None, None, reason, 0.0, outcome)
    return replace(evaluation, outcome=outcome, hits=[hit, *evaluation.hits])
