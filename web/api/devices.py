"""Devices: registered, listed, given a new secret, and shut out, by HTTP."""

import secrets
from datetime import UTC, datetime

import msgspec
from fastapi import APIRouter, Depends, Request
from msgspec.structs import replace
from starlette.responses import Response

from app.events.devices import Device, Registration
from app.masking import masked
from app.sensors.registry import SECRET_BYTES, hashed, token
from app.topics import DEVICES, SENSOR_READINGS
from web.api import examples
from web.api.entities import remembered
from web.api.models import DeviceList, DeviceSummary, NewDevice, answer
from web.api.schema import body, responses
from web.auth import Caller, requires
from web.bodies import read_body, stated
from web.context import Context
from web.problems import Problem
from web.rulings import PATIENCE

MOST_BYTES = 4096
_encode = msgspec.json.Encoder().encode


def routes(context: Context) -> APIRouter:
    """Return the routes to the register of devices."""
    router = APIRouter(tags=["Devices"])
    analyst = Depends(requires("analyst"))
    manager = Depends(requires("manager"))

    @router.get(
        "/v1/devices",
        summary="The registered devices",
        responses=responses({200: ("DeviceList", examples.DEVICES)}),
    )
    async def devices(customer_id: str | None = None, _: Caller = analyst) -> Response:
        """Return the devices, all or one customer's; no secret is ever shown again."""
        entries = context.devices.present.entries.values()
        return answer(
            DeviceList(
                [
                    summary(one)
                    for one in entries
                    if customer_id in (None, one.customer_id)
                ]
            )
        )

    @router.get(
        "/v1/devices/{id}",
        summary="What is remembered of a device",
        responses=responses(
            {200: ("DeviceState", examples.DEVICE_STATE)}, refused=(404, 503)
        ),
    )
    async def device(id: str, caller: Caller = analyst) -> Response:  # noqa: A002 - as in the path
        """Return a device's row, wherever in the cluster it is kept."""
        return await remembered(context, "devices", SENSOR_READINGS.name, id, caller)

    @router.post(
        "/v1/devices",
        summary="Register a device",
        status_code=201,
        responses=responses(
            {201: ("NewDevice", examples.NEW_DEVICE)}, refused=(400, 409, 422, 503)
        ),
        openapi_extra=body(["Registration"], examples.REGISTRATION),
    )
    async def register(request: Request, caller: Caller = manager) -> Response:
        """Register a phone to a customer, or a cash machine to its terminal.

        The answer holds the address to push to, with a secret that is shown this
        once. Needs the role manager.
        """
        wanted = _read(await read_body(request, most=MOST_BYTES))
        identity = wanted.id or f"{wanted.kind}-{secrets.token_hex(6)}"
        if identity in context.devices.present.entries:
            detail = f"{identity} is registered; give it a new secret, or another id"
            raise Problem(409, detail)
        made = Device(
            id=identity,
            kind=wanted.kind,
            customer_id=wanted.customer_id,
            terminal_id=wanted.terminal_id,
            name=masked(wanted.name),
            keep_raw=wanted.keep_raw,
            synthetic=wanted.synthetic,
            author=caller.name,
        )
        return answer(await _give_secret(context, made), 201)

    @router.post(
        "/v1/devices/{id}/secret",
        summary="Give a device a new secret",
        status_code=201,
        responses=responses(
            {201: ("NewDevice", examples.NEW_DEVICE)}, refused=(404, 503)
        ),
    )
    async def renew(id: str, caller: Caller = manager) -> Response:  # noqa: A002 - as in the path
        """Return a new address; the one before is refused from then on."""
        known = replace(_known(context, id), author=caller.name, reason="")
        return answer(await _give_secret(context, known), 201)

    @router.delete(
        "/v1/devices/{id}",
        summary="Shut a device out",
        responses=responses(
            {200: ("DeviceSummary", examples.DEVICE)}, refused=(404, 503)
        ),
    )
    async def revoke(id: str, reason: str = "", caller: Caller = manager) -> Response:  # noqa: A002 - as in the path
        """Revoke a device's secret: nothing that it sends is taken any more."""
        known = _known(context, id)
        gone = replace(
            known,
            secret_hash="",
            author=caller.name,
            reason=masked(reason[:200]),
            at=None,
        )
        return answer(summary(await _publish(context, gone)))

    return router


def summary(device: Device) -> DeviceSummary:
    """Return what may be shown of a device."""
    return DeviceSummary(
        id=device.id,
        kind=device.kind,
        customer_id=device.customer_id,
        terminal_id=device.terminal_id,
        name=device.name,
        keep_raw=device.keep_raw,
        synthetic=device.synthetic,
        active=bool(device.secret_hash),
        author=device.author,
        reason=device.reason,
        at=device.at,
    )


def _read(text: bytes) -> Registration:
    wanted = stated(text, Registration)
    if (wanted.kind == "phone") != (wanted.customer_id is not None):
        detail = "customer_id: a phone has a customer, and a cash machine has none"
        raise Problem(422, detail)
    if wanted.kind == "phone" and wanted.terminal_id is not None:
        detail = "terminal_id: a phone has none, only a cash machine"
        raise Problem(422, detail)
    return wanted


def _known(context: Context, identity: str) -> Device:
    device = context.devices.present.entries.get(identity)
    if device is None:
        raise Problem(404, f"no device {identity!r} is registered")
    return device


async def _give_secret(context: Context, device: Device) -> NewDevice:
    secret = secrets.token_urlsafe(SECRET_BYTES)
    made = replace(device, secret_hash=hashed(secret), at=None)
    told = await _publish(context, made)
    stated = token(device.id, secret)
    return NewDevice(
        device.id,
        stated,
        f"/v1/sensors/{stated}",
        told.at or datetime.now(UTC),
        device.customer_id,
    )


async def _publish(context: Context, device: Device) -> Device:
    """Send an entry; return it when Kafka has it and this worker goes by it."""
    await context.outlet.send(DEVICES.name, [(device.id.encode(), _encode(device))])

    def told() -> bool:
        held = context.devices.present.entries.get(device.id)
        return held is not None and replace(held, at=None) == device

    if not await context.devices_follower.until(told, timeout=PATIENCE):
        detail = "Kafka has the device, and this worker has not heard of it yet"
        raise Problem(503, detail, kind="unavailable", retry_after=2)
    return context.devices.present.entries[device.id]
