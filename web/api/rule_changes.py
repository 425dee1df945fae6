"""Rule changes: one at a time, each with who made it and why."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from app.rules import changes
from app.rules.ruleset import Rule, Ruleset, State
from web.api import examples
from web.api.models import answer
from web.api.rules import summary
from web.api.schema import body, responses
from web.auth import Caller, requires
from web.context import Context
from web.problems import Problem
from web.rule_files import read_rules
from web.rulings import change, of_version

Comment = Annotated[
    str, Query(min_length=3, max_length=500, description="Why; the history keeps it.")
]
Match = Annotated[
    str | None, Header(alias="If-Match", description="The version that was seen.")
]


def seen(match: str | None) -> str | None:
    """Return the version that an If-Match names.

    >>> seen('W/"a1"'), seen('"a1"'), seen(None)
    ('a1', 'a1', None)
    """
    return match.strip().removeprefix("W/").strip('"') if match else None


async def changed(
    context: Context, make: Any, caller: Caller, comment: str, match: str | None
) -> Response:
    """Change the ruleset; answer with what that changed, and its new version."""
    told = await change(
        context,
        make,
        author=caller.name,
        comment=comment,
        match=seen(match),
    )
    found = answer(summary(context.rules.book, told))
    found.headers["etag"] = f'"{told.ruleset.version}"'
    return found


def routes(context: Context) -> APIRouter:
    """Return the routes that change rules."""
    router = APIRouter(tags=["Rules"])
    manager = Depends(requires("manager"))
    book = context.rules.book
    good = {200: ("RevisionSummary", examples.REVISION)}
    refused = (404, 409, 412, 422, 428, 503)

    @router.put(
        "/v1/rules/{name}",
        summary="Create or change a rule",
        responses=responses(good, refused=refused),
        openapi_extra=body(["Rule"], examples.RULE),
    )
    async def put(
        name: str,
        request: Request,
        comment: Comment,
        match: Match = None,
        caller: Caller = manager,
    ) -> Response:
        """Put a rule in the place of the one of its name, or at the end.

        A rule that is to be live must have been backtested as it is (409 else); as
        shadow or off it may be saved at once. Version and author are ours to give.
        """
        rule = await read_rules(request, name=name)
        if not isinstance(rule, Rule):
            raise Problem(422, "got a whole ruleset, expected one rule")
        make = partial(changes.with_rule, rule=rule, author=caller.name)
        return await changed(context, make, caller, comment, match)

    @router.post(
        "/v1/rules/{name}/state",
        summary="Make a rule live, shadow or off",
        responses=responses(good, refused=refused),
    )
    async def state(
        name: str,
        to: State,
        comment: Comment,
        match: Match = None,
        caller: Caller = manager,
    ) -> Response:
        """Change how a rule counts; live needs a backtest of the rule as it is."""
        make = partial(changes.with_state, name=name, state=to, author=caller.name)
        return await changed(context, make, caller, comment, match)

    @router.delete(
        "/v1/rules/{name}",
        summary="Take a rule out",
        responses=responses(good, refused=refused),
    )
    async def delete(
        name: str, comment: Comment, match: Match = None, caller: Caller = manager
    ) -> Response:
        """Take a rule out of the ruleset; earlier versions keep it."""
        make = partial(changes.without, name=name, author=caller.name)
        return await changed(context, make, caller, comment, match)

    @router.post(
        "/v1/rules/import",
        summary="Put a whole ruleset in place",
        responses=responses(good, refused=(400, 413, *refused)),
        openapi_extra=body(["Ruleset"], examples.RULESET),
    )
    async def take(
        request: Request,
        comment: Comment,
        match: Match = None,
        caller: Caller = manager,
    ) -> Response:
        """Take bands and all rules from a file, JSON or (`application/toml`) TOML.

        Rules that do not differ keep their version and author.
        """
        ruleset = await read_rules(request)
        if not isinstance(ruleset, Ruleset):
            raise Problem(422, "got one rule, expected a ruleset with bands and rules")
        make = partial(changes.stamped, after=ruleset, author=caller.name)
        return await changed(context, make, caller, comment, match)

    @router.post(
        "/v1/rules/rollback",
        summary="Let an earlier version decide again",
        responses=responses(good, refused=refused),
    )
    async def rollback(
        version: str, comment: Comment, match: Match = None, caller: Caller = manager
    ) -> Response:
        """Put a ruleset in place that has decided before, exactly as it stood."""
        earlier = of_version(book, version)
        return await changed(context, lambda _: earlier, caller, comment, match)

    return router
