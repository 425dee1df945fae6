"""Published counts: differentially private, so that nobody's presence shows in them."""

from collections.abc import Mapping
from math import exp, log
from typing import Protocol, TypeVar

K = TypeVar("K")


class Chance(Protocol):
    """A source of chance that nobody can guess; `secrets.SystemRandom` is one."""

    def random(self) -> float:
        """Return a number from 0 up to 1."""
        ...


def published(
    counts: Mapping[K, int], *, epsilon: float, most: int, chance: Chance
) -> dict[K, int]:
    """Return counts with noise, none below 0.

    Nobody is counted more than `most` times in all: the caller sees to it. The noise
    is whole, of the two-sided geometric distribution with parameter exp(-epsilon /
    most) (Ghosh, Roughgarden, Sundararajan, 2009): with or without one person, each
    outcome is at most exp(epsilon) times as likely. The keys must not tell of
    persons: name all that there could be, also those of 0.

    Raises:
        ValueError: epsilon or most are not above 0.
    """
    if epsilon <= 0 or most < 1:
        message = f"got epsilon {epsilon} and most {most}, expected above 0, 1 or more"
        raise ValueError(message)
    share = exp(-epsilon / most)
    return {
        key: max(0, count + _geometric(share, chance) - _geometric(share, chance))
        for key, count in counts.items()
    }


def _geometric(share: float, chance: Chance) -> int:
    """Draw how often in a row something of such a share happens."""
    return int(log(1.0 - chance.random()) / log(share))
