"""Transactions: payments in by HTTP, with or without waiting for their decisions."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.capture import transaction
from app.topics import TRANSACTIONS
from web.api import examples
from web.api.awaiting import Awaiting
from web.api.models import Accepted, answer
from web.api.records import MOST_BYTES, read_records
from web.api.schema import body, responses
from web.auth import Caller, requires
from web.bodies import read_body
from web.context import Context
from web.problems import Problem


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

        The answer comes when Kafka has them. A payment whose id its customer has
        sent before is accepted, and changes nothing. Needs the role analyst.
        """
        stated = read_records(
            await read_body(request, most=MOST_BYTES),
            partial(
                transaction,
                received_at=datetime.now(UTC),
                currency=context.settings.currency,
            ),
            noun="payment",
        )
        ids = [one.record.id for one in stated]
        records = [(one.record.customer_id.encode(), one.value) for one in stated]
        if wait is None:
            await context.outlet.send(TRANSACTIONS.name, records)
            return answer(Accepted(ids), 202)
        awaiting = Awaiting(context, caller, [one.record for one in stated])
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
