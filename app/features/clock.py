"""Clock: event time as integer microseconds, which compare and subtract exactly."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
CLOCKS = 60 * SECOND
"""By which the clocks of phones, terminals and the bank may differ."""
LABEL_DELAY = 7 * DAY
"""A label counts from a week after its payment, however early it arrives."""
_THURSDAY = 3  # the weekday of the epoch, Monday being 0
_SATURDAY = 5
_NIGHT_ENDS = 6


def microseconds(moment: datetime) -> int:
    """Return the microseconds from the epoch to a moment with a time zone.

    >>> microseconds(datetime(2018, 4, 1, 0, 0, 31, tzinfo=UTC))
    1522540831000000
    """
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def moment(at: int) -> datetime:
    """Return the UTC time of a number of microseconds from the epoch.

    >>> moment(1522540831000000)
    datetime.datetime(2018, 4, 1, 0, 0, 31, tzinfo=datetime.timezone.utc)
    """
    return EPOCH + timedelta(microseconds=at)


def is_weekend(at: int) -> bool:
    """Whether it is Saturday or Sunday, UTC."""
    return (at // DAY + _THURSDAY) % 7 >= _SATURDAY


def is_night(at: int) -> bool:
    """Whether the hour is 0 to 6, UTC: the Handbook's night, so until 06:59:59."""
    return at // HOUR % 24 <= _NIGHT_ENDS
