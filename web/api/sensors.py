"""Sensors: what phones and cash machines push, each by its own secret address."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.errors import BadRecord
from app.privacy.envelopes import Keys
from app.pushed import pushed
from app.readings import MOST_BYTES, message
from app.topics import SENSOR_READINGS
from web.api import examples
from web.api.models import Taken, answer
from web.api.schema import body, responses
from web.bodies import read_body
from web.context import Context
from web.problems import Problem

UNKNOWN = 499
"""What the Sensor Logger app shows with our words, and does not try again."""


def routes(context: Context) -> APIRouter:
    """Return the route that devices push to; its address is their credential."""
    router = APIRouter(tags=["Devices"])
    keys = Keys.parse(context.settings.readings_keys)

    @router.post(
        "/v1/sensors/{token}",
        summary="Readings of a phone or a cash machine",
        responses=responses(
            {200: ("Taken", examples.TAKEN)}, refused=(400, 413, 422, UNKNOWN, 503)
        ),
        openapi_extra=body(["PushedMessage"], examples.PUSHED),
    )
    async def push(token: str, request: Request) -> Response:
        """Take a message of the Sensor Logger app, or a file that it exported.

        Set the address in the app under "HTTP Push". 200 means that Kafka has it; a
        message that comes again is taken, and counts once; one in an envelope (see
        docs/phones.md) is opened. 499 says that nobody
        knows the token, or that it was revoked.
        """
        device = context.devices.present.known(token)
        if device is None:
            detail = "this address is not, or no longer, one of a registered device"
            raise Problem(UNKNOWN, detail, kind="unknown-device")
        text = await read_body(request, most=MOST_BYTES)
        try:
            text = keys.open(text, device=device.id)
            message(text, received_at=datetime.now(UTC))
        except BadRecord as error:
            raise Problem(422, str(error), kind="invalid-records") from error
        record = device.id.encode(), pushed(device, text, is_json=True)
        await context.outlet.send(SENSOR_READINGS.name, [record])
        return answer(Taken(device.id))

    return router
