"""Create the topics that are missing and show all of them."""

import asyncio

import click
from aiokafka.errors import KafkaConnectionError
from rich.console import Console
from rich.table import Table

from app.errors import ServiceError
from app.settings import load
from app.topics import TOPICS, ensure_topics


@click.command()
def topics() -> None:
    """Create the topics that are missing and show all of them."""
    settings = load()
    try:
        created = asyncio.run(ensure_topics(settings))
    except KafkaConnectionError as error:
        message = (
            f"no Kafka answers at {settings.kafka}; start one with: "
            "smartbank services up, or set SMARTBANK_KAFKA"
        )
        raise ServiceError(message) from error
    table = Table("topic", "partitions", "key", "carries", "", box=None)
    for topic in TOPICS:
        table.add_row(
            topic.name,
            str(topic.count(settings)),
            topic.key,
            topic.purpose,
            "created" if topic.name in created else "",
        )
    Console().print(table)
