"""Sources: how far a partition has come whose records go to a store."""

import asyncio
from typing import Any

import pytest

from app.engine.engine import Source


def handed_on(*offsets: int) -> tuple[Source, list[asyncio.Future[Any]]]:
    """Give a source of which batches up to these offsets were handed to a store."""
    source, loop = Source(10), asyncio.get_running_loop()
    deliveries = [loop.create_future() for _ in offsets]
    source.waiting.extend(zip(offsets, deliveries, strict=True))
    return source, deliveries


async def test_what_was_handed_on_waits_until_the_store_has_it():
    source, (first, second) = handed_on(20, 30)

    assert source.reached(30) == 10
    first.set_result(None)
    assert source.reached(30) == 20
    second.set_result(None)
    assert source.reached(30) == 30
    assert source.done == 10  # which only settling changes


async def test_a_later_delivery_says_nothing_of_an_earlier_one():
    source, (_, second) = handed_on(20, 30)
    second.set_result(None)

    assert source.reached(30) == 10
    assert source.advance() == 10


async def test_where_nothing_was_handed_on_all_that_was_taken_is_dealt_with():
    assert Source(10).reached(25) == 25


async def test_a_failed_delivery_is_told_to_who_settles():
    source, (first,) = handed_on(20)
    first.set_exception(OSError("away"))

    with pytest.raises(OSError, match="away"):
        source.advance()
