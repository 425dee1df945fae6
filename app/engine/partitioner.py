"""The one partitioner of the product's topics: agents, REST routing and replays."""

import mmh3


def partition_for(key: bytes, partitions: int) -> int:
    """Return the partition of a key: MurmurHash3 (x86, 32 bit, seed 0) modulo.

    >>> partition_for(b"C000123", 4) in range(4)
    True
    """
    return mmh3.hash(key, signed=False) % partitions
