"""Labels: verdicts, chargebacks and all-clears in by HTTP."""

from datetime import UTC, datetime

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.capture import check_verdict
from app.decoding import decoded
from app.events.labels import TransactionLabel
from app.masking import masked
from app.topics import LABELS_BY_TRANSACTION
from web.api import examples
from web.api.models import Accepted, Verdict, answer
from web.api.records import MOST_BYTES, read_records
from web.api.schema import body, responses
from web.auth import Caller, requires
from web.bodies import read_body
from web.context import Context

_verdict = msgspec.json.Decoder(Verdict).decode
_encode = msgspec.json.Encoder().encode


def routes(context: Context) -> APIRouter:
    """Return the route that takes labels."""
    router = APIRouter(tags=["Labels"])
    analyst = Depends(requires("analyst"))

    @router.post(
        "/v1/labels",
        summary="Say what a payment turned out to be",
        status_code=202,
        responses=responses(
            {202: ("Accepted", examples.ACCEPTED)}, refused=(400, 413, 422, 503)
        ),
        openapi_extra=body(["Verdict"], examples.VERDICT, or_list=True),
    )
    async def send(request: Request, caller: Caller = analyst) -> Response:
        """Take one label, or up to 500: all of the request, or none.

        Customer and terminal are found in the archive; a label of a payment that is
        not there yet waits for it. Needs the role analyst.
        """
        stated = read_records(
            await read_body(request, most=MOST_BYTES),
            _read,
            noun="label",
        )
        verdicts = [one.record for one in stated]
        await send_verdicts(context, verdicts, author=caller.name)
        return answer(Accepted([one.transaction_id for one in verdicts]), 202)

    return router


def _read(value: bytes) -> Verdict:
    verdict = decoded(value, _verdict)
    check_verdict(fraud=verdict.fraud, kind=verdict.kind)
    return verdict


async def send_verdicts(
    context: Context, verdicts: list[Verdict], *, author: str
) -> None:
    """Bring verdicts of one author to Kafka.

    Raises:
        Problem: 503, Kafka did not take them all in time.
    """
    now = datetime.now(UTC)
    labels = [
        TransactionLabel(
            one.transaction_id,
            now,
            one.fraud,
            one.kind,
            one.scenario and masked(one.scenario),
            author,
        )
        for one in verdicts
    ]
    records = [(one.transaction_id.encode(), _encode(one)) for one in labels]
    await context.outlet.send(LABELS_BY_TRANSACTION.name, records)
