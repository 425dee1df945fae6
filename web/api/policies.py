"""Policies: which threshold to review from, weighed on the archive, as a ruleset."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.errors import RuleError
from app.scoring.policy import CAPACITY, REVIEW_COST
from app.scoring.thresholds import By, candidate
from web.api import examples
from web.api.models import answer
from web.api.rule_trials import Moment
from web.api.schema import responses
from web.auth import Caller, requires
from web.context import Context
from web.problems import Problem
from web.weighing import Wish, weigh

Capacity = Annotated[int, Query(ge=1, description="Cards to review a day, at most.")]
Cost = Annotated[int, Query(ge=0, description="Of a card's review, in minor units.")]


def routes(context: Context) -> APIRouter:
    """Return the routes to the decision policy."""
    router = APIRouter(tags=["Rules"])
    analyst = Depends(requires("analyst"))

    @router.get(
        "/v1/policy",
        summary="Which threshold to review from?",
        responses=responses({200: ("Policy", examples.POLICY)}, refused=(422, 503)),
    )
    async def weighed(
        by: By = "score",
        capacity: Capacity = CAPACITY,
        review_cost: Cost = REVIEW_COST,
        since: Moment = None,
        until: Moment = None,
        _: Caller = analyst,
    ) -> Response:
        """Weigh what reviews cost against the fraud that they stop.

        By the rules' score, the model's probability or the amount at risk, on the
        period given or on 30 days that ended a week before the newest. Needs the role
        analyst.
        """
        wish = Wish(
            by=by,
            capacity=capacity,
            review_cost=review_cost,
            since=since,
            until=until,
        )
        return answer(await weigh(context, wish))

    @router.get(
        "/v1/policy/candidate",
        summary="A threshold as a ruleset to try",
        responses=responses({200: ("Ruleset", examples.RULESET)}, refused=(422,)),
    )
    async def ruleset(by: By, threshold: float, caller: Caller = analyst) -> Response:
        """Return the ruleset that would review from a threshold on; nothing changes.

        It goes the way of any other: backtest, then import. Needs the role analyst.
        """
        present = context.rules.book.head.ruleset
        try:
            return answer(candidate(by, present, at=threshold, author=caller.name))
        except RuleError as error:
            raise Problem(422, str(error)) from error

    return router
