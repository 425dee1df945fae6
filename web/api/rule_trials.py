"""Rule trials: a rule or a ruleset tried on past payments before it decides."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator
from starlette.responses import Response

from app.capture import EARLIEST, LATEST
from web.api import examples
from web.api.models import Tried, answer
from web.api.schema import body, responses
from web.auth import Caller, requires
from web.context import Context
from web.rule_files import read_rules
from web.trials import Trials


def utc(moment: datetime | None) -> datetime | None:
    """Return a moment in UTC; one without a zone is in UTC already.

    Raises:
        ValueError: it is of no time that a payment can have.
    """
    if moment is None:
        return None
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not EARLIEST <= known < LATEST:
        message = f"expected a time from {EARLIEST.year} on, before {LATEST.year}"
        raise ValueError(message)
    return known.astimezone(UTC)


Moment = Annotated[
    datetime | None,
    AfterValidator(utc),
    Query(description="Event time, RFC 3339; without a zone UTC."),
]


def routes(context: Context) -> APIRouter:
    """Return the routes that try rules."""
    router = APIRouter(tags=["Rules"])
    analyst = Depends(requires("analyst"))
    trials = Trials(context)

    @router.post(
        "/v1/rules/backtest",
        summary="What would these rules have done?",
        responses=responses(
            {200: ("Tried", examples.TRIED)}, refused=(400, 413, 422, 503)
        ),
        openapi_extra=body(["Rule", "Ruleset"], examples.RULE),
    )
    async def backtest(
        request: Request,
        since: Moment = None,
        until: Moment = None,
        caller: Caller = analyst,
    ) -> Response:
        """Try a rule, as if it were live, or a whole ruleset on the archive.

        Compared with the ruleset that decides, on the newest 30 days that there are,
        or on the period given. What was tried is recorded, and may go live as it is.
        Needs the role analyst.
        """
        report, recorded = await trials.run(
            await read_rules(request),
            author=caller.name,
            since=since,
            until=until,
        )
        return answer(Tried(recorded, report))

    return router
