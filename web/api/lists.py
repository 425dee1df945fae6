"""Lists: whom to block and whom to let through, by HTTP, with who did it and why."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.rules.lists import Kind, Verdict
from web import listings
from web.api import examples
from web.api.models import Listed, answer
from web.api.schema import body, responses
from web.auth import Caller, requires
from web.bodies import read_body
from web.context import Context
from web.list_files import read_entries

MOST_BYTES = 2 * 1024 * 1024


def routes(context: Context) -> APIRouter:
    """Return the routes to the lists."""
    router = APIRouter(tags=["Lists"])
    viewer = Depends(requires("viewer"))
    manager = Depends(requires("manager"))

    @router.get(
        "/v1/lists",
        summary="Who is blocked and who is let through",
        responses=responses({200: ("Listed", examples.LISTED)}),
    )
    async def entries(
        kind: Kind | None = None,
        verdict: Verdict | None = None,
        removed: Annotated[bool, Query(description="Those taken off as well.")] = False,  # noqa: FBT002 - FastAPI's way
        most: Annotated[int, Query(ge=1, le=10_000)] = 1000,
        _: Caller = viewer,
    ) -> Response:
        """Return the entries, newest first; cards by their tokens."""
        found = listings.entries(context, kind=kind, verdict=verdict, removed=removed)
        return answer(Listed(found[:most]))

    @router.post(
        "/v1/lists",
        summary="Block, or let through",
        responses=responses(
            {200: ("Listed", examples.LISTED)}, refused=(400, 413, 422, 503)
        ),
        openapi_extra=body(["Listing"], examples.LISTING, or_list=True),
    )
    async def add(request: Request, caller: Caller = manager) -> Response:
        """List one, or up to 10,000 as JSON or (`text/csv`) CSV: all or none.

        An entry takes the place of the earlier one of the same verdict, kind and
        value. Every worker has it within a second. The number of a card is taken
        too, and only its token kept. Needs the role manager.
        """
        text = await read_body(request, most=MOST_BYTES)
        form = "csv" if "csv" in request.headers.get("content-type", "") else "json"
        tokens = listings.tokens_of(context.settings)
        read = read_entries(text, form=form, author=caller.name, tokens=tokens)
        return answer(Listed(await listings.publish(context, read)))

    @router.delete(
        "/v1/lists/{verdict}/{kind}/{value:path}",
        summary="Take somebody off a list",
        responses=responses(
            {200: ("Listed", examples.LISTED)}, refused=(404, 422, 503)
        ),
    )
    async def remove(
        verdict: Verdict,
        kind: Kind,
        value: str,
        reason: Annotated[str, Query(min_length=3, max_length=200)],
        caller: Caller = manager,
    ) -> Response:
        """Take somebody off; who did it and why is kept in the entry's place."""
        gone = await listings.take_off(
            context,
            verdict,
            kind=kind,
            value=value,
            reason=reason,
            author=caller.name,
        )
        return answer(Listed(gone))

    return router
