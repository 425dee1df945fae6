"""Profiles by HTTP: who a customer is, and where an id leads."""

from fastapi import APIRouter, Depends
from starlette.responses import Response

from web import profiles
from web.api import examples
from web.api.models import answer
from web.api.schema import responses
from web.auth import Caller, requires
from web.context import Context


def routes(context: Context) -> APIRouter:
    """Return the routes; those of rows take any path, so that these come first."""
    router = APIRouter(tags=["Customers and terminals"])
    viewer = Depends(requires("viewer"))

    @router.get(
        "/v1/customers/{id:path}/profile",
        summary="Who a customer is",
        responses=responses({200: ("Profile", examples.PROFILE)}, refused=(404, 503)),
    )
    async def profile(id: str, caller: Caller = viewer) -> Response:  # noqa: A002 - as in the path
        """Return habits, segments, risk and services, each with its numbers.

        From the newest 500 decisions and the live state; `missing` names which of the
        two does not answer. Where somebody was, and with which devices, is null for
        viewers, and so is what is told by it.
        """
        return answer(await profiles.profile(context, id, caller))

    @router.get(
        "/v1/find/{id:path}",
        summary="What there is of an id",
        responses=responses({200: ("Found", examples.FOUND)}),
    )
    async def find(id: str, caller: Caller = viewer) -> Response:  # noqa: A002 - as in the path
        """Return whether an id is a transaction's, a customer's, both or nobody's."""
        pages = await profiles.pages(context, id, caller)
        return answer({"id": id, "pages": pages})

    return router
