"""Reaching Kafka: what a command says where none answers."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import KafkaConnectionError

from app.errors import ServiceError
from app.settings import Settings


@contextmanager
def reaching_kafka(settings: Settings) -> Iterator[None]:
    """Say in one line, with the remedy, that no Kafka answers.

    Raises:
        ServiceError: none does.
    """
    try:
        yield
    except KafkaConnectionError as error:
        message = (
            f"no Kafka answers at {settings.kafka}; start one with: "
            "smartbank services up, or set SMARTBANK_KAFKA"
        )
        raise ServiceError(message) from error
