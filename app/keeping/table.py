"""Table: for how many days each topic and store keeps, by default and as set."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.errors import SettingError
from app.settings import Settings
from app.topics import TOPICS

DAY_MS = 24 * 3600 * 1000
MOST = 36_500


@dataclass(frozen=True)
class Kept:
    """What is kept for some days: a topic's records or one kind of a store's.

    Attributes:
        days: by default; 0 for ever.
        since: what its age is counted from.
        by: what lets go of it.
    """

    days: int
    since: str
    by: str


_HOURLY = "role deliver, each hour"
_TOPICS = {
    f"topic.{topic.name}": Kept(
        int(topic.keeps["retention.ms"]) // DAY_MS,
        "when Kafka took it",
        "Kafka, by segments of a day",
    )
    for topic in TOPICS
    if int(topic.keeps.get("retention.ms", 0)) >= DAY_MS
}
TABLE: Mapping[str, Kept] = MappingProxyType(
    {
        **_TOPICS,
        "mongo.decisions": Kept(730, "the decision", "Mongo, an index with an end"),
        "mongo.labels_aside": Kept(
            90, "when it was set aside", "Mongo, an index with an end"
        ),
        "elastic.decisions": Kept(730, "the decision", _HOURLY),
        "elastic.app-events": Kept(180, "when it was captured", _HOURLY),
        "elastic.readings": Kept(90, "when Kafka took it", _HOURLY),
        "archive.decisions": Kept(1825, "the last write to the file", _HOURLY),
        "archive.labels": Kept(1825, "the last write to the file", _HOURLY),
        "influx.readings": Kept(1825, "the reading", "InfluxDB, by shards"),
    }
)
"""By the name that `SMARTBANK_RETENTION` calls it."""


def kept_days(settings: Settings) -> dict[str, int]:
    """Return for how many days each is kept; 0 for ever.

    Raises:
        SettingError: the setting names another, or no number of days.

    >>> kept_days(Settings(retention="mongo.decisions=400"))["mongo.decisions"]
    400
    """
    found = {name: one.days for name, one in TABLE.items()}
    for part in filter(None, settings.retention.split(",")):
        name, _, text = part.strip().partition("=")
        if name not in TABLE:
            message = (
                f"SMARTBANK_RETENTION: got {name!r}, expected one of {', '.join(TABLE)}"
            )
            raise SettingError(message)
        if not (text.isascii() and text.isdigit() and int(text) <= MOST):
            message = (
                f"SMARTBANK_RETENTION: {name}: got {text!r}, expected days, 0 for ever "
                f"and at most {MOST:,}"
            )
            raise SettingError(message)
        found[name] = int(text)
    return found
