"""Thresholds: from which number on a ruleset reviews, and one that does from another.

What payments are ranked by is compared in the bands, or in a rule of its own.
"""

import re
from math import inf
from typing import Literal

from msgspec.structs import replace

from app.errors import RuleError
from app.rules.changes import stamped, with_rule
from app.rules.ruleset import Bands, Rule, Ruleset
from app.scoring.decide import FLOORS, MAX_SCORE

By = Literal["score", "probability", "risk"]
"""What payments are ranked by: the rules' score, the model's probability of fraud, or
the amount at risk, which is that probability times the amount in major units."""

PROBABILITY = "model_probability"
NUMBERS: dict[By, str] = {
    "probability": PROBABILITY,
    "risk": f"{PROBABILITY} * amount",
}
"""What a rule compares with the threshold, in the language of rules."""
NAMES: dict[By, str] = {"probability": "probable-fraud", "risk": "amount-at-risk"}
REASONS: dict[By, str] = {
    "probability": "fraud with a probability of {value:.1%}, the limit is "
    "{threshold:.1%}",
    "risk": "{value:,.2f} at risk, the limit is {threshold:,.2f}",
}


def threshold(by: By, ruleset: Ruleset) -> float | None:
    """Return the threshold that a ruleset has, null where it has none of the kind."""
    if by == "score":
        return ruleset.bands.review_from
    found = _ruled(by, ruleset)
    return found[1] if found else None


def candidate(by: By, ruleset: Ruleset, *, at: float, author: str) -> Ruleset:
    """Return a ruleset that reviews from a threshold on.

    By score it has other bands. By the model's numbers it has another threshold in the
    rule that compares just that number, and reviews; or, without one, a new rule.

    Raises:
        RuleError: it is no threshold.
    """
    most = MAX_SCORE if by == "score" else 1.0 if by == "probability" else inf
    if not 0 < at <= most or at == inf:
        bound = "finite" if most == inf else f"at most {most:g}"
        message = f"threshold: got {at:g}, expected a number above 0, {bound}"
        raise RuleError(message)
    if by == "score":
        above = max(at, ruleset.bands.decline_from)
        bands = Bands(review_from=at, decline_from=above)
        return stamped(ruleset, replace(ruleset, bands=bands), author=author)
    expression = f"{NUMBERS[by]} >= {at:.15g}"
    found = _ruled(by, ruleset)
    if found is None:
        rule = Rule(
            name=NAMES[by],
            expression=expression,
            score=0,
            action="review",
            reason=REASONS[by],
        )
    else:
        rule = replace(found[0], expression=expression)
        if FLOORS[rule.action] == 0 and rule.score < ruleset.bands.review_from:
            rule = replace(rule, action="review")
    return with_rule(ruleset, rule, author=author)


def _ruled(by: By, ruleset: Ruleset) -> tuple[Rule, float] | None:
    """Find the live rule that compares just a ranking's number: the laxest."""
    form = re.compile(rf"{re.escape(NUMBERS[by])} >= (\d+(?:\.\d+)?(?:e[+-]\d+)?)")
    matches = [(rule, form.fullmatch(rule.expression)) for rule in ruleset.rules]
    found = [
        (rule, float(match[1]))
        for rule, match in matches
        if match and rule.state == "live"
    ]
    return min(found, key=lambda one: one[1], default=None)
