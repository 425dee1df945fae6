"""Quality by HTTP: what came twice, late, unevenly or unfit."""

from fastapi import APIRouter, Depends
from starlette.responses import Response

from web.api import examples
from web.api.models import answer
from web.api.schema import responses
from web.auth import Caller, requires
from web.context import Context
from web.quality import quality


def routes(context: Context) -> APIRouter:
    """Return the route to the figures of all workers."""
    router = APIRouter(tags=["Operations"])
    viewer = Depends(requires("viewer"))

    @router.get(
        "/v1/quality",
        summary="How well the data comes in",
        responses=responses({200: ("Quality", examples.QUALITY)}),
    )
    async def measured(_: Caller = viewer) -> Response:
        """Return what came twice, late, unevenly or unfit.

        Counted by the workers that decide since each of them started, in event time.
        """
        return answer(quality(context))

    return router
