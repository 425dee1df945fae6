"""Topics: every topic of the product, what it carries and how Kafka keeps it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.errors import ServiceError, SettingError
from app.settings import Settings

_ALREADY_EXISTS = 36  # Kafka's error code: another worker was quicker
_MOST_REPLICAS = 3
_PATIENCE = 30.0  # seconds for Kafka to elect a leader of every partition
_POLL = 0.1
_MINUTE = 60_000  # milliseconds, as are all of Kafka's times
_DAY = 24 * 60 * _MINUTE


@dataclass(frozen=True)
class Topic:
    """A topic of the product.

    Attributes:
        key: what its records are keyed by; empty when they have no key.
        keeps: how long, in Kafka's words; `ensure_topics` adds what all have.
        partitions: None for as many as the settings say.
    """

    name: str
    key: str
    purpose: str
    keeps: Mapping[str, str]
    partitions: int | None = None

    def count(self, settings: Settings) -> int:
        """Return how many partitions it has."""
        return self.partitions or settings.partitions

    @property
    def config(self) -> dict[str, str]:
        """What Kafka is told of it.

        Records carry the time at which they reached Kafka, by one clock, whatever
        their sender says: latency is measured by it, and a replay of old payments
        does not expire at once.
        """
        everywhere = {
            "max.message.bytes": str(16 * 1024 * 1024),
            "message.timestamp.type": "LogAppendTime",
        }
        return everywhere | dict(self.keeps)


def _days(days: int) -> dict[str, str]:
    """Keep for so many days, and one more at most: Kafka drops whole segments."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(days * _DAY),
        "segment.ms": str(_DAY),
    }


TRANSACTIONS = Topic(
    "transactions", "customer", "payments as senders state them", _days(7)
)
LABELS = Topic(
    "labels", "customer", "what is learnt later about payments, as stated", _days(7)
)
APP_EVENTS = Topic(
    "app-events", "customer", "what customers do in the app, as stated", _days(7)
)
LABELS_BY_TRANSACTION = Topic(
    "labels-by-transaction",
    "transaction",
    "labels whose customer and terminal are still to be found",
    _days(7),
)
SENSOR_READINGS = Topic(
    "sensor-readings", "device", "what phones and cash machines send", _days(2)
)
READINGS = Topic(
    "readings", "device", "their readings, checked, each message once", _days(7)
)
CUSTOMER_ACTIVITY = Topic(
    "customer-activity", "customer", "one ordered log of all a customer does", _days(7)
)
TERMINAL_ACTIVITY = Topic(
    "terminal-activity",
    "terminal",
    "profiled payments, labels, alarms of cash machines, and what is told of merchants",
    _days(7),
)
DECISIONS = Topic(
    "decisions", "customer", "one decision a payment, with every reason", _days(30)
)
LABELS_APPLIED = Topic(
    "labels-applied", "customer", "labels that the features have learnt", _days(30)
)
APP_EVENTS_APPLIED = Topic(
    "app-events-applied",
    "customer",
    "app events that the features have learnt",
    _days(30),
)
BEHAVIOURS = Topic(
    "behaviours",
    "customer",
    "what customers have done of late, as acts that others can share",
    _days(7),
    1,
)
GROUP_ALERTS = Topic(
    "group-alerts",
    "group",
    "customers that move together",
    {
        **_days(31),
        "cleanup.policy": "compact,delete",
        "max.compaction.lag.ms": str(60 * _MINUTE),  # what names who is erased goes
    },
    1,
)
DEAD_LETTERS = Topic(
    "dead-letters", "as it came", "records that could not be handled", _days(30)
)
RULES = Topic(
    "rules", "ruleset", "the rules as they change", {"cleanup.policy": "compact"}, 1
)
MODELS = Topic(
    "models",
    "model or appointment",
    "models, and which one is live or in shadow",
    {"cleanup.policy": "compact"},
    1,
)
LISTS = Topic(
    "lists", "entry", "whom to block or allow", {"cleanup.policy": "compact"}, 1
)
DEVICES = Topic(
    "devices", "device", "which devices may send", {"cleanup.policy": "compact"}, 1
)
PULSE = Topic(
    "pulse",
    "worker",
    "what each worker says of itself",
    {
        "cleanup.policy": "delete",
        "retention.ms": str(10 * _MINUTE),
        "segment.ms": str(10 * _MINUTE),
    },
    1,
)

TOPICS = (
    TRANSACTIONS,
    LABELS,
    LABELS_BY_TRANSACTION,
    SENSOR_READINGS,
    READINGS,
    APP_EVENTS,
    CUSTOMER_ACTIVITY,
    TERMINAL_ACTIVITY,
    DECISIONS,
    LABELS_APPLIED,
    APP_EVENTS_APPLIED,
    BEHAVIOURS,
    GROUP_ALERTS,
    DEAD_LETTERS,
    RULES,
    MODELS,
    LISTS,
    DEVICES,
    PULSE,
)


async def ensure_topics(settings: Settings) -> list[str]:
    """Create the topics that are missing; return their names.

    When it returns, every partition of every topic has a leader. Safe to call from
    several workers at once.

    Raises:
        SettingError: a topic exists with another number of partitions. Keys would
            land in other partitions than the state that was learnt from them.
        ServiceError: Kafka refused a topic, or elected no leader in 30 s.
        KafkaConnectionError: Kafka is not there.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    try:
        await admin.start()
        missing = _missing(await _partitions(admin), settings)
        if missing:
            await _create(admin, missing, settings)
            await _elected(admin, settings)
    finally:
        await admin.close()
    return [topic.name for topic in missing]


async def _partitions(admin: AIOKafkaAdminClient) -> dict[str, list[dict[str, Any]]]:
    """Return what Kafka says of the partitions of each topic."""
    return {seen["topic"]: seen["partitions"] for seen in await admin.describe_topics()}


def _missing(
    seen: Mapping[str, list[dict[str, Any]]], settings: Settings
) -> list[Topic]:
    """Return the topics that are not there; refuse those of another shape."""
    for topic in TOPICS:
        got, expected = len(seen.get(topic.name, ())), topic.count(settings)
        if got and got != expected:
            message = (
                f"topic {topic.name} has {got} partitions, expected {expected}; set "
                f"SMARTBANK_PARTITIONS to what it has, or use an empty Kafka"
            )
            raise SettingError(message)
    return [topic for topic in TOPICS if not seen.get(topic.name)]


async def _create(
    admin: AIOKafkaAdminClient, topics: list[Topic], settings: Settings
) -> None:
    brokers = (await admin.describe_cluster())["brokers"]
    replicas = min(_MOST_REPLICAS, len(brokers))
    reply = await admin.create_topics(
        [
            NewTopic(
                topic.name,
                topic.count(settings),
                replicas,
                topic_configs=topic.config,
            )
            for topic in topics
        ]
    )
    for name, code, *words in reply.topic_errors:
        if code not in {0, _ALREADY_EXISTS}:
            message = f"Kafka refused topic {name}: error {code} {' '.join(words)}"
            raise ServiceError(message)


async def _elected(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Wait until each partition of each topic has a leader."""
    try:
        async with asyncio.timeout(_PATIENCE):
            while True:
                seen = await _partitions(admin)
                led = {
                    name: [one for one in partitions if one["leader"] >= 0]
                    for name, partitions in seen.items()
                }
                if not _missing(led, settings):
                    return
                await asyncio.sleep(_POLL)
    except TimeoutError as error:
        message = f"Kafka at {settings.kafka} elected no leaders in {_PATIENCE:g} s"
        raise ServiceError(message) from error
