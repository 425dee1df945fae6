"""Groups: customers that move together, asked of the worker that keeps them."""

from urllib.parse import quote

import msgspec
from msgspec import Struct

from app.events.groups import GroupAlert
from app.sketches.group_rows import groups_of
from app.topics import BEHAVIOURS
from web.auth import Caller
from web.context import Context
from web.problems import Problem

ROLE = "sketch"
PARTITION = 0  # the only one
TARGET = "/v1/groups"
MOST = 200
"""Groups that are shown."""


class GroupList(Struct, frozen=True):
    """The groups that moved in the last 30 days, of event time; who moved last first.

    `known` counts them all.
    """

    known: int
    groups: list[GroupAlert]


_listed = msgspec.json.Decoder(GroupList).decode
_one = msgspec.json.Decoder(GroupAlert).decode
_problem = msgspec.json.Decoder(dict[str, object]).decode


async def listed(context: Context, caller: Caller) -> GroupList:
    """Return the groups that moved last, whichever worker keeps them.

    Raises:
        Problem: 503, no worker of the role has them now, or it does not answer.
    """
    found = local(context)
    if found is not None:
        newest = sorted(found.values(), key=lambda one: (one.at, one.id), reverse=True)
        return GroupList(len(newest), newest[:MOST])
    return _listed(await _told(context, TARGET, caller))


async def group(context: Context, identity: str, caller: Caller) -> GroupAlert:
    """Return a group, also one that is not among those shown.

    Raises:
        Problem: 404, there is none of that id; 503 as for all.
    """
    found = local(context)
    if found is None:
        target = f"{TARGET}/{quote(identity, safe='')}"
        return _one(await _told(context, target, caller))
    if identity not in found:
        raise Problem(404, f"no group {identity!r} moved in the last 30 days")
    return found[identity]


async def _told(context: Context, target: str, caller: Caller) -> bytes:
    """Return what the worker that keeps the groups answers."""
    owner = context.cluster.owners(BEHAVIOURS.name, role=ROLE).get(PARTITION)
    if owner is None:
        detail = "no worker of role sketch keeps groups now; ask again"
        raise Problem(503, detail, kind="rebalancing", retry_after=2)
    told = await context.forwarder.get(owner, target, caller)
    if told.status_code == 200:  # noqa: PLR2004 - OK
        return bytes(told.body)
    detail = str(_problem(bytes(told.body)).get("detail", ""))
    if told.status_code == 404:  # noqa: PLR2004 - not found
        raise Problem(404, detail)
    raise Problem(503, detail, retry_after=2)


def local(context: Context) -> dict[str, GroupAlert] | None:
    """Return the groups that this worker keeps, None where another one does."""
    engine = context.app.engine
    table = engine.tables.get(BEHAVIOURS.name)
    if table is None or not engine.sought or PARTITION not in table.owned:
        return None
    groups = groups_of(table.owned[PARTITION])
    return groups.known if groups else {}
