"""Operations: workers, tokens, and what monitors ask."""

from datetime import UTC, datetime

import msgspec
from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from web.api import examples
from web.api.metrics import registry
from web.api.models import (
    Health,
    Readiness,
    Token,
    TokenRequest,
    Worker,
    Workers,
    answer,
)
from web.api.schema import body, responses
from web.auth import Auth, Caller, requires
from web.bodies import read_body, stated
from web.context import Context
from web.drifts import drifts
from web.problems import Problem
from web.signatures import Claim
from web.state import owned, state
from web.users import at_least

READY = ("running", "standby")
_WORKER = [field.name for field in msgspec.structs.fields(Worker)]


def routes(context: Context, auth: Auth) -> APIRouter:
    """Return the routes that run the bank's monitoring, rather than use it."""
    router = APIRouter(tags=["Operations"])
    viewer = Depends(requires("viewer"))
    metrics = registry(context)

    @router.get(
        "/v1/workers",
        summary="The workers that are alive",
        responses=responses({200: ("Workers", examples.WORKERS)}),
    )
    async def workers(_: Caller = viewer) -> Response:
        """Return the newest pulse of each worker; one silent for 3 s is left out."""
        return answer(
            Workers(
                [
                    Worker(**{name: getattr(pulse, name) for name in _WORKER})
                    for pulse in context.cluster.workers()
                ]
            )
        )

    @router.get(
        "/v1/drift",
        summary="How far payments have moved from what the live model learnt from",
        responses=responses({200: ("Drifts", examples.DRIFTS)}, refused=(404,)),
    )
    async def drift(_: Caller = viewer) -> Response:
        """Return what all workers have seen of the last seven days of event time."""
        found = drifts(context)
        if found is None:
            raise Problem(404, "no model is live")
        return answer(found)

    @router.post(
        "/v1/tokens",
        summary="Make a token",
        status_code=201,
        responses=responses({201: ("Token", examples.TOKEN)}, refused=(400, 403, 422)),
        openapi_extra=body(["TokenRequest"], {"hours": 8}),
    )
    async def token(request: Request, caller: Caller = viewer) -> Response:
        """Return a token for a program. A token cannot make another one."""
        return answer(_token(auth, caller, await read_body(request, most=1024)), 201)

    @router.get(
        "/healthz",
        summary="Is it alive?",
        responses=responses({200: ("Health", {"status": "ok"})}, refused=(503,)),
    )
    async def healthz() -> Response:
        """Answer 503 when a partition with work has not moved for 30 s."""
        stuck = [f"{topic}-{partition}" for topic, partition in context.health.stuck]
        if stuck:
            detail = f"no progress for 30 s on {', '.join(stuck)}; restart this worker"
            raise Problem(503, detail, stuck=stuck)
        return answer(Health("ok"))

    @router.get(
        "/readyz",
        summary="Is it ready?",
        responses=responses({200: ("Readiness", examples.READINESS)}, refused=(503,)),
    )
    async def readyz() -> Response:
        """Answer 503 until state is restored and partitions are assigned."""
        now = state(context.app)
        name, role = context.settings.worker, context.settings.role
        if now not in READY:
            detail = f"worker {name} is {now}"
            raise Problem(503, detail, retry_after=1, state=now, worker=name, role=role)
        return answer(Readiness(now, name, role, owned(context.app)))

    @router.get(
        "/metrics",
        summary="Figures for Prometheus",
        responses={200: {"content": {"text/plain": {}}}},
    )
    async def figures() -> Response:
        """Return this worker's figures in Prometheus' text format."""
        return Response(generate_latest(metrics), media_type=CONTENT_TYPE_LATEST)

    return router


def _token(auth: Auth, caller: Caller, text: bytes) -> Token:
    """Make a token for a caller.

    Raises:
        Problem: 403, the caller has a token only, or asks for more than it may do;
            400 or 422, the request does not fit.
    """
    user = auth.users.find(caller.name)
    if user is None or caller.via not in ("session", "password"):
        raise Problem(403, "log in with a password to make a token")
    wanted = stated(text, TokenRequest)
    role = wanted.role or caller.role
    if not at_least(caller.role, role):
        raise Problem(403, f"{caller.name} is {caller.role}, and cannot give {role}")
    until = int(auth.clock()) + wanted.hours * 3600
    claim = Claim(user.name, role, until)
    text_of = auth.signatures.claim("token", claim, user)
    return Token(text_of, user.name, role, datetime.fromtimestamp(until, UTC))
