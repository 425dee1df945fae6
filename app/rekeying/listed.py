"""Listed: the tokens in the block and allow lists."""

from collections.abc import Mapping, Sequence

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from msgspec.structs import replace

from app.engine.follower import Follower
from app.errors import ServiceError
from app.live_lists import LiveLists
from app.rekeying.tokens import Counts, counted, renamed
from app.rules.lists import Entry
from app.settings import Settings
from app.topics import LISTS

WHY = "the card goes by the token of a new key"
_encode = msgspec.json.Encoder().encode


async def cards(settings: Settings) -> list[Entry]:
    """Return the entries of cards that stand.

    Raises:
        ServiceError: Kafka is away.
    """
    lists = LiveLists()
    follower = Follower(settings.kafka, LISTS.name, hear=lists.hear)
    try:
        await follower.catch_up()
    except KafkaError as error:
        message = f"Kafka does not answer: {error}"
        raise ServiceError(message) from error
    finally:
        await follower.on_stop()
    entries = lists.present.entries.values()
    return [one for one in entries if one.kind == "card" and not one.removed]


def counts(entries: Sequence[Entry]) -> Counts:
    """Return how many entries name cards, by the key of the token."""
    return counted((one.value, 1) for one in entries)


def renamings(
    entries: Sequence[Entry], key_id: str, names: Mapping[str, str]
) -> list[Entry]:
    """Return what to publish: each known card anew, and then its old entry removed."""
    told = []
    for one in entries:
        if one.value.startswith(f"{key_id}_") and one.value in names:
            same = replace(one, at=None)
            told.append(replace(same, value=renamed(one.value, names)))
            told.append(replace(same, removed=True, reason=WHY))
    return told


async def publish(settings: Settings, entries: Sequence[Entry]) -> None:
    """Send entries; returns when Kafka has them all.

    Raises:
        ServiceError: Kafka is away.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True
    )
    try:
        await producer.start()
        for one in entries:
            await producer.send_and_wait(LISTS.name, _encode(one), one.key)
    except KafkaError as error:
        message = f"Kafka does not answer: {error}"
        raise ServiceError(message) from error
    finally:
        await producer.stop()
