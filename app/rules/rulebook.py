"""The rulebook: every ruleset that ever decided, and what was tried on the archive.

It is told by the log of the topic `rules`: one revision a change. A revision counts
where its number follows the last one's. Of two that were made at once the log's
order lets the first stand, in every worker the same.
"""

import hashlib
from datetime import datetime

import msgspec
from msgspec import Struct

from app.errors import RuleError
from app.rules.ruleset import Bands, Rule, Ruleset

REVISION = "revision"
BACKTEST = "backtest"
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


class Rulebook:
    """The revisions in their order, and the newest backtest of each substance.

    Begins with the ruleset that decides while the log is empty, as number 0.
    """

    def __init__(self, base: Ruleset) -> None:
        first = Revision(
            number=0, id="", ruleset=base, author=base.author, comment="as it ships"
        )
        self.revisions = [first]
        self.backtests: dict[str, Backtested] = {}

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
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            message = f"rules: got a record {key!r} that does not fit: {error}"
            raise RuleError(message) from error

    def _revise(self, revision: Revision, at: datetime) -> None:
        told = msgspec.structs.replace(revision, at=at)
        if revision.number == self.head.number + 1:
            self.revisions.append(told)
        elif revision.number == self.head.number == 0 and self.head.at is None:
            self.revisions = [told]  # what shipped when the first change was made

    def ruleset(self, version: str) -> Ruleset | None:
        """Return the ruleset of a version that decides or has decided."""
        for revision in reversed(self.revisions):
            if revision.ruleset.version == version:
                return revision.ruleset
        return None

    def unproven(self, ruleset: Ruleset) -> list[str]:
        """Name what a ruleset would let decide without having decided or been tried.

        Those are live rules, by name, and the bands. What decided once may decide
        again: a roll back waits for nothing.
        """
        proven = set(self.backtests)
        for revision in self.revisions:
            proven.update(substances(revision.ruleset).values())
        found = substances(ruleset)
        return [name for name, substance in found.items() if substance not in proven]


def substances(ruleset: Ruleset) -> dict[str, str]:
    """Digest what decides in a ruleset: its live rules, by name, and its bands."""
    live = {r.name: substance(r) for r in ruleset.rules if r.state == "live"}
    return live | {BANDS: substance(ruleset.bands)}


def substance(what: Rule | Bands) -> str:
    """Digest what an outcome depends on; words and authors may change freely.

    >>> bands = Bands(review_from=40, decline_from=80)
    >>> substance(bands) == substance(Bands(review_from=40.0, decline_from=80.0))
    True
    """
    parts = (
        [float(what.review_from), float(what.decline_from)]
        if isinstance(what, Bands)
        else [what.expression, float(what.score), what.action]
    )
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:12]
