"""App events: what customers do in the app, in by HTTP."""

from datetime import UTC, datetime
from functools import partial

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.app_events import app_event
from app.topics import APP_EVENTS
from web.api import examples
from web.api.models import Accepted, answer
from web.api.records import MOST_BYTES, read_records
from web.api.schema import body, responses
from web.auth import Caller, requires
from web.bodies import read_body
from web.context import Context


def routes(context: Context) -> APIRouter:
    """Return the route that takes app events."""
    router = APIRouter(tags=["App events"])
    analyst = Depends(requires("analyst"))

    @router.post(
        "/v1/app-events",
        summary="Send what a customer did in the app: one event, or up to 500",
        status_code=202,
        responses=responses(
            {202: ("Accepted", examples.APP_EVENT_ACCEPTED)},
            refused=(400, 413, 422, 503),
        ),
        openapi_extra=body(["StatedAppEvent"], examples.APP_EVENT, or_list=True),
    )
    async def send(request: Request, _: Caller = analyst) -> Response:
        """Take app events: all of the request, or none where one does not fit.

        They say something of the payments after them. An event that was sent before
        is accepted, and changes nothing; so does one that is more than a day behind
        the customer's newest. Needs the role analyst.
        """
        stated = read_records(
            await read_body(request, most=MOST_BYTES),
            partial(app_event, received_at=datetime.now(UTC)),
            noun="app event",
        )
        records = [(one.record.customer_id.encode(), one.value) for one in stated]
        await context.outlet.send(APP_EVENTS.name, records)
        return answer(Accepted([one.record.id for one in stated]), 202)

    return router
