"""Entities: customers and terminals as they are remembered, decisions as made."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.engine.partitioner import partition_for
from app.topics import CUSTOMER_ACTIVITY, TERMINAL_ACTIVITY
from web.api import examples
from web.api.models import answer
from web.api.schema import responses
from web.auth import Caller, requires
from web.context import Context
from web.problems import Problem
from web.users import at_least


def routes(context: Context) -> APIRouter:
    """Return the routes that look things up."""
    router = APIRouter()
    viewer = Depends(requires("viewer"))

    @router.get(
        "/v1/decisions/{id:path}",
        tags=["Decisions"],
        summary="The full evaluation of a payment",
        responses=responses({200: ("Decision", examples.DECISION)}, refused=(404, 503)),
    )
    async def decision(id: str, _: Caller = viewer) -> Response:  # noqa: A002 - as in the path
        """Return what was decided about a payment, and every reason for it.

        From the archive: a decision is there a moment after it was made.
        """
        found = await context.decision(id)
        if found is None:
            raise Problem(404, f"no decision on a payment {id!r} is in the archive")
        return answer(found)

    @router.get(
        "/v1/customers/{id:path}",
        tags=["Customers and terminals"],
        summary="What is remembered of a customer",
        responses=responses(
            {200: ("CustomerState", examples.CUSTOMER)}, refused=(404, 503)
        ),
    )
    async def customer(id: str, caller: Caller = viewer) -> Response:  # noqa: A002 - as in the path
        """Return a customer's row, wherever in the cluster it is kept."""
        return await remembered(
            context, "customers", CUSTOMER_ACTIVITY.name, id, caller
        )

    @router.get(
        "/v1/terminals/{id:path}",
        tags=["Customers and terminals"],
        summary="What is remembered of a terminal",
        responses=responses(
            {200: ("TerminalState", examples.TERMINAL)}, refused=(404, 503)
        ),
    )
    async def terminal(id: str, caller: Caller = viewer) -> Response:  # noqa: A002 - as in the path
        """Return a terminal's row, wherever in the cluster it is kept."""
        return await remembered(
            context, "terminals", TERMINAL_ACTIVITY.name, id, caller
        )

    return router


async def remembered(
    context: Context, noun: str, source: str, identity: str, caller: Caller
) -> Response:
    """Return a row as its table's owner has it; `source` feeds the table.

    The table is found by its source: a worker of another role than `score` has none,
    or one of another name, and must not declare it.
    """
    key = identity.encode(errors="replace")
    engine = context.app.engine
    table = engine.tables.get(source)
    partition = partition_for(key, context.settings.partitions)
    if table is not None and table.name != noun:
        table = None  # another role's, which learns other things from the same log
    if table is not None and engine.sought and partition in table.owned:
        row = table.find(key, partition_for)
        if row is None:
            raise Problem(
                404,
                f"nothing of {noun.removesuffix('s')} {identity!r} is remembered",
            )
        told = seen_by(caller, row.view())
        return answer({"id": identity, "worker": context.settings.worker, **told})
    owner = context.cluster.owner(source, key)
    if owner is None:
        detail = f"no worker owns partition {partition} of {source} now; ask again"
        raise Problem(503, detail, kind="rebalancing", retry_after=2)
    target = f"/v1/{noun}/{quote(identity, safe='')}"
    return await context.forwarder.get(owner, target, caller)


async def row(
    context: Context, noun: str, source: str, identity: str, caller: Caller
) -> bytes:
    """Return a row's JSON, as `remembered` answers it.

    Raises:
        Problem: 404, nothing is; 503, its worker does not answer.
    """
    told = await remembered(context, noun, source, identity, caller)
    body = bytes(told.body)
    if told.status_code != HTTPStatus.OK:
        raise Problem(told.status_code, msgspec.json.decode(body)["detail"])
    return body


def seen_by(caller: Caller, view: dict[str, Any]) -> dict[str, Any]:
    """Leave out of a row where somebody was, by card, phone or app, for viewers."""
    if at_least(caller.role, "analyst"):
        return view
    seen = view | dict.fromkeys(view.keys() & {"last_place", "last_place_at"})
    if "phones" in view:
        seen["phones"] = []
    if "app" in view:
        seen["app"] = {**view["app"], "sessions": []}
    return seen
