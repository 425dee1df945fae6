"""Lists: whom to block and whom to let through, by HTTP, with who did it and why."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from msgspec.structs import replace
from starlette.responses import Response

from app.errors import BadRecord, SettingError
from app.privacy.tokens import Tokens
from app.rules.lists import Entry, Kind, Verdict, same
from app.settings import secret
from app.topics import LISTS
from web.api import examples
from web.api.models import Listed, answer
from web.api.schema import body, responses
from web.auth import Caller, requires
from web.bodies import read_body
from web.context import Context
from web.list_files import checked, read_entries
from web.problems import Problem
from web.rulings import PATIENCE

MOST_BYTES = 2 * 1024 * 1024

_encode = msgspec.json.Encoder().encode


def routes(context: Context) -> APIRouter:
    """Return the routes to the lists."""
    router = APIRouter(tags=["Lists"])
    viewer = Depends(requires("viewer"))
    manager = Depends(requires("manager"))
    settings = context.settings

    def tokens() -> Tokens:
        try:
            key = secret(settings.token_key, "token_key")
        except SettingError as error:
            raise Problem(503, str(error), kind="unavailable") from error
        return Tokens(key, key_id=settings.token_key_id)

    @router.get(
        "/v1/lists",
        summary="Who is blocked and who is let through",
        responses=responses({200: ("Listed", examples.LISTED)}),
    )
    async def entries(
        kind: Kind | None = None,
        verdict: Verdict | None = None,
        removed: Annotated[bool, Query(description="Those taken off as well.")] = False,  # noqa: FBT002 - FastAPI's way
        most: Annotated[int, Query(ge=1, le=10_000)] = 1000,
        _: Caller = viewer,
    ) -> Response:
        """Return the entries, newest first; cards by their tokens."""
        found = [
            one
            for one in reversed(context.lists.present.entries.values())
            if kind in (None, one.kind) and verdict in (None, one.verdict)
            if removed or not one.removed
        ]
        return answer(Listed(found[:most]))

    @router.post(
        "/v1/lists",
        summary="Block, or let through",
        responses=responses(
            {200: ("Listed", examples.LISTED)}, refused=(400, 413, 422, 503)
        ),
        openapi_extra=body(["Listing"], examples.LISTING, or_list=True),
    )
    async def add(request: Request, caller: Caller = manager) -> Response:
        """List one, or up to 10,000 as JSON or (`text/csv`) CSV: all or none.

        An entry takes the place of the earlier one of the same verdict, kind and
        value. Every worker has it within a second. The number of a card is taken
        too, and only its token kept. Needs the role manager.
        """
        text = await read_body(request, most=MOST_BYTES)
        form = "csv" if "csv" in request.headers.get("content-type", "") else "json"
        read = read_entries(text, form=form, author=caller.name, tokens=tokens())
        return await _publish(context, read)

    @router.delete(
        "/v1/lists/{verdict}/{kind}/{value:path}",
        summary="Take somebody off a list",
        responses=responses(
            {200: ("Listed", examples.LISTED)}, refused=(404, 422, 503)
        ),
    )
    async def remove(
        verdict: Verdict,
        kind: Kind,
        value: str,
        reason: Annotated[str, Query(min_length=3, max_length=200)],
        caller: Caller = manager,
    ) -> Response:
        """Take somebody off; who did it and why is kept in the entry's place."""
        try:
            token = checked(kind, value, tokens())
        except BadRecord as error:
            raise Problem(422, str(error), kind="invalid-records") from error
        entry = context.lists.present.entries.get(f"{verdict}:{kind}:{token}".encode())
        if entry is None or entry.removed:
            raise Problem(404, f"no {kind} of that value is on the {verdict} list")
        gone = replace(entry, author=caller.name, reason=reason, removed=True, at=None)
        return await _publish(context, [gone])

    return router


async def _publish(context: Context, entries: Sequence[Entry]) -> Response:
    """Send entries; answer when Kafka has them and this worker goes by them."""
    records = [(entry.key, _encode(entry)) for entry in entries]
    newest = {entry.key: entry for entry in entries}.values()
    await context.outlet.send(LISTS.name, records)
    heard = await context.lists_follower.until(
        lambda: same(newest, context.lists.present), timeout=PATIENCE
    )
    if not heard:
        detail = "Kafka has the entries, and this worker has not heard of them yet"
        raise Problem(503, detail, kind="unavailable", retry_after=2)
    held = context.lists.present.entries
    return answer(Listed([held[entry.key] for entry in newest]))
