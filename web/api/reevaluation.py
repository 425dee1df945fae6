"""Reevaluation: a past decision made again, by the rules as they stood or by others."""

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.errors import RuleError
from app.events.decisions import Decision
from app.features.catalogue import READABLE
from app.rules.compiled import compile_ruleset
from app.rules.ruleset import Ruleset
from app.scoring.decide import Evaluation, decide
from web.api import examples
from web.api.models import Reevaluated, answer
from web.api.schema import responses
from web.auth import Caller, requires
from web.context import Context
from web.problems import Problem
from web.rulings import of_version


def routes(context: Context) -> APIRouter:
    """Return the route that evaluates a decision again."""
    router = APIRouter(tags=["Decisions"])
    viewer = Depends(requires("viewer"))

    @router.post(
        "/v1/decisions/{id:path}/reevaluate",
        summary="Evaluate a past decision again",
        responses=responses(
            {200: ("Reevaluated", examples.REEVALUATED)}, refused=(404, 422, 503)
        ),
    )
    async def again(
        id: str,  # noqa: A002 - as in the path
        ruleset: str | None = None,
        _: Caller = viewer,
    ) -> Response:
        """Evaluate a payment again: its features as they were, by a ruleset's version.

        Without a version by the ruleset that decided. Nothing is changed. The lists
        are not asked: the outcome is what the rules alone give.
        """
        found = await context.decision(id)
        if found is None:
            raise Problem(404, f"no decision on a payment {id!r} is in the archive")
        decision = msgspec.convert(found, Decision)
        version = ruleset or decision.versions.ruleset
        rules = of_version(context.rules.book, version)
        return answer(Reevaluated(id, version, decision, _evaluated(decision, rules)))

    return router


def _evaluated(decision: Decision, ruleset: Ruleset) -> Evaluation:
    """Evaluate by the features that the decision carries.

    One that it does not carry is null: nobody knew it then.

    Raises:
        Problem: 422, the ruleset reads a feature that is no longer known.
    """
    try:
        own = {one.name for one in ruleset.aggregates}
        names = [*dict.fromkeys((*READABLE, *decision.features))]
        rules = compile_ruleset(ruleset, [name for name in names if name not in own])
    except RuleError as error:
        detail = f"ruleset {ruleset.version} does not fit this decision: {error}"
        raise Problem(422, detail) from error
    vector = [decision.features.get(name) for name in rules.features]
    (evaluation,) = decide([vector], [decision.payment], rules=rules)
    return evaluation
