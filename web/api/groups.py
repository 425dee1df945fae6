"""Groups of customers that move together, by HTTP."""

from fastapi import APIRouter, Depends
from starlette.responses import Response

from web import groups
from web.api import examples
from web.api.models import answer
from web.api.schema import responses
from web.auth import Caller, requires
from web.context import Context


def routes(context: Context) -> APIRouter:
    """Return the routes to groups."""
    router = APIRouter(tags=["Groups"])
    analyst = Depends(requires("analyst"))

    @router.get(
        "/v1/groups",
        summary="Customers that move together",
        responses=responses({200: ("GroupList", examples.GROUPS)}, refused=(503,)),
    )
    async def listed(caller: Caller = analyst) -> Response:
        """Return the groups of the last 30 days, at most 200, who moved last first.

        Each says who is in it, since when, and what they do together.
        """
        return answer(await groups.listed(context, caller))

    @router.get(
        "/v1/groups/{id:path}",
        summary="One group",
        responses=responses({200: ("GroupAlert", examples.GROUP)}, refused=(404, 503)),
    )
    async def one(id: str, caller: Caller = analyst) -> Response:  # noqa: A002 - as in the path
        """Return a group by its id, which stays while the group grows."""
        return answer(await groups.group(context, id, caller))

    return router
