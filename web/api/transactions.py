"""Transactions: payments in by HTTP, with or without waiting for their decisions."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from msgspec import Raw, Struct
from starlette.responses import Response

from app.capture import transaction
from app.errors import BadRecord
from app.events.payments import Transaction
from app.topics import TRANSACTIONS
from web.api import examples
from web.api.awaiting import Awaiting
from web.api.models import Accepted, answer
from web.api.schema import body, responses
from web.auth import Caller, requires
from web.bodies import read_body
from web.context import Context
from web.problems import Problem

MOST_BYTES = 1024 * 1024
MOST_PAYMENTS = 500

_several = msgspec.json.Decoder(list[Raw]).decode
_any = msgspec.json.Decoder().decode


class Stated(Struct, frozen=True):
    """A payment as it was sent, and as it was understood."""

    value: bytes
    payment: Transaction


def routes(context: Context) -> APIRouter:
    """Return the routes that take payments."""
    router = APIRouter(tags=["Transactions"])
    analyst = Depends(requires("analyst"))

    @router.post(
        "/v1/transactions",
        summary="Send one payment, or up to 500",
        status_code=202,
        responses=responses(
            {202: ("Accepted", examples.ACCEPTED), 200: ("Decided", examples.DECIDED)},
            refused=(400, 413, 422, 503, 504),
        ),
        openapi_extra=body(["Transaction"], examples.TRANSACTION, or_list=True),
    )
    async def send(
        request: Request,
        wait: Annotated[
            Literal["decision"] | None,
            Query(description="`decision` waits, up to 10 s, and answers 200."),
        ] = None,
        caller: Caller = analyst,
    ) -> Response:
        """Take payments: all of the request, or none where one does not fit.

        The answer comes when Kafka has them. A payment whose id was sent before is
        accepted, and changes nothing. Needs the role analyst.
        """
        stated = read_payments(
            await read_body(request, most=MOST_BYTES),
            currency=context.settings.currency,
            now=datetime.now(UTC),
        )
        ids = [one.payment.id for one in stated]
        records = [(one.payment.customer_id.encode(), one.value) for one in stated]
        if wait is None:
            await context.outlet.send(TRANSACTIONS.name, records)
            return answer(Accepted(ids), 202)
        awaiting = Awaiting(context, caller, [one.payment for one in stated])
        async with awaiting.listening():
            await context.outlet.send(TRANSACTIONS.name, records)
            await awaiting.all()
        if awaiting.pending:
            detail = f"{len(awaiting.pending)} of {len(ids)} are not decided in time"
            pending = [one for one in dict.fromkeys(ids) if one in awaiting.pending]
            found = awaiting.decisions()
            raise Problem(
                504, detail, kind="decision-pending", pending=pending, decisions=found
            )
        return answer({"decisions": awaiting.decisions()})

    return router


def read_payments(text: bytes, *, currency: str, now: datetime) -> Sequence[Stated]:
    """Return the payments of a request.

    Raises:
        Problem: 400, it is no JSON; 422, it is too much or too little, or some
            payment does not fit: all that is wrong is named.
    """
    values = _values(text)
    stated, errors = [], []
    for index, value in enumerate(values):
        try:
            payment = transaction(value, received_at=now, currency=currency)
        except BadRecord as error:
            errors.append(_error(index, error))
        else:
            stated.append(Stated(value, payment))
    if errors:
        first = errors[0]
        detail = (
            f"payment {first['index']}, {first['field']}: got {first['got']}, "
            f"expected {first['expected']}"
        )
        raise Problem(422, detail, kind="invalid-records", errors=errors)
    return stated


def _values(text: bytes) -> list[bytes]:
    try:
        _any(text)  # the parts are only looked at one by one, below
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"the body is no JSON: {error}") from error
    if text.lstrip()[:1] != b"[":
        return [text]
    values = [bytes(raw) for raw in _several(text)]
    if not 1 <= len(values) <= MOST_PAYMENTS:
        got, expected = f"{len(values)} payments", f"1 to {MOST_PAYMENTS}"
        wrong = {"field": "$", "got": got, "expected": expected}
        detail = f"got {got}, expected {expected} in one request"
        raise Problem(422, detail, kind="invalid-records", errors=[wrong])
    return values


def _error(index: int, error: BadRecord) -> dict[str, object]:
    return {
        "index": index,
        "field": error.field,
        "got": error.got,
        "expected": error.expected,
    }
