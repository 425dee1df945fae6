"""Sketches: what was seen before, and fair samples of payments, by HTTP."""

from fastapi import APIRouter, Depends
from msgspec.structs import replace
from starlette.responses import Response

from web import sketched
from web.api import examples
from web.api.models import answer
from web.api.schema import responses
from web.auth import Caller, requires
from web.context import Context
from web.sketches import wanted_stratum


def routes(context: Context) -> APIRouter:
    """Return the routes to the sketches."""
    router = APIRouter(tags=["Sketches"])
    analyst = Depends(requires("analyst"))

    @router.get(
        "/v1/sketches",
        summary="How full the filters are, and what the samples stand for",
        responses=responses({200: ("Sketched", examples.SKETCHED)}, refused=(503,)),
    )
    async def filled(caller: Caller = analyst) -> Response:
        """Return each filter's fill and error, and each stratum's share.

        The error is told thrice: as configured, as the fill lets expect, and as
        measured by asking for things that cannot exist.
        """
        return answer(await sketched.summary(context, caller))

    @router.get(
        "/v1/sketches/seen",
        summary="Whether a device, card, terminal or place was seen before",
        responses=responses({200: ("Seen", examples.SEEN)}, refused=(422, 503)),
    )
    async def seen(
        kind: str, value: str, segment: str | None = None, caller: Caller = analyst
    ) -> Response:
        """Say whether a thing was seen, over all or among a segment's customers.

        A card is named by its token, a place by `latitude,longitude`; of places only
        those of sampled payments are known.
        """
        found = await sketched.seen(context, caller, kind, value, segment=segment)
        return answer(found)

    @router.get(
        "/v1/samples",
        summary="A fair sample of payments",
        responses=responses({200: ("Samples", examples.SAMPLES)}, refused=(422, 503)),
    )
    async def sampled(
        segment: str | None = None,
        outcome: str | None = None,
        channel: str | None = None,
        caller: Caller = analyst,
    ) -> Response:
        """Return the samples of all strata, or of those that are asked for.

        Of each stratum as many payments are kept, however rare it is; to count with
        them, weigh each by what it stands for. `weighted` is one short sample of all
        strata, in which a payment is the likelier the rarer its stratum is.
        """
        asked = wanted_stratum(segment, outcome, channel)
        found = await sketched.sample(context, caller)
        chosen = [
            one
            for one in found.strata
            if all(getattr(one, name) == value for name, value in asked.items())
        ]
        names = {(one.segment, one.outcome, one.channel) for one in chosen}
        payments, weighted = (
            [
                one
                for one in sampled
                if (one.payment.segment, one.payment.outcome, one.payment.channel)
                in names
            ]
            for sampled in (found.payments, found.weighted)
        )
        return answer(
            replace(found, strata=chosen, payments=payments, weighted=weighted)
        )

    return router
