"""Why a worker stops of itself, and why a record is one that it cannot handle."""

REPLACED = 3
"""Exit status of a worker that makes room for a later one of the same name."""


class Superseded(RuntimeError):  # noqa: N818 - says what happened to the worker
    """Another worker has claimed a partition that this one took for its own.

    It was frozen, or cut off, for longer than Kafka waits for it.
    """


class Replaced(Superseded):
    """A worker of the same name was started later: this one makes room for good."""


class LogWentBack(RuntimeError):  # noqa: N818 - says what happened to the log
    """A log gave records older than those already read: Kafka has lost some."""


class UnknownRows(RuntimeError):  # noqa: N818 - says what was found
    """A changelog holds rows that this version of the product cannot read."""


class TooLarge(ValueError):  # noqa: N818 - says what is made of the record
    """What is made of a record is larger than Kafka takes."""
