"""Group rows: what is kept of groups, by rows of which a checkpoint stores the changed.

A row is a customer's, an account's or a group's, by how its key begins; counters are
in the row that the partition shares, which is the groups themselves.
"""

from collections.abc import Iterator
from typing import Protocol, Self

import msgspec
from msgspec import Struct

from app.events.groups import GroupAlert
from app.sketches.clusters import Kept
from app.sketches.groups import Groups, Member, signature
from app.sketches.money import Account, Inflow

MEMBER, ACCOUNT, GROUP = b"c", b"a", b"g"
VERSION = 2


class MemberPart(Struct, frozen=True, array_like=True, tag="member"):
    """A customer that was told of, and its place in the clusters, if it has one."""

    member: Member
    kept: Kept | None = None


class AccountPart(Struct, frozen=True, array_like=True, tag="account"):
    """An account's money of a day."""

    used: int
    inflows: list[Inflow]
    outflows: list[tuple[int, int]]
    passes: dict[str, int]


class GroupPart(Struct, frozen=True, array_like=True, tag="group"):
    """A group, and who was told of for whom it has no room."""

    alert: GroupAlert
    beyond: list[str] = []


Part = MemberPart | AccountPart | GroupPart

_decode = msgspec.msgpack.Decoder(Part).decode
_counters = msgspec.msgpack.Decoder(tuple[int, int, int, int, int]).decode


class GroupRow:
    """A row of the table `groups`: one part, replaced as a whole."""

    __slots__ = ("part",)

    def __init__(self, part: Part | None = None) -> None:
        self.part = part

    def encode(self) -> bytes:
        """Return the row's bytes."""
        return msgspec.msgpack.encode(self.part)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the row that `encode` made the bytes from."""
        return cls(_decode(data))


class SharedGroups:
    """The groups of a partition; their own bytes are counters, the rest is in rows."""

    __slots__ = ("groups", "whole")

    def __init__(self) -> None:
        self.groups = Groups()
        self.whole = True  # not to be made from rows first

    def encode(self) -> bytes:
        """Return the counters' bytes."""
        groups = self.groups
        clocks = groups.clock, groups.clusters.clock, groups.accounts.clock
        return msgspec.msgpack.encode((VERSION, groups.newest, *clocks))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return groups that have their counters, and still need their rows.

        Raises:
            ValueError: the bytes are of another version.
        """
        version, *clocks = _counters(data)
        if version != VERSION:
            message = f"groups: got version {version}, expected {VERSION}"
            raise ValueError(message)
        shared = cls()
        groups = shared.groups
        groups.newest, groups.clock, groups.clusters.clock, groups.accounts.clock = (
            clocks
        )
        shared.whole = False
        return shared


class Rows(Protocol):
    """A table's partition, as much of it as is needed here."""

    def touch(self, key: bytes) -> GroupRow:
        """Return a row to change."""
        ...

    def read(self, key: bytes) -> GroupRow | None:
        """Return a row to look at."""
        ...

    def drop(self, key: bytes) -> None:
        """Forget a row."""
        ...

    def known_keys(self) -> list[bytes]:
        """Return the keys of all rows but the shared one."""
        ...

    def shared(self, *, learn: bool = False) -> SharedGroups | None:
        """Return the shared row."""
        ...


def groups_of(rows: Rows, *, learn: bool = False) -> Groups | None:
    """Return a partition's groups, made from its rows where that is still to be done.

    None where nothing was ever learnt; to `learn`, they are made if new.
    """
    shared = rows.shared(learn=learn)
    if shared is None:
        return None
    if not shared.whole:
        _restore(shared.groups, rows)
        shared.whole = True
    return shared.groups


def store(groups: Groups, rows: Rows) -> None:
    """Put what changed since the last time into rows."""
    clusters, accounts = groups.clusters, groups.accounts
    for key in {**groups.changed, **clusters.touched}:
        member = groups.members.get(key)
        part = MemberPart(member, clusters.kept(key)) if member else None
        _put(rows, MEMBER + key.encode(), part)
    for key in accounts.touched:
        account = accounts.known.get(key)
        money = AccountPart(*account.parts()) if account else None
        _put(rows, ACCOUNT + key.encode(), money)
    for key in groups.touched:
        alert = groups.known.get(key)
        beyond = groups.beyond.get(key, [])
        group = GroupPart(alert, list(beyond)) if alert else None
        _put(rows, GROUP + key.encode(), group)
    for touched in (groups.changed, clusters.touched, accounts.touched, groups.touched):
        touched.clear()


def _put(rows: Rows, key: bytes, part: Part | None) -> None:
    if part is None:
        rows.drop(key)
    else:
        rows.touch(key).part = part


def _restore(groups: Groups, rows: Rows) -> None:
    """Make groups from rows."""
    parts = list(_parts(rows))
    members = [(key, one) for key, one in parts if isinstance(one, MemberPart)]
    groups.clusters.restore(
        (key, signature(one.member.counted), one.kept)
        for key, one in members
        if one.kept
    )
    groups.accounts.restore(
        (key, Account(one.used, one.inflows, one.outflows, one.passes))
        for key, one in parts
        if isinstance(one, AccountPart)
    )
    groups.restore(
        ((key, one.member) for key, one in members),
        (
            (one.alert, list(one.beyond))
            for _, one in parts
            if isinstance(one, GroupPart)
        ),
    )


def _parts(rows: Rows) -> Iterator[tuple[str, Part]]:
    for key in rows.known_keys():
        row = rows.read(key)
        if row and row.part:
            yield key[1:].decode(), row.part
