"""Create the topics that are missing and show all of them."""

import asyncio

import click
from rich.console import Console
from rich.table import Table

from app.commands.reaching import reaching_kafka
from app.settings import load
from app.topics import TOPICS, ensure_topics


@click.command()
def topics() -> None:
    """Create the topics that are missing and show all of them."""
    settings = load()
    with reaching_kafka(settings):
        created = asyncio.run(ensure_topics(settings))
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
