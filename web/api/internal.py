"""Internal: what workers ask each other, and nobody else may."""

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from web.api.awaiting import WAITS, stream
from web.auth import Caller
from web.bodies import read_body
from web.context import Context
from web.problems import Problem
from web.signatures import digest

MOST_BYTES = 256 * 1024

_ids = msgspec.json.Decoder(list[str]).decode


def routes(context: Context) -> APIRouter:
    """Return the routes between workers."""
    router = APIRouter(include_in_schema=False)

    @router.post(WAITS)
    async def waits(request: Request) -> Response:
        """Tell decisions as they are made here."""
        caller: Caller = request.scope["user"]
        body = await read_body(request, most=MOST_BYTES)
        if caller.hop is None or caller.hop.body != digest(body):
            raise Problem(403, "only workers ask each other for this")
        return StreamingResponse(
            stream(context, _ids(body)), media_type="application/x-ndjson"
        )

    return router
