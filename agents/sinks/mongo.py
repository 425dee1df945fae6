"""Mongo: decisions in the archive."""

from pymongo.errors import PyMongoError

from app.archive import Archive


class MongoSink(Archive):
    """The archive as a sink."""

    name = "Mongo"
    away: tuple[type[Exception], ...] = (PyMongoError,)
