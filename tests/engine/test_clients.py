"""Kafka's clients: no cancellation leaves one half open."""

import asyncio
import itertools

import pytest

from app.engine.clients import running


class Steps:
    """A client that starts and stops in two steps each, or fails to start."""

    def __init__(self, *, fails: bool = False) -> None:
        self.told: list[str] = []
        self._fails = fails

    async def start(self) -> None:
        self.told.append("starting")
        await asyncio.sleep(0)
        if self._fails:
            raise ConnectionError
        self.told.append("started")

    async def stop(self) -> None:
        self.told.append("stopping")
        await asyncio.sleep(0)
        self.told.append("stopped")


async def use(client: Steps) -> None:
    async with running(client):
        await asyncio.sleep(0)


@pytest.mark.parametrize("times", [1, 3])
async def test_whoever_is_cancelled_has_started_and_stopped_a_client_whole(times: int):
    for turn in itertools.count(1):
        client = Steps()
        using = asyncio.create_task(use(client))
        for _ in range(turn):
            await asyncio.sleep(0)
        if using.done():
            break
        for _ in range(times):
            using.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await using

        assert client.told == ["starting", "started", "stopping", "stopped"]

    assert turn > 4


async def test_a_client_that_cannot_start_is_stopped():
    client = Steps(fails=True)

    with pytest.raises(ConnectionError):
        await use(client)

    assert client.told == ["starting", "stopping", "stopped"]
