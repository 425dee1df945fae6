"""Delivery to a store that comes and goes."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from agents.sinks import delivery as module
from agents.sinks.delivery import Delivery
from app.archive import Decided
from tests.sinks.decided import a_decided


class Store:
    """A store in memory that can be away, slow, or refuse by id."""

    name = "memory"
    away: tuple[type[Exception], ...] = (ConnectionError,)

    def __init__(self, *, refuses: Mapping[str, str] | None = None) -> None:
        self.refuses = refuses or {}
        self.open = asyncio.Event()
        self.open.set()
        self.failures = 0
        self.prepared = 0
        self.writes: list[list[str]] = []
        self.closed = False

    async def prepare(self) -> None:
        self._fail()
        self.prepared += 1

    async def write(self, batch: Sequence[Decided]) -> dict[int, str]:
        await self.open.wait()
        self._fail()
        ids = [one.decision.id for one in batch]
        self.writes.append(ids)
        return {p: self.refuses[i] for p, i in enumerate(ids) if i in self.refuses}

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            message = "nobody there"
            raise ConnectionError(message)

    async def close(self) -> None:
        self.closed = True


@asynccontextmanager
async def delivering(store: Store, **options: Any) -> AsyncIterator[Delivery[Decided]]:
    delivery = Delivery(store, **options)
    await delivery.start()
    try:
        yield delivery
    finally:
        await delivery.stop()


async def test_a_store_that_is_away_gets_everything_in_order_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Store()
    store.failures = 3
    async with delivering(store) as delivery:
        refused = [await delivery.put([a_decided(name)]) for name in "abc"]
        told = await asyncio.gather(*refused)

    assert told == [{}, {}, {}]
    assert store.prepared == 1
    assert [one for write in store.writes for one in write] == ["a", "b", "c"]
    assert caplog.text.count("memory is away") == 1
    assert caplog.text.count("memory is back") == 1
    assert store.closed


async def test_batches_that_wait_are_written_together_up_to_a_limit() -> None:
    store = Store()
    store.open.clear()
    async with delivering(store, most=4) as delivery:
        refused = [
            await delivery.put([a_decided(f"{n}-{m}") for m in "ab"]) for n in range(5)
        ]
        await asyncio.sleep(0)
        store.open.set()
        await asyncio.gather(*refused)

    assert max(len(write) for write in store.writes) == 4
    assert sum(len(write) for write in store.writes) == 10


async def test_who_lingers_writes_once_there_is_enough() -> None:
    store = Store()
    async with delivering(store, most=3, linger=600) as delivery, asyncio.timeout(60):
        for name in "abc":
            full = await delivery.put([a_decided(name)])
            await asyncio.sleep(0.01)
        await full

    assert store.writes == [["a", "b", "c"]]


async def test_who_lingers_writes_what_there_is_after_a_while() -> None:
    store = Store()
    async with delivering(store, linger=1.0) as delivery, asyncio.timeout(60):
        began = asyncio.get_running_loop().time()
        await delivery.put([a_decided("a")])
        await (await delivery.put([a_decided("b")]))
        taken = asyncio.get_running_loop().time() - began

    assert taken > 0.9
    assert store.writes == [["a", "b"]]


async def test_each_batch_is_told_what_of_its_own_was_refused() -> None:
    store = Store(refuses={"b": "too big", "c": "too old"})
    store.open.clear()
    async with delivering(store) as delivery:
        one = await delivery.put([a_decided("a"), a_decided("b")])
        two = await delivery.put([a_decided("c")])
        three = await delivery.put([a_decided("d")])
        store.open.set()

        assert await one == {1: "too big"}
        assert await two == {0: "too old"}
        assert await three == {}


async def test_who_hands_over_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING", 2)
    store = Store()
    store.open.clear()
    async with delivering(store, most=1) as delivery:
        await delivery.put([a_decided("a")])
        await asyncio.sleep(0.01)  # the first is being written, two more may wait
        await delivery.put([a_decided("b")])
        await delivery.put([a_decided("c")])

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await delivery.put([a_decided("d")])
        store.open.set()
        last = await delivery.put([a_decided("e")])

        assert await last == {}


async def test_a_batch_of_which_nothing_is_left_is_done_without_the_store() -> None:
    store = Store()
    async with delivering(store) as delivery:
        refused = await (await delivery.put([]))

    assert (refused, store.writes) == ({}, [])
