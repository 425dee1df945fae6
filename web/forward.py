"""Forward: one worker asks another, signed, one hop at most."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import time

import httpx
from starlette.responses import Response

from web.auth import HOP_HEADER, Caller
from web.problems import Problem
from web.signatures import Hop, Signatures, digest

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
KEPT = ("content-type", "retry-after")


class Forwarder:
    """Asks other workers in a caller's name, without the caller's credentials."""

    def __init__(
        self,
        signatures: Signatures,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._signatures = signatures
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT, trust_env=False, transport=transport
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def get(self, url: str, target: str, caller: Caller) -> Response:
        """Return another worker's answer; `target` is the path with its query.

        Raises:
            Problem: 503, no answer, or the request has been passed on before.
        """
        _once(caller)
        headers = self._headers("GET", target, b"", caller)
        try:
            async with asyncio.timeout(TIMEOUT.read):
                answer = await self._client.get(url + target, headers=headers)
        except (httpx.HTTPError, TimeoutError) as error:
            raise _silent(url) from error
        kept = {name: answer.headers[name] for name in KEPT if name in answer.headers}
        return Response(answer.content, answer.status_code, kept)

    @asynccontextmanager
    async def lines(
        self, url: str, target: str, body: bytes, caller: Caller
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Post a body and give the lines of the answer as they come.

        Raises:
            Problem: 503, no answer, or the request has been passed on before.
        """
        _once(caller)
        headers = self._headers("POST", target, body, caller)
        patient = httpx.Timeout(TIMEOUT.connect, read=None)
        try:
            async with self._client.stream(
                "POST", url + target, content=body, headers=headers, timeout=patient
            ) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise _silent(url)
                yield _lines(answer)
        except httpx.HTTPError as error:
            raise _silent(url) from error

    def _headers(
        self, method: str, target: str, body: bytes, caller: Caller
    ) -> dict[str, str]:
        hop = Hop(caller.name, caller.role, int(time()), digest(body))
        signed = self._signatures.hop(hop, method=method, target=target)
        return {HOP_HEADER: signed, "accept": "application/json"}


async def _lines(answer: httpx.Response) -> AsyncIterator[bytes]:
    r"""Split at \n and nothing else: a text in JSON may hold other line ends."""
    rest = b""
    async for part in answer.aiter_bytes():
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield line


def _once(caller: Caller) -> None:
    if caller.via == "worker":
        detail = "the workers do not agree on who owns this key; ask again"
        raise Problem(503, detail, kind="rebalancing", retry_after=1)


def _silent(url: str) -> Problem:
    detail = f"the worker at {url} does not answer; ask again"
    return Problem(503, detail, kind="rebalancing", retry_after=1)
