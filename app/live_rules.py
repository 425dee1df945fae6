"""Live rules: the rulebook as it is now, and what decides, made ready."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.engine.batches import Record
from app.errors import RuleError
from app.events.decisions import Versions
from app.features import catalogue
from app.rules.compiled import CompiledRuleset, compile_ruleset
from app.rules.rulebook import Rulebook
from app.rules.ruleset import Ruleset, default_ruleset

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Present:
    """A ruleset made ready, and the versions that its decisions name."""

    rules: CompiledRuleset
    versions: Versions


class LiveRules:
    """Hears the topic `rules`; `present` is what decides.

    A stage reads `present` once a batch: a decision is made by one ruleset as a
    whole. Where the newest revision does not fit this worker's features (it was
    written by another release), the newest that fits goes on deciding.
    """

    def __init__(self, base: Ruleset | None = None) -> None:
        self.book = Rulebook(base or default_ruleset())
        self.present = make_ready(self.book.head.ruleset)

    def hear(self, records: Sequence[Record]) -> None:
        """Take records of the topic; one that cannot be read is passed over."""
        for record in records:
            at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
            try:
                self.book.apply(record.key or b"", record.value or b"", at=at)
            except RuleError as error:
                # Written by another release: what it says is not for this worker.
                log.warning("%s", error)
        self._renew()

    def _renew(self) -> None:
        for revision in reversed(self.book.revisions):
            ruleset = revision.ruleset
            if ruleset == self.present.rules.ruleset:
                return
            try:
                self.present = make_ready(ruleset)
            except RuleError as error:
                log.error("ruleset %s cannot decide here: %s", ruleset.version, error)  # noqa: TRY400 - the message says it all
            else:
                log.info("ruleset %s decides now", ruleset.version)
                return


def make_ready(ruleset: Ruleset) -> Present:
    """Compile a ruleset for this release's features.

    Raises:
        BadRule: it does not fit them.
    """
    rules = compile_ruleset(ruleset, catalogue.READABLE)
    return Present(rules, Versions(ruleset.version, catalogue.VERSION))
