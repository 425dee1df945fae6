"""Pushing: messages of a phone sent to its address, at a pace, until each is taken."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from app.errors import ServiceError

MOST_OPEN = 8
"""Requests at once, when there is no pace: messages then arrive in another order."""
PATIENCE = 60.0
PAUSE = 0.5
_AGAIN = {429, 500, 502, 503, 504}


@dataclass
class Pushed:
    """What was sent: `messages`, taken by the server in `latencies_ms`."""

    messages: int = 0
    bytes: int = 0
    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)


async def push(
    address: str, messages: Iterable[tuple[float, bytes]], *, pace: float | None
) -> Pushed:
    """Send messages, each due so many seconds after the first one.

    `pace` is recorded time against real time; without one they go as fast as they
    are taken. A server that is away is asked again for up to a minute a message.

    Raises:
        ServiceError: the server refuses a message, or is away for longer.
    """
    done = Pushed()
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        send = partial(_send, client, address, done)
        most = 1 if pace else MOST_OPEN
        done.seconds = await at_pace(messages, send, pace=pace, most_open=most)
    return done


async def at_pace(
    messages: Iterable[tuple[float, bytes]],
    send: Callable[[bytes], Coroutine[Any, Any, None]],
    *,
    pace: float | None,
    most_open: int,
) -> float:
    """Send messages when they are due, at most so many at once; return the seconds.

    Raises:
        ExceptionGroup: what `send` raised; no more is sent then.
    """
    started = time.monotonic()
    open_ = asyncio.Semaphore(most_open)
    async with asyncio.TaskGroup() as group:
        for due, body in messages:
            if pace:
                ahead = started + due / pace - time.monotonic()
                await asyncio.sleep(max(0.0, ahead))
            await open_.acquire()
            task = group.create_task(send(body))
            task.add_done_callback(lambda _: open_.release())
    return time.monotonic() - started


async def _send(
    client: httpx.AsyncClient, address: str, done: Pushed, body: bytes
) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        began = time.monotonic()
        trouble = ""
        try:
            answer = await client.post(
                address, content=body, headers={"content-type": "application/json"}
            )
        except httpx.TransportError as error:
            trouble = f"no answer: {error or type(error).__name__}"
        else:
            if answer.is_success:
                done.messages += 1
                done.bytes += len(body)
                done.latencies_ms.append((time.monotonic() - began) * 1000)
                return
            trouble = f"{answer.status_code}: {answer.text[:200]}"
            if answer.status_code not in _AGAIN:
                message = f"a message was refused: {trouble}"
                raise ServiceError(message)
        if time.monotonic() > deadline:
            message = f"a message was not taken in {PATIENCE:g} s: {trouble}"
            raise ServiceError(message)
        await asyncio.sleep(PAUSE)
