"""Privacy: what k-anonymity would cost, by HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from web.api import examples
from web.api.models import answer
from web.api.schema import responses
from web.auth import Caller, requires
from web.context import Context
from web.tradeoffs import USUAL, Quasi, Tradeoffs

Known = Annotated[
    list[Quasi],
    Query(description="What may be known of who paid; once for each.", min_length=1),
]


def routes(context: Context) -> APIRouter:
    """Return the route to the trade-off of privacy."""
    router = APIRouter(tags=["Privacy"])
    analyst = Depends(requires("analyst"))
    tradeoffs = Tradeoffs(context)

    @router.get(
        "/v1/privacy/k",
        summary="What does each k cost?",
        responses=responses({200: ("Tradeoff", examples.TRADEOFF)}, refused=(404, 503)),
    )
    async def k(quasi: Known = list(USUAL), _: Caller = analyst) -> Response:  # noqa: B006 - FastAPI copies it
        """Make a sample of the archive anonymous for k of 2 to 50, and measure each.

        `k` counts customers, not payments. Risk is the mean chance of finding who
        made a payment; loss the share of what the columns told that is gone. Needs
        the role analyst.
        """
        return answer(await tradeoffs.ask(quasi))

    return router
