"""Declarations: which aggregates a partition counts, and which of them are whole."""

from typing import Self

import msgspec

from app.events.aggregates import Aggregate, Declared, Ready


class Declarations:
    """What a partition aggregates: shared by its rows, and checkpointed with them.

    `ready` names the aggregates whose backfill has gone by; those of the others are
    kept and not yet told.
    """

    def __init__(self) -> None:
        self.revision = -1
        self.aggregates: tuple[Aggregate, ...] = ()
        self.ready: frozenset[str] = frozenset()

    def declare(self, declared: Declared) -> None:
        """Take what is aggregated from here on, unless it is outdated."""
        if declared.revision <= self.revision:
            return
        same = {definition(one) for one in self.aggregates}
        self.aggregates = tuple(declared.aggregates)
        stayed = {one.name for one in self.aggregates if definition(one) in same}
        self.ready &= stayed
        self.revision = declared.revision

    def tell(self, ready: Ready) -> None:
        """Tell from here on what is whole, where it is still what is declared."""
        whole = {definition(one) for one in ready.aggregates}
        names = {one.name for one in self.aggregates if definition(one) in whole}
        self.ready |= names

    def encode(self) -> bytes:
        """Return its bytes."""
        stored = _Stored(self.revision, self.aggregates, sorted(self.ready))
        return msgspec.json.encode(stored)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return what `encode` made the bytes from."""
        stored = msgspec.json.decode(data, type=_Stored)
        found = cls()
        found.revision, found.aggregates = stored.revision, stored.aggregates
        found.ready = frozenset(stored.ready)
        return found


class _Stored(msgspec.Struct):
    revision: int
    aggregates: tuple[Aggregate, ...]
    ready: list[str]


def definition(aggregate: Aggregate) -> Aggregate:
    """Return what an aggregate is, whoever wrote it and however often.

    >>> one = Aggregate(name="n", entity="card", aggregate="count", window="1h")
    >>> definition(msgspec.structs.replace(one, version=3, author="mia")) == one
    True
    """
    return msgspec.structs.replace(aggregate, version=1, author="smartbank")
