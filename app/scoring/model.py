"""The model: a folder with gradient-boosted trees, and what is needed to use them."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import Self

import lightgbm as lgb
import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from app.errors import ModelError
from app.events.aggregates import Name
from app.events.decisions import Contribution
from app.features.catalogue import NAMES, READABLE
from app.scoring.decide import Vector
from app.scoring.reasons import contributions
from app.scoring.reference import Histogram
from app.scoring.trees import safe_trees

TREES = "model.txt"
CARD = "model.json"
FEWEST = 2  # features
CATALOGUE = tuple(NAMES)
Table = NDArray[np.float64]
Row = tuple[float | None, ...]

# A worker has one core, and LightGBM would start a thread for each there is.
lgb.basic._LIB.LGBM_SetMaxThreads(1)  # type: ignore[attr-defined]  # noqa: SLF001 - of its public C interface


class Calibration(Struct, frozen=True):
    """From log-odds of the trees to the probability of fraud (Platt, 1999).

    Strictly rising: it never changes which of two payments is more suspicious.
    """

    slope: float = 1.0
    offset: float = 0.0

    def probability(self, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return probabilities, 0 to 1."""
        told: NDArray[np.float64] = 1 / (
            1 + np.exp(-(self.slope * log_odds + self.offset))
        )
        return told


class Facts(Struct, frozen=True, omit_defaults=True):
    """What the trees' text does not say.

    Attributes:
        features: the columns, by their names in the catalogue, or aggregates'.
        learnt_until: the day after the last payment it learnt from, ISO 8601.
        reference: how each feature, and its own probability, was spread over what it
            learnt from.
        aggregates: which of the features are declared, not of the catalogue.
    """

    features: tuple[str, ...]
    learnt_until: str
    calibration: Calibration = Calibration()
    reference: dict[str, Histogram] = {}
    aggregates: tuple[Name, ...] = ()


class Model:
    """Scores vectors by the names of what is in them: the catalogue's, or more.

    An aggregate that a vector has not is null. A model's version is a digest of all
    that it is.
    """

    def __init__(self, trees: str, facts: Facts) -> None:
        """Make a model.

        Raises:
            ModelError: the trees cannot be read, or want a feature that is unknown.
        """
        _check_names(facts)
        if len(facts.features) < FEWEST:
            message = f"model: got {len(facts.features)} features, expected two or more"
            raise ModelError(message)
        text = safe_trees(trees, features=len(facts.features))
        try:
            self._booster = lgb.Booster(model_str=text)
        except lgb.basic.LightGBMError as error:
            message = f"model: {TREES} cannot be read: {error}"
            raise ModelError(message) from error
        if tuple(self._booster.feature_name()) != facts.features:
            message = f"model: {TREES} and {CARD} name different features"
            raise ModelError(message)
        self.facts = facts
        self.trees = trees
        self.version = digest(trees, facts)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a model's folder.

        Raises:
            ModelError: it is not there, or not what it was when it was written.
        """
        try:
            trees = (path / TREES).read_text(encoding="utf-8")
            stored = msgspec.json.decode((path / CARD).read_bytes(), type=Stored)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = f"model {path}: {error}"
            raise ModelError(message) from error
        return cls.checked(trees, stored.facts, version=stored.version)

    @classmethod
    def checked(cls, trees: str, facts: Facts, *, version: str) -> Self:
        """Make the model of a version.

        Raises:
            ModelError: it cannot be used, or is another one.
        """
        found = digest(trees, facts)
        if found != version:
            message = (
                f"model: got version {found}, expected {version}: it was changed "
                "after it was written"
            )
            raise ModelError(message)
        return cls(trees, facts)

    def save(self, folder: Path) -> Path:
        """Write the model to a folder of its version's name, and return that."""
        path = folder / self.version
        path.mkdir(parents=True, exist_ok=True)
        (path / TREES).write_text(self.trees, encoding="utf-8")
        stored = msgspec.json.encode(Stored(self.version, self.facts))
        (path / CARD).write_bytes(msgspec.json.format(stored, indent=2))
        return path

    def score(
        self, vectors: Sequence[Vector], names: tuple[str, ...] = CATALOGUE
    ) -> NDArray[np.float64]:
        """Return the probability of fraud, one a vector, 0 to 1.

        `names` are those of a vector's numbers, which are null where unknown. A score
        does not depend on the batch it is computed in.
        """
        if not vectors:
            return np.empty(0)
        return self.score_table(self.table(vectors, names))

    def score_table(self, table: Table) -> NDArray[np.float64]:
        """Return the same of the model's own columns, NaN where unknown."""
        log_odds = self._booster.predict(table, raw_score=True, num_threads=1)
        return self.facts.calibration.probability(np.asarray(log_odds))

    def contributions(
        self, vectors: Sequence[Vector], names: tuple[str, ...] = CATALOGUE
    ) -> list[list[Contribution]]:
        """Return what raised each score, the strongest first.

        Costs fifty times what a score does: for what is flagged.
        """
        if not vectors:
            return []
        pick = _picker(self.facts.features, names)
        table = self.table(vectors, names)
        told = np.asarray(
            self._booster.predict(table, pred_contrib=True, num_threads=1)
        )
        slope = self.facts.calibration.slope
        return [
            contributions(self.facts.features, pick(vector), strengths)
            for vector, strengths in zip(
                vectors, (slope * told[:, :-1]).tolist(), strict=True
            )
        ]

    def importance(self) -> dict[str, float]:
        """Return each feature's share of what the trees gain by splitting."""
        gains = self._booster.feature_importance("gain")
        total = float(gains.sum()) or 1.0
        shares = zip(self.facts.features, gains.tolist(), strict=True)
        return {name: gain / total for name, gain in shares}

    def table(
        self, vectors: Sequence[Vector], names: tuple[str, ...] = CATALOGUE
    ) -> Table:
        """Return the model's own columns of vectors, NaN where unknown."""
        pick = _picker(self.facts.features, names)
        return np.array([pick(vector) for vector in vectors], np.float64)


def _check_names(facts: Facts) -> None:
    for name in facts.features:
        if name not in NAMES and name not in facts.aggregates:
            message = f"model: got feature {name!r}, which no catalogue has"
            raise ModelError(message)
    for name in facts.aggregates:
        if name in READABLE or name not in facts.features:
            message = (
                f"model: got aggregate {name!r}, expected one of its features that is "
                "not of the catalogue"
            )
            raise ModelError(message)


@lru_cache(maxsize=16)  # looked up anew when another model or ruleset comes
def _picker(wanted: tuple[str, ...], names: tuple[str, ...]) -> Callable[[Vector], Row]:
    """Return what takes a model's own numbers out of a vector, null if not there."""
    places = {name: place for place, name in enumerate(names)}
    found = [places.get(name) for name in wanted]
    if None not in found:
        return itemgetter(*found)
    return lambda vector: tuple(
        None if place is None else vector[place] for place in found
    )


class Stored(Struct, frozen=True, forbid_unknown_fields=True):
    """What is in the card's file."""

    version: str
    facts: Facts


def digest(trees: str, facts: Facts) -> str:
    """Return twelve hexadecimal digits that name a model."""
    return sha256(trees.encode() + msgspec.json.encode(facts)).hexdigest()[:12]
