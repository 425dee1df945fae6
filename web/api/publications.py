"""Publications: counts that may be given away, by HTTP, with noise and a budget."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.privacy.questions import By, Of, Question
from web.api import examples
from web.api.models import answer
from web.api.schema import responses
from web.auth import Caller, requires
from web.context import Context
from web.publishing import publish

Day = Annotated[date, Query(description="A day of event time that is over, UTC.")]


def routes(context: Context) -> APIRouter:
    """Return the route to published counts."""
    router = APIRouter(tags=["Privacy"])
    viewer = Depends(requires("viewer"))

    @router.get(
        "/v1/published/counts",
        summary="A day's payments, counted so that nobody shows",
        responses=responses(
            {200: ("Published", examples.PUBLISHED)}, refused=(422, 429, 503)
        ),
    )
    async def counts(
        day: Day, of: Of = "payments", by: By = "channel", _: Caller = viewer
    ) -> Response:
        """Count payments, or those of an outcome, with differential privacy.

        The same question has the same answer, noise and all. A new one spends 1 of
        the 4 that a day has (epsilon); then 429.
        """
        return answer(await publish(context, Question(day, of, by)))

    return router
