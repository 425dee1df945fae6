"""Scorers: the live model and the one in shadow, on the same payments."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.events.decisions import Contribution, Versions
from app.scoring.decide import Vector
from app.scoring.model import CATALOGUE, Model, Table

Probabilities = Sequence[float | None]


@dataclass(frozen=True)
class Scores:
    """What models say of a batch, one number a payment; null where there is none.

    `table` is what the live model saw, `by` whose scores these are.
    """

    by: "Scorers"
    live: Probabilities
    shadow: Probabilities
    table: Table | None = None


@dataclass(frozen=True)
class Scorers:
    """A live model and one in shadow; either may be missing."""

    live: Model | None = None
    shadow: Model | None = None

    def score(
        self, vectors: Sequence[Vector], names: tuple[str, ...] = CATALOGUE
    ) -> Scores:
        """Score a batch. A score is a function of its vector and the model alone.

        `names` are those of a vector's numbers, as for `Model.score`.
        """
        table = self.live.table(vectors, names) if self.live and vectors else None
        live = [None] * len(vectors)
        if self.live and table is not None:
            live = self.live.score_table(table).tolist()
        shadow: Probabilities = [None] * len(vectors)
        if self.shadow:
            shadow = self.shadow.score(vectors, names).tolist()
        return Scores(self, live, shadow, table)

    def contributions(
        self, vectors: Sequence[Vector], names: tuple[str, ...] = CATALOGUE
    ) -> list[list[Contribution]]:
        """Tell what raised the live model's scores; nothing without one."""
        if self.live is None:
            return [[] for _ in vectors]
        return self.live.contributions(vectors, names)

    @property
    def versions(self) -> tuple[str | None, str | None]:
        """Name the live model and the one in shadow."""
        live, shadow = self.live, self.shadow
        return live.version if live else None, shadow.version if shadow else None

    def named(self, versions: Versions) -> Versions:
        """Name the models beside what else made a decision."""
        return Versions(versions.ruleset, versions.features, *self.versions)


NONE = Scorers()
