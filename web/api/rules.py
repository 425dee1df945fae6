"""Rules: as they are, as they stood, who changed them, and whether new ones fit."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.rules import changes
from app.rules.rulebook import Revision, Rulebook
from app.rules.ruleset import Ruleset
from web.api import examples
from web.api.models import (
    Backtests,
    Checked,
    Differences,
    History,
    RevisionSummary,
    answer,
)
from web.api.schema import body, responses
from web.auth import Caller, requires
from web.context import Context
from web.rule_files import TOML, read_rules, written
from web.rulings import check, of_version, planned


def routes(context: Context) -> APIRouter:
    """Return the routes that read and check rules."""
    router = APIRouter(tags=["Rules"])
    viewer = Depends(requires("viewer"))
    book = context.rules.book

    @router.get(
        "/v1/rules",
        summary="The rules that decide now",
        responses=responses({200: ("Ruleset", examples.RULESET)}),
    )
    async def rules(_: Caller = viewer) -> Response:
        """Return the running ruleset; its version is the ETag."""
        return _tagged(context.rules.present.rules.ruleset)

    @router.get(
        "/v1/rules/export",
        summary="The rules as a file",
        responses=responses({}) | {200: {"content": {TOML: {}}}},
    )
    async def export(
        form: Literal["toml", "json"] = "toml", _: Caller = viewer
    ) -> Response:
        """Return the running ruleset as a file that import takes."""
        ruleset = context.rules.present.rules.ruleset
        name = f'attachment; filename="rules-{ruleset.version}.{form}"'
        data, media = written(ruleset, form)
        return Response(data, 200, {"content-disposition": name}, media_type=media)

    @router.get(
        "/v1/rules/history",
        summary="Who changed the rules, when and why",
        responses=responses({200: ("History", examples.HISTORY)}),
    )
    async def history(
        most: Annotated[int, Query(ge=1, le=1000)] = 100, _: Caller = viewer
    ) -> Response:
        """Return the changes, newest first, each with what it changed."""
        newest = reversed(book.revisions[-most:])
        return answer(History([summary(book, one) for one in newest]))

    @router.get(
        "/v1/rules/backtests",
        summary="What was tried on the archive",
        responses=responses({200: ("Backtests", examples.BACKTESTS)}),
    )
    async def backtests(_: Caller = viewer) -> Response:
        """Return the newest backtest of each rule, and of the bands, as tried."""
        return answer(Backtests(list(book.backtests.values())))

    @router.get(
        "/v1/rules/diff",
        summary="What differs between two versions",
        responses=responses(
            {200: ("Differences", examples.DIFFERENCES)}, refused=(404,)
        ),
    )
    async def diff(before: str, after: str, _: Caller = viewer) -> Response:
        """Return what two versions do not have in common."""
        old, new = of_version(book, before), of_version(book, after)
        return answer(Differences(before, after, changes.diff(old, new)))

    @router.get(
        "/v1/rulesets/{version}",
        summary="The rules as they stood",
        responses=responses({200: ("Ruleset", examples.RULESET)}, refused=(404,)),
    )
    async def ruleset(version: str, _: Caller = viewer) -> Response:
        """Return a ruleset that decides or has decided: decisions name its version."""
        return _tagged(of_version(book, version))

    @router.post(
        "/v1/rules/validate",
        summary="Can these rules be evaluated?",
        responses=responses(
            {200: ("Checked", examples.CHECKED)}, refused=(400, 413, 422)
        ),
        openapi_extra=body(["Rule", "Ruleset"], examples.RULE),
    )
    async def validate(request: Request, caller: Caller = viewer) -> Response:
        """Check a rule, or a whole ruleset; nothing is changed.

        422 names every fault: rule, field, line, column, and the nearest feature.
        """
        given = await read_rules(request)
        before = book.head.ruleset
        after = planned(before, given, author=caller.name)
        await asyncio.to_thread(check, after)
        told = changes.diff(before, after)
        return answer(Checked(after.version, book.unproven(after), told))

    return router


def _tagged(ruleset: Ruleset) -> Response:
    found = answer(ruleset)
    found.headers["etag"] = f'"{ruleset.version}"'
    return found


def summary(book: Rulebook, revision: Revision) -> RevisionSummary:
    """Sum a revision up by what it changed."""
    before = book.revisions[max(revision.number - 1, 0)].ruleset
    return RevisionSummary(
        revision.number,
        revision.ruleset.version,
        revision.author,
        revision.comment,
        revision.at,
        changes.diff(before, revision.ruleset),
    )
