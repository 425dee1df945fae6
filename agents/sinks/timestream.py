"""Timestream: readings as multi-measure records in Amazon Timestream."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import aioboto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.events.readings import Readings
from app.sensors.points import Point, points
from app.settings import Settings

MOST_RECORDS = 100  # of one request, by Timestream's limit
AT_ONCE = 4  # requests
TABLE = "readings"
UNFIT = "ValidationException"
"""What is asked is wrong in itself: it would be so for ever."""


class TimestreamSink:
    """Messages of readings, a record a point. Writing one again changes nothing.

    Credentials and region come the way of every AWS program. Records that Timestream
    rejects (too old for its retention, another value at the same time) or finds invalid
    refuse their message; all others of the message are stored.
    """

    name = "Timestream"
    away: tuple[type[Exception], ...] = (BotoCoreError, ClientError)

    def __init__(self, settings: Settings) -> None:
        self._database = settings.timestream
        self._endpoint = settings.timestream_endpoint or None
        self._stack = AsyncExitStack()
        self._made: Any = None

    async def _client(self) -> Any:
        if self._made is None:
            config = Config(retries={"max_attempts": 1}, read_timeout=20)
            opened = aioboto3.Session().client(
                "timestream-write", endpoint_url=self._endpoint, config=config
            )
            self._made = await self._stack.enter_async_context(opened)
        return self._made

    async def prepare(self) -> None:
        """Do nothing: database, table and their retention are made with the stack."""

    async def write(self, batch: Sequence[Readings]) -> dict[int, str]:
        """Write all records; return why those of some messages were refused."""
        client = await self._client()
        found = [
            (place, point)
            for place, message in enumerate(batch)
            for point in points(message)
        ]
        parts = [
            found[start : start + MOST_RECORDS]
            for start in range(0, len(found), MOST_RECORDS)
        ]
        gate = asyncio.Semaphore(AT_ONCE)
        told = await asyncio.gather(
            *(self._write(client, gate, part) for part in parts)
        )
        refused: dict[int, str] = {}
        for one in told:
            refused = one | refused
        return refused

    async def _write(
        self, client: Any, gate: asyncio.Semaphore, part: list[tuple[int, Point]]
    ) -> dict[int, str]:
        """Write records; what is invalid among them is looked for by halves."""
        try:
            async with gate:
                await client.write_records(
                    DatabaseName=self._database,
                    TableName=TABLE,
                    Records=[record(point) for _, point in part],
                )
        except client.exceptions.RejectedRecordsException as error:
            rejected = error.response.get("RejectedRecords", [])
            return {
                part[one["RecordIndex"]][0]: one["Reason"] for one in reversed(rejected)
            }
        except ClientError as error:
            told = error.response.get("Error", {})
            if told.get("Code") != UNFIT:
                raise
            if len(part) == 1:
                return {part[0][0]: told.get("Message", UNFIT)[:200]}
        else:
            return {}
        middle = len(part) // 2
        later = await self._write(client, gate, part[middle:])
        return later | await self._write(client, gate, part[:middle])

    async def close(self) -> None:
        """Close the connections."""
        await self._stack.aclose()


def record(point: Point) -> dict[str, Any]:
    """Return a point as Timestream takes it."""
    origin = "synthetic" if point.synthetic else "real"
    tags = {"device": point.device_id, "kind": point.kind, "origin": origin}
    return {
        "Dimensions": [{"Name": name, "Value": value} for name, value in tags.items()],
        "MeasureName": point.sensor,
        "MeasureValueType": "MULTI",
        "MeasureValues": [
            {
                "Name": name,
                "Value": repr(value) if isinstance(value, float) else value,
                "Type": "DOUBLE" if isinstance(value, float) else "VARCHAR",
            }
            for name, value in point.values.items()
        ],
        "Time": str(point.time),
        "TimeUnit": "NANOSECONDS",
    }
