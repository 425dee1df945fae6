"""Topics are created once, whole, and never with another number of partitions."""

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError

from app.errors import SettingError
from app.local.ports import free_port
from app.local.server import Server
from app.settings import Settings
from app.topics import GROUP_ALERTS, TOPICS, ensure_topics


async def test_missing_topics_are_created_and_a_second_run_creates_none(
    kafka: Server,
):
    settings = Settings(kafka=kafka.address)

    await ensure_topics(settings)
    again = await ensure_topics(settings)

    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await admin.start()
    seen = {
        topic["topic"]: len([one for one in topic["partitions"] if one["leader"] >= 0])
        for topic in await admin.describe_topics()
    }
    resource = ConfigResource(ConfigResourceType.TOPIC, "pulse")
    ((described,),) = [
        reply.resources for reply in await admin.describe_configs([resource])
    ]
    await admin.close()
    config = {entry[0]: entry[1] for entry in described[4]}
    assert again == []
    assert {topic.name: topic.count(settings) for topic in TOPICS}.items() <= (
        seen.items()
    )
    assert config["retention.ms"] == "600000"
    assert config["message.timestamp.type"] == "LogAppendTime"


async def test_a_topic_with_another_number_of_partitions_is_refused(kafka: Server):
    settings = Settings(kafka=kafka.address)
    await ensure_topics(settings)

    with pytest.raises(SettingError) as refused:
        await ensure_topics(msgspec.structs.replace(settings, partitions=7))

    assert str(refused.value).startswith(
        "topic transactions has 4 partitions, expected 7; set SMARTBANK_PARTITIONS"
    )


async def test_a_kafka_that_is_away_is_said_to_be_away():
    with pytest.raises(KafkaConnectionError):
        await ensure_topics(Settings(kafka=f"127.0.0.1:{free_port()}"))


def test_every_topic_says_what_it_carries_and_how_long_it_keeps_it():
    for topic in TOPICS:
        assert topic.purpose
        policies = set(topic.config["cleanup.policy"].split(","))
        assert policies
        assert policies <= {"delete", "compact"}
        assert ("retention.ms" in topic.config) == ("delete" in policies)


def test_what_names_customers_does_not_stay_for_ever():
    for topic in (GROUP_ALERTS, *(one for one in TOPICS if one.key == "customer")):
        assert "delete" in topic.config["cleanup.policy"].split(",")
