"""Aggregates: numbers over windows that are declared, not programmed."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.events.aggregates import Aggregate
from app.features.declarations import definition
from app.rules import changes
from app.rules.errors import AggregateInUse
from app.rules.ruleset import Ruleset
from web.api import examples
from web.api.models import Aggregates, Checked, answer
from web.api.rule_changes import Comment, Match, changed
from web.api.schema import body, responses
from web.auth import Caller, requires
from web.bodies import read_body
from web.context import Context
from web.declaring import stated, states
from web.problems import Problem
from web.rulings import check

MOST_BYTES = 64 * 1024


def routes(context: Context) -> APIRouter:
    """Return the routes to the aggregates."""
    router = APIRouter(tags=["Aggregates"])
    viewer = Depends(requires("viewer"))
    manager = Depends(requires("manager"))
    book = context.rules.book
    good = {200: ("RevisionSummary", examples.REVISION)}
    refused = (404, 409, 412, 422, 428, 503)

    @router.get(
        "/v1/aggregates",
        summary="What is aggregated",
        responses=responses({200: ("Aggregates", examples.AGGREGATES)}),
    )
    async def aggregates(_: Caller = viewer) -> Response:
        """Return the aggregates, each with its state; the rules' version is the ETag.

        `backfilling` until rows have what the archive holds: its value is null. Then
        `live`.
        """
        found = answer(Aggregates(states(book)))
        found.headers["etag"] = f'"{book.head.ruleset.version}"'
        return found

    @router.post(
        "/v1/aggregates/validate",
        summary="Can this be aggregated?",
        responses=responses(
            {200: ("Checked", examples.CHECKED)}, refused=(400, 409, 413, 422)
        ),
        openapi_extra=body(["Aggregate"], examples.AGGREGATE),
    )
    async def validate(request: Request, caller: Caller = viewer) -> Response:
        """Check an aggregate; nothing is changed.

        422 names the field that is at fault, and the place in the condition.
        """
        given = await read_aggregate(request)
        before = book.head.ruleset
        try:
            after = changes.with_aggregate(before, given, author=caller.name)
        except AggregateInUse as error:
            raise Problem(409, str(error), kind="aggregate-in-use") from error
        await asyncio.to_thread(check, after)
        told = changes.diff(before, after)
        return answer(Checked(after.version, book.unproven(after), told))

    @router.put(
        "/v1/aggregates/{name}",
        summary="Declare an aggregate",
        responses=responses(good, refused=(400, 413, *refused)),
        openapi_extra=body(["Aggregate"], examples.AGGREGATE),
    )
    async def put(
        name: str,
        request: Request,
        comment: Comment,
        match: Match = None,
        caller: Caller = manager,
    ) -> Response:
        """Declare one, or another of its name that no rule reads (409 else).

        One that the live model reads does not become another either.

        It is aggregated at once, in every worker; what the archive holds of it is told
        within seconds, and from then on rules have its value.
        """
        given = await read_aggregate(request, name=name)
        make: Any = partial(changes.with_aggregate, given=given, author=caller.name)
        return await changed(context, _kept(context, make), caller, comment, match)

    @router.delete(
        "/v1/aggregates/{name}",
        summary="Take an aggregate out",
        responses=responses(good, refused=refused),
    )
    async def delete(
        name: str, comment: Comment, match: Match = None, caller: Caller = manager
    ) -> Response:
        """Take one out that neither rules nor the live model read (409 else).

        Rows forget it.
        """
        make: Any = partial(changes.without_aggregate, name=name, author=caller.name)
        return await changed(context, _kept(context, make), caller, comment, match)

    return router


def _kept(context: Context, make: Callable[[Ruleset], Ruleset]) -> Any:
    """Refuse, as 409, a change of what the live model reads."""

    def made(before: Ruleset) -> Ruleset:
        after = make(before)
        live = context.models.present.live
        stays = [definition(one) for one in after.aggregates]
        read = live.facts.aggregates if live else ()
        for one in before.aggregates:
            if live and one.name in read and definition(one) not in stays:
                raise AggregateInUse(one.name, [f"the live model {live.version}"])
        return after

    return made


async def read_aggregate(request: Request, *, name: str | None = None) -> Aggregate:
    """Read an aggregate, its name as in the path where there is one.

    Raises:
        Problem: 400, 413 or 422.
    """
    text = await read_body(request, most=MOST_BYTES)
    try:
        raw = msgspec.json.decode(text)
        if name and isinstance(raw, dict) and raw.setdefault("name", name) != name:
            detail = f"got name {raw['name']!r}, expected {name!r} as in the path"
            raise Problem(422, detail, kind="invalid-aggregate")
        return stated(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"the body is no JSON: {error}") from error
