"""Mongo: SecantusDB, a server that speaks Mongo's protocol, on one machine."""

import sysconfig
from functools import partial
from pathlib import Path

import pymongo
from pymongo.errors import PyMongoError

from app.local.ports import LOOPBACK, free_port
from app.local.server import Server

PROGRAM = str(Path(sysconfig.get_path("scripts"), "secantusd-py"))


def mongo_server(folder: Path, *, port: int = 0, outlives: bool = False) -> Server:
    """Prepare a server that speaks Mongo's protocol, its data in `folder`."""
    folder = folder.absolute()
    port = free_port(port)
    address = f"mongodb://{LOOPBACK}:{port}"
    return Server(
        name="mongo",
        address=address,
        folder=folder,
        command=[
            *(PROGRAM, "--port", str(port)),
            *("--storage-path", str(folder / "data")),
        ],
        answers=partial(answers, address),
        stand_in="SecantusDB stands in for MongoDB",
        outlives=outlives,
    )


def answers(address: str) -> bool:
    """Whether the server answers a ping."""
    with pymongo.MongoClient(address, serverSelectionTimeoutMS=2000) as client:
        try:
            client.admin.command("ping")
        except PyMongoError:
            return False
    return True
