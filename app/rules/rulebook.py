"""The rulebook: every ruleset that ever decided, and what was tried on the archive.

It is told by the log of the topic `rules`: one revision a change. A revision counts
where its number follows the last one's. Of two that were made at once the log's
order lets the first stand, in every worker the same.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from app.errors import UNREADABLE, RuleError
from app.events.aggregates import Aggregate
from app.features.declarations import definition
from app.rules.ruleset import Bands, Rule, Ruleset

REVISION = "revision"
BACKTEST = "backtest"
BACKFILL = "backfill"
BANDS = "the bands"
"""What the bands are called among rules, whose names have no spaces."""


class Revision(Struct, frozen=True, kw_only=True):
    """A ruleset that came to decide: who changed the rules to it, and why.

    `id` tells it from another with the same number; `at` is when Kafka took it, and
    is not on the wire.
    """

    number: int
    id: str
    ruleset: Ruleset
    author: str
    comment: str
    at: datetime | None = None

    @property
    def key(self) -> bytes:
        """Its key on the topic, its own alone: no revision is ever compacted away."""
        return f"{REVISION}:{self.number}:{self.id}".encode()


class Backtested(Struct, frozen=True, kw_only=True):
    """What a rule, or the bands, did to the payments of the archive.

    `substance` is what was tried. `since` and `until` bound the payments' event
    times. Of `payments`, `frauds` were known as fraud; the rule hit `hits`, of them
    `caught` frauds (for the bands: flagged for review or decline).
    """

    substance: str
    name: str
    since: datetime | None
    until: datetime | None
    payments: int
    frauds: int
    hits: int
    caught: int
    author: str
    at: datetime | None = None

    @property
    def key(self) -> bytes:
        """Its key on the topic: of one substance the newest backtest is kept."""
        return f"{BACKTEST}:{self.substance}".encode()


class Backfilled(Struct, frozen=True, kw_only=True):
    """That an aggregate is whole: what the archive held of it has been told.

    `revision` is the one that declared it; `payments` are those that count, with
    event times from `since` on.
    """

    name: str
    revision: int
    payments: int
    since: datetime | None
    at: datetime | None = None

    @property
    def key(self) -> bytes:
        """Its key on the topic: of one aggregate the newest backfill is kept."""
        return f"{BACKFILL}:{self.name}".encode()


class Rulebook:
    """The revisions in their order, and the newest backtest of each substance.

    `backfills` holds the newest of each aggregate, by name.

    Begins with the ruleset that decides while the log is empty, as number 0.
    """

    def __init__(self, base: Ruleset) -> None:
        first = Revision(
            number=0, id="", ruleset=base, author=base.author, comment="as it ships"
        )
        self.revisions = [first]
        self.backtests: dict[str, Backtested] = {}
        self.backfills: dict[str, Backfilled] = {}
        self._decided = set(substances(base).values())

    @property
    def head(self) -> Revision:
        """The newest revision: its ruleset decides."""
        return self.revisions[-1]

    def apply(self, key: bytes, value: bytes, *, at: datetime) -> None:
        """Take one record of the log; a revision that lost to another is left out.

        Raises:
            RuleError: it cannot be read.
        """
        kind = key.partition(b":")[0].decode(errors="replace")
        try:
            if kind == REVISION:
                self._revise(msgspec.json.decode(value, type=Revision), at)
            elif kind == BACKTEST:
                backtest = msgspec.json.decode(value, type=Backtested)
                told = msgspec.structs.replace(backtest, at=at)
                self.backtests[backtest.substance] = told
            elif kind == BACKFILL:
                backfill = msgspec.json.decode(value, type=Backfilled)
                self.backfills[backfill.name] = msgspec.structs.replace(backfill, at=at)
        except UNREADABLE as error:
            message = f"rules: got a record {key!r} that does not fit: {error}"
            raise RuleError(message) from error

    def _revise(self, revision: Revision, at: datetime) -> None:
        told = msgspec.structs.replace(revision, at=at)
        if revision.number == self.head.number + 1:
            self.revisions.append(told)
            self._decided.update(substances(told.ruleset).values())
        elif revision.number == self.head.number == 0 and self.head.at is None:
            self.revisions = [told]  # what shipped when the first change was made
            self._decided = set(substances(told.ruleset).values())

    def ruleset(self, version: str) -> Ruleset | None:
        """Return the ruleset of a version that decides or has decided."""
        for revision in reversed(self.revisions):
            if revision.ruleset.version == version:
                return revision.ruleset
        return None

    def declared_at(self, aggregate: Aggregate) -> int:
        """Return the revision since which an aggregate stands as it does now."""
        since = self.head.number
        for revision in reversed(self.revisions):
            if aggregate not in revision.ruleset.aggregates:
                break
            since = revision.number
        return since

    def backfill(self, aggregate: Aggregate) -> Backfilled | None:
        """Return what made an aggregate whole, None as long as it is not."""
        found = self.backfills.get(aggregate.name)
        stands = found and found.revision >= self.declared_at(aggregate)
        return found if stands else None

    def unproven(self, ruleset: Ruleset) -> list[str]:
        """Name what a ruleset would let decide without having decided or been tried.

        Those are live rules, by name, and the bands. What decided once may decide
        again: a roll back waits for nothing.
        """
        return [
            name
            for name, digest in substances(ruleset).items()
            if digest not in self.backtests and digest not in self._decided
        ]


def substances(ruleset: Ruleset) -> dict[str, str]:
    """Digest what decides in a ruleset: its live rules, by name, and its bands."""
    aggregates = ruleset.aggregates
    live = {
        rule.name: substance(rule, [a for a in aggregates if reads(rule, a.name)])
        for rule in ruleset.rules
        if rule.state == "live"
    }
    return live | {BANDS: substance(ruleset.bands)}


def reads(rule: Rule, name: str) -> bool:
    """Whether a rule may depend on an aggregate: it names it, if only in words."""
    texts = (rule.expression, rule.value, rule.threshold, rule.reason)
    named = re.compile(rf"\b{re.escape(name)}\b").search
    return any(text and named(text) for text in (*texts, *rule.figures.values()))


def substance(what: Rule | Bands, aggregates: Sequence[Aggregate] = ()) -> str:
    """Digest what an outcome depends on; words and authors may change freely.

    That includes the `aggregates` that a rule reads.

    >>> bands = Bands(review_from=40, decline_from=80)
    >>> substance(bands) == substance(Bands(review_from=40.0, decline_from=80.0))
    True
    """
    parts: list[Any] = (
        [float(what.review_from), float(what.decline_from)]
        if isinstance(what, Bands)
        else [what.expression, float(what.score), what.action]
    )
    parts += [definition(one) for one in aggregates]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:12]
