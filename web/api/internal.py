"""Internal: what workers ask each other, and nobody else may."""

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from web import sketches
from web.api.awaiting import WAITS, stream
from web.api.models import answer
from web.auth import Caller
from web.bodies import read_body
from web.context import Context
from web.problems import Problem
from web.signatures import digest

MOST_BYTES = 256 * 1024
WORKERS_ONLY = "only workers ask each other for this"

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
            raise Problem(403, WORKERS_ONLY)
        return StreamingResponse(
            stream(context, _ids(body)), media_type="application/x-ndjson"
        )

    @router.get(sketches.TARGET)
    async def sketched(request: Request) -> Response:
        """Tell what is known in summary of the partitions that are kept here."""
        caller: Caller = request.scope["user"]
        if caller.via != "worker":
            raise Problem(403, WORKERS_ONLY)
        question = msgspec.convert(
            dict(request.query_params), sketches.Question, strict=False
        )
        return answer(await sketches.local(context, question))

    return router
