"""Profiles: who a customer is, asked of the row's owner and of the archive."""

import asyncio
from collections.abc import Awaitable
from http import HTTPStatus
from typing import TypeVar

import msgspec

from app.profiles.past import Known, Paid
from app.profiles.profile import Profile, profile_of, without_whereabouts
from app.topics import CUSTOMER_ACTIVITY
from web.api.entities import row
from web.api.models import CustomerState
from web.auth import Caller
from web.context import Context
from web.problems import Problem
from web.users import at_least

MOST = 500
"""Newest decisions that a profile is made of."""
T = TypeVar("T")

_state = msgspec.json.Decoder(CustomerState).decode


async def state_of(context: Context, identity: str, caller: Caller) -> CustomerState:
    """Return what is remembered of a customer, whichever worker keeps it.

    Raises:
        Problem: 404, nothing is; 503, its worker does not answer.
    """
    topic = CUSTOMER_ACTIVITY.name
    return _state(await row(context, "customers", topic, identity, caller))


async def profile(context: Context, identity: str, caller: Caller) -> Profile:
    """Return a customer's profile, as far as the caller may see it.

    Where one of the two does not answer it is made of the other.

    Raises:
        Problem: 404, nothing is known of the customer; 503, nobody answers.
    """
    (state, no_state), (found, no_archive) = await asyncio.gather(
        _tried(state_of(context, identity, caller)),
        _tried(context.of_customer(identity, MOST)),
    )
    missing = [
        name
        for name, problem in (("state", no_state), ("archive", no_archive))
        if problem and problem.status != HTTPStatus.NOT_FOUND
    ]
    if not (state or found):
        if missing:
            raise no_archive or no_state or Problem(503, "nobody answers")
        detail = f"nothing of customer {identity!r} is remembered or archived"
        raise Problem(404, detail)
    known = state and msgspec.convert(state, Known, from_attributes=True)
    whole = profile_of(identity, msgspec.convert(found or [], list[Paid]), known)
    seen = whole if at_least(caller.role, "analyst") else without_whereabouts(whole)
    return msgspec.structs.replace(seen, missing=missing)


async def pages(context: Context, identity: str, caller: Caller) -> list[str]:
    """Return which pages there are of an id; what does not answer counts as none."""
    decided = context.live.decision(identity)
    archived, _ = (None, None) if decided else await _tried(context.decision(identity))
    customer, _ = await _tried(state_of(context, identity, caller))
    found = {"transactions": decided or archived, "customers": customer}
    return [page for page, there in found.items() if there]


async def _tried(asking: Awaitable[T]) -> tuple[T | None, Problem | None]:
    try:
        return await asking, None
    except Problem as problem:
        return None, problem
