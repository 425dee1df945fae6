"""Mongo: clients of the settings' server; the one module that knows the driver."""

from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import MongoClient

from app.settings import Settings

DUPLICATE = 11000  # Mongo's code for an id that is there
_PATIENCE_MS = 5_000


def client_of(settings: Settings) -> Any:  # motor has no types
    """Return a client that waits at most five seconds for a server."""
    return AsyncIOMotorClient(
        settings.mongo, serverSelectionTimeoutMS=_PATIENCE_MS, tz_aware=True
    )


def blocking_client_of(settings: Settings) -> MongoClient[dict[str, Any]]:
    """Return a client for threads; it connects when it is first used."""
    return MongoClient(
        settings.mongo,
        serverSelectionTimeoutMS=_PATIENCE_MS,
        tz_aware=True,
        connect=False,
    )
