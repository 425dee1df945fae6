"""MinHash: how alike two sets are, from a few hundred bytes of each."""

from collections.abc import Iterable
from struct import Struct as Layout

import mmh3
import numpy as np
from numpy.typing import NDArray

HASHES = 96
"""Of a signature: the error of a likeness is about 1 / sqrt(96), ten hundredths."""
BANDS = 32
ROWS = HASHES // BANDS
"""Sets of likeness s meet in a band with 1 - (1 - s^3)^32: half of them at 0.28."""
EMPTY = np.full(HASHES, np.iinfo(np.uint32).max, np.uint32)

Signature = NDArray[np.uint32]
_PRIME = (1 << 61) - 1
_FACTORS, _OFFSETS = (
    np.array(
        [
            int.from_bytes(mmh3.hash_bytes(f"{name} {n}")[:8]) % _PRIME | 1
            for n in range(HASHES)
        ],
        np.uint64,
    )
    for name in ("factor", "offset")
)
_BAND = Layout(f"<{ROWS}I")


def added(signature: Signature, things: Iterable[str]) -> Signature:
    """Return the signature of a set with more things in it.

    Each hash multiplies and shifts (Dietzfelbinger et al., 1997): the high half of
    a 64-bit product, which wraps.
    """
    hashed = np.array([mmh3.hash64(thing, signed=False)[0] for thing in things], "u8")
    if not hashed.size:
        return signature
    drawn = (hashed[:, None] * _FACTORS + _OFFSETS) >> np.uint64(32)
    grown: Signature = np.minimum(signature, drawn.min(axis=0).astype(np.uint32))
    return grown


def likeness(one: Signature, other: Signature) -> float:
    """Return about how alike two sets are: the share of things they have in common."""
    return float(np.mean(one == other))


def bands(signature: Signature) -> list[int]:
    """Return what a signature is looked up by; like sets have one in common."""
    data = signature.tobytes()
    return [
        mmh3.hash64(data[start : start + _BAND.size], seed=start, signed=False)[0]
        for start in range(0, len(data), _BAND.size)
    ]
