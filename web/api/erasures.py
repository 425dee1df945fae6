"""Erasures: a customer forgotten by destroying a key, by HTTP, with who did it."""

import asyncio

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.errors import ServiceError
from web import erasures
from web.api import examples
from web.api.models import Erasures, answer
from web.api.schema import body, responses
from web.auth import Caller, requires
from web.bodies import read_body
from web.context import Context
from web.problems import Problem


def routes(context: Context) -> APIRouter:
    """Return the routes of erasure."""
    router = APIRouter(tags=["Customers and terminals"])
    manager = Depends(requires("manager"))

    @router.post(
        "/v1/customers/{id:path}/erasure",
        summary="Erase a customer",
        responses=responses(
            {200: ("Erasure", examples.ERASURE)}, refused=(400, 409, 413, 422, 503)
        ),
        openapi_extra=body(["Wish"], {"reason": examples.ERASURE["reason"]}),
    )
    async def erase(request: Request, id: str, caller: Caller = manager) -> Response:  # noqa: A002 - as in the path
        """Destroy a customer's key, for ever, and drop what no key protects.

        What is personal in the stores is then unreadable, for everybody. Asked again,
        it answers who did it first. Needs the role manager.
        """
        wish = erasures.read(await read_body(request, most=erasures.MOST_BYTES))
        done = await erasures.erase(context, id, author=caller.name, reason=wish.reason)
        return answer(done)

    @router.get(
        "/v1/erasures",
        summary="Who was erased, by whom and why",
        responses=responses({200: ("Erasures", examples.ERASURES)}, refused=(503,)),
    )
    async def erased(_: Caller = manager) -> Response:
        """Return every erasure, newest first. Needs the role manager."""
        try:
            found = await asyncio.to_thread(context.keys.erasures)
        except ServiceError as error:
            raise Problem(503, str(error), kind="unavailable", retry_after=5) from error
        return answer(Erasures(found))

    return router
