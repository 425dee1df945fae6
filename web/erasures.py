"""Erasures: a customer's key destroyed, and what no key protects dropped."""

import asyncio
from datetime import UTC, datetime

import msgspec
from msgspec import Struct, convert
from msgspec.structs import replace

from app.customer_keys import Erasure
from app.errors import SettingError, SmartbankError
from app.events.erasures import Erased
from app.events.payments import Id
from app.events.readings import Push
from app.influx import Influx
from app.masking import masked
from app.misfits import misfit
from app.topics import CUSTOMER_ACTIVITY, DEVICES, SENSOR_READINGS
from web.bodies import stated
from web.context import Context
from web.problems import Problem

MOST_BYTES = 4096
_encode = msgspec.json.Encoder().encode


class Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a customer is to be erased; the reason is kept for ever."""

    reason: str


def read(text: bytes) -> Wish:
    """Read the body of a request.

    Raises:
        Problem: 400 or 422, it does not fit.
    """
    return stated(text, Wish)


async def erase(
    context: Context, customer: str, *, author: str, reason: str
) -> Erasure:
    """Erase a customer; again is the same once more, and repairs what was cut off.

    The key is destroyed first: from then on nothing that is sealed opens. Then the
    phones are shut out, the customer's row is dropped, and phones' readings are; what
    they had pushed before goes once the log has come to it.

    Raises:
        Problem: 422, that is no customer's id, or no reason; 409, nothing is sealed
            here; 503, a store or Kafka is away.
    """
    if not 3 <= len(reason) <= 200:  # noqa: PLR2004 - as of a list's entry
        got = f"reason: got {len(reason)} characters, expected 3 to 200"
        raise Problem(422, got)
    try:
        convert(customer, Id)
    except msgspec.ValidationError as error:
        raise Problem(422, f"id: {misfit(error, Id).why}") from error
    now = datetime.now(UTC)
    try:
        done = await asyncio.to_thread(
            context.keys.erase,
            customer,
            author=author,
            reason=masked(reason),
            at=now,
        )
        phones = [
            one
            for one in context.devices.present.entries.values()
            if one.customer_id == customer or one.reason == _gone(customer)
        ]
        shut = [
            replace(
                one,
                secret_hash="",
                customer_id=None,
                name="",
                author=author,
                reason=_gone(customer),
                at=None,
            )
            for one in phones
        ]
        if shut:
            records = [(one.id.encode(), _encode(one)) for one in shut]
            await context.outlet.send(DEVICES.name, records)
            ends = [
                Push(one.id, [], customer, synthetic=one.synthetic, erased_at=now)
                for one in phones
            ]
            told = [(one.device_id.encode(), _encode(one)) for one in ends]
            await context.outlet.send(SENSOR_READINGS.name, told)
        record = customer.encode(), _encode(Erased(customer, now))
        await context.outlet.send(CUSTOMER_ACTIVITY.name, [record])
        if phones and (influx := Influx.of(context.settings)):
            await asyncio.to_thread(influx.forget, [one.id for one in phones])
    except SettingError as error:
        raise Problem(409, str(error)) from error
    except SmartbankError as error:
        raise Problem(503, str(error), kind="unavailable", retry_after=5) from error
    return done


async def erasure(context: Context, customer: str) -> Erasure | None:
    """Return that a customer was erased, or None.

    Raises:
        Problem: 503, Mongo is away.
    """
    try:
        return await asyncio.to_thread(context.keys.erasure, customer)
    except SmartbankError as error:
        raise Problem(503, str(error), kind="unavailable", retry_after=5) from error


def _gone(customer: str) -> str:
    return f"customer {customer} erased"
