"""A record as fetched from Kafka, to be made by tests."""

from dataclasses import dataclass


@dataclass
class Fetched:
    """A record as fetched, with valid defaults."""

    offset: int = 0
    key: bytes | None = b"k"
    value: bytes | None = b"v"
    headers: tuple[tuple[str, bytes | None], ...] = ()
    topic: str = "activity"
    partition: int = 0
    timestamp: int = 1
