"""Influx: readings as line protocol, in InfluxDB or whatever else takes it."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import parse_qs, urlsplit

import httpx

from app.errors import ServiceError
from app.events.readings import Readings
from app.influx import Influx
from app.sensors.line_protocol import lines
from app.sensors.points import Point, points
from app.settings import Settings

MOST_LINES = 5_000  # of one request, as InfluxData advises
TIMEOUT = 30.0
_UNFIT = {400, 413, 422}


class InfluxAwayError(Exception):
    """The time series store is away, or will not have anything now."""


class InfluxSink:
    """Messages of readings as points; a point written again is the same point.

    `SMARTBANK_INFLUX` is the whole address to write to: version 1's `/write?db=...`,
    whose database is made if it is not there, or version 2's
    `/api/v2/write?org=...&bucket=...` with a token (Timestream for InfluxDB too).
    """

    name = "InfluxDB"
    away: tuple[type[Exception], ...] = (httpx.TransportError, InfluxAwayError)

    def __init__(self, settings: Settings) -> None:
        self._url = settings.influx
        self._influx = Influx(settings.influx, settings.influx_token)
        token = settings.influx_token
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT,
            trust_env=False,
            headers={"authorization": f"Token {token}"} if token else {},
        )

    async def prepare(self) -> None:
        """Make the database of version 1."""
        parts = urlsplit(self._url)
        database = parse_qs(parts.query).get("db")
        if parts.path == "/write" and database:
            url = parts._replace(path="/query", query="").geturl()
            name = database[0].replace('"', "")
            asked = await self._client.post(
                url, data={"q": f'CREATE DATABASE "{name}"'}
            )
            _taken(asked)

    async def write(self, batch: Sequence[Readings]) -> dict[int, str]:
        """Write all points; return why those of some messages were refused."""
        refused: dict[int, str] = {}
        start = 0
        for place, message in enumerate(batch):
            if message.erased_at:
                refused |= await self._write_all(batch, range(start, place))
                refused |= await self._forget(place, message.device_id)
                start = place + 1
        return refused | await self._write_all(batch, range(start, len(batch)))

    async def _write_all(
        self, batch: Sequence[Readings], places: Iterable[int]
    ) -> dict[int, str]:
        refused: dict[int, str] = {}
        for part in _parts((place, batch[place]) for place in places):
            refused |= await self._write(part)
        return refused

    async def _forget(self, place: int, device: str) -> dict[int, str]:
        """Delete what there is of a device; say why where the store may not."""
        try:
            await asyncio.to_thread(self._influx.forget, [device])
        except ServiceError as error:
            if isinstance(error.__cause__, httpx.TransportError):
                raise InfluxAwayError(str(error)) from error
            return {place: str(error)}
        return {}

    async def _write(self, part: list[tuple[int, list[Point]]]) -> dict[int, str]:
        """Write the points of messages; what is refused is looked for by halves."""
        body = lines(point for _, found in part for point in found)
        asked = await self._client.post(self._url, content=body)
        if asked.status_code not in _UNFIT:
            _taken(asked)
            return {}
        if len(part) == 1:
            return {part[0][0]: asked.text.strip()[:200]}
        middle = len(part) // 2
        return await self._write(part[:middle]) | await self._write(part[middle:])

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _parts(
    messages: Iterable[tuple[int, Readings]],
) -> Iterator[list[tuple[int, list[Point]]]]:
    """Yield messages by their place, with their points, for one request each."""
    part: list[tuple[int, list[Point]]] = []
    size = 0
    for place, message in messages:
        found = points(message)
        if part and size + len(found) > MOST_LINES:
            yield part
            part, size = [], 0
        part.append((place, found))
        size += len(found)
    if part:
        yield part


def _taken(asked: httpx.Response) -> None:
    """Raise unless a request was taken.

    Raises:
        InfluxAwayError: it was not; a wrong token or bucket can be put right.
    """
    if not asked.is_success:
        message = f"{asked.status_code} {asked.text.strip()[:200]}"
        raise InfluxAwayError(message)
