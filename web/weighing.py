"""Weighing: the decision policy's curve, from the archive of this machine."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.errors import SmartbankError
from app.parquet import files
from app.parquet.past import aggregated
from app.scoring.backtest import COLUMNS
from app.scoring.policy import CAPACITY, REVIEW_COST, Policy, features_of, policy
from app.scoring.thresholds import By
from web.context import Context
from web.problems import Problem
from web.trials import SPAN

LABELS_COME = timedelta(days=7)
"""How long labels take: younger payments tell nothing, where nobody asks for them."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What to weigh: the ranking, what can be reviewed, what it costs, which period.

    `capacity` is cards a day, `review_cost` minor units a card.
    """

    by: By = "score"
    capacity: int = CAPACITY
    review_cost: int = REVIEW_COST
    since: datetime | None = None
    until: datetime | None = None


async def weigh(context: Context, wish: Wish) -> Policy:
    """Weigh every threshold on a period's payments.

    By default those of 30 days, which ended when the newest labels are of.

    Raises:
        Problem: 503, the archive cannot be read.
    """
    try:
        async with context.turn:
            return await asyncio.to_thread(_weigh, context, wish)
    except SmartbankError as error:
        raise Problem(503, str(error), kind="unavailable") from error


def _weigh(context: Context, wish: Wish) -> Policy:
    root = context.settings.archive
    rules = context.rules.present.rules
    since, until = wish.since, wish.until
    if until is None and (newest := files.newest_day(root)):
        until = newest - LABELS_COME + timedelta(days=1)
    if since is None and until is not None:
        since = until - SPAN
    features = features_of(wish.by, rules)
    frames = aggregated(
        root,
        COLUMNS,
        features=features,
        aggregates=[one for one in rules.ruleset.aggregates if one.name in features],
        since=since,
        until=until,
        to_open=context.keys.to_open,
    )
    return policy(
        frames,
        by=wish.by,
        rules=rules,
        capacity=wish.capacity,
        review_cost=wish.review_cost,
    )
