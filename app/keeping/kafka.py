"""Kafka: the retention that topics have, and that it is the one set."""

from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from app.errors import ServiceError
from app.keeping.table import DAY_MS
from app.settings import Settings
from app.topics import TOPICS

_ITS_OWN = 1  # Kafka's word for what a topic has of its own
_KAFKA_S = 7 * DAY_MS  # where a topic, such as one just made, tells none of its own


class Topics:
    """The product's topics, as far as they let go of records. Raises ServiceError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def found(self) -> dict[str, int]:
        """Return for how many days topics keep, by `topic.NAME`; 0 for ever."""
        return {
            f"topic.{name}": max(0, int(config.get("retention.ms", _KAFKA_S))) // DAY_MS
            for name, config in (await self._ask({})).items()
        }

    async def enforce(self, days: Mapping[str, int]) -> None:
        """Have topics keep for so many days; what else they were told stays."""
        wanted = {}
        for topic in TOPICS:
            if kept := days.get(f"topic.{topic.name}"):
                retention = str(kept * DAY_MS)
            elif kept == 0:
                retention = "-1"
            else:
                continue
            wanted[topic.name] = {**topic.keeps, "retention.ms": retention}
        await self._ask(wanted)

    async def _ask(
        self, wanted: Mapping[str, Mapping[str, str]]
    ) -> dict[str, dict[str, str]]:
        """Return what topics have of their own, after some was changed."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._settings.kafka)
        try:
            await admin.start()
            there = set(await admin.list_topics())
            names = [
                topic.name
                for topic in TOPICS
                if topic.name in there and "retention.ms" in topic.keeps
            ]
            found = await self._described(admin, names)
            changed = {
                name: {**found[name], **wanted[name]}
                for name in wanted.keys() & found.keys()
                if not wanted[name].items() <= found[name].items()
            }
            if changed:
                replies = await admin.alter_configs(
                    [
                        ConfigResource(ConfigResourceType.TOPIC, name, config)
                        for name, config in changed.items()
                    ]
                )
                for code, words, *_ in (r for told in replies for r in told.resources):
                    if code:
                        message = f"Kafka refuses another retention: {code} {words}"
                        raise ServiceError(message)
        except KafkaError as error:
            message = f"Kafka does not answer: {error}"
            raise ServiceError(message) from error
        finally:
            await admin.close()
        return {**found, **changed}

    async def _described(
        self, admin: AIOKafkaAdminClient, names: list[str]
    ) -> dict[str, dict[str, str]]:
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        replies = await admin.describe_configs(resources) if names else []
        return {
            name: {entry[0]: entry[1] for entry in entries if entry[3] == _ITS_OWN}
            for told in replies
            for _, _, _, name, entries in told.resources
        }
