"""Influx: what is asked of the time series store beside writing to it.

Both versions, by the address that is written to: version 1 has a database with a
retention policy, version 2 a bucket with a retention rule.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

import httpx

from app.errors import ServiceError
from app.settings import Settings

TIMEOUT = 30.0
POLICY = "autogen"
"""What version 1 calls the retention policy that a database comes with."""
DAY = 24 * 3600
_ALWAYS = {"start": "1970-01-01T00:00:00Z", "stop": "2200-01-01T00:00:00Z"}


@contextmanager
def _understood() -> Iterator[None]:
    """Tell an answer that is not InfluxDB's by one kind of error."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        message = f"InfluxDB answers otherwise than it should: {error!r:.200}"
        raise ServiceError(message) from error


@dataclass(frozen=True)
class Influx:
    """The store that `SMARTBANK_INFLUX` names. Every method raises ServiceError."""

    address: str
    token: str = ""
    transport: httpx.BaseTransport | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Influx | None":
        """Return the settings' store, None where readings go to none."""
        if not settings.influx:
            return None
        return cls(settings.influx, settings.influx_token)

    @_understood()
    def forget(self, devices: Iterable[str]) -> None:
        """Delete every reading of some devices."""
        for device in devices:
            name = device.replace("\\", "\\\\")
            if self._second:
                quoted = name.replace('"', '\\"')
                told = {**_ALWAYS, "predicate": f'device="{quoted}"'}
                self._ask("POST", "/api/v2/delete", params=self._stated, json=told)
            else:
                quoted = name.replace("'", "\\'")
                self._query(f"DROP SERIES WHERE \"device\" = '{quoted}'")

    @_understood()
    def kept_days(self) -> int:
        """Return for how many days readings are kept; 0 for ever."""
        if self._second:
            rules = self._bucket()["retentionRules"]
            return int(rules[0]["everySeconds"]) // DAY if rules else 0
        told = self._query(f'SHOW RETENTION POLICIES ON "{self._database}"')
        series = told["results"][0]["series"][0]
        for row in series["values"]:
            policy = dict(zip(series["columns"], row, strict=True))
            if policy["name"] == POLICY:
                return hours(policy["duration"]) // 24
        return 0

    @_understood()
    def keep(self, days: int) -> None:
        """Keep readings for so many days; 0 for ever."""
        if self._second:
            rules = [{"type": "expire", "everySeconds": days * DAY}] if days else []
            bucket = f"/api/v2/buckets/{self._bucket()['id']}"
            self._ask("PATCH", bucket, json={"retentionRules": rules})
            return
        on = f'"{POLICY}" ON "{self._database}"'
        shard = "7d" if days == 0 or days >= 14 else "1d"  # noqa: PLR2004 - Influx' own steps
        self._query(
            f"ALTER RETENTION POLICY {on} DURATION {f'{days}d' if days else 'INF'} "
            f"SHARD DURATION {shard} DEFAULT"
        )

    def ensure(self, days: int) -> None:
        """Keep readings for so many days, unless the store does already."""
        if self.kept_days() != days:
            self.keep(days)

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.address)

    @property
    def _second(self) -> bool:
        return self._parts.path.startswith("/api/v2/")

    @property
    def _stated(self) -> dict[str, str]:
        return {
            name: first for name, (first, *_) in parse_qs(self._parts.query).items()
        }

    @property
    def _database(self) -> str:
        return self._stated.get("db", "").replace('"', "")

    def _query(self, text: str) -> Any:
        told = self._ask("POST", "/query", params={"db": self._database, "q": text})
        if error := told["results"][0].get("error"):
            message = f"InfluxDB refuses: {error}"
            raise ServiceError(message)
        return told

    def _bucket(self) -> Any:
        stated = self._stated
        params = {"org": stated.get("org", ""), "name": stated.get("bucket", "")}
        found = self._ask("GET", "/api/v2/buckets", params=params)["buckets"]
        if not found:
            message = f"InfluxDB has no bucket {params['name']!r}"
            raise ServiceError(message)
        return found[0]

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        url = self._parts._replace(path=path, query="").geturl()
        headers = {"authorization": f"Token {self.token}"} if self.token else {}
        try:
            with httpx.Client(
                timeout=TIMEOUT,
                trust_env=False,
                headers=headers,
                transport=self.transport,
            ) as client:
                answer = client.request(method, url, **options)
        except httpx.TransportError as error:
            message = f"InfluxDB does not answer: {error}"
            raise ServiceError(message) from error
        if not answer.is_success:
            message = f"InfluxDB: {answer.status_code} {answer.text.strip()[:200]}"
            raise ServiceError(message)
        return answer.json() if answer.content else {}


def hours(duration: str) -> int:
    """Return the hours of a duration as version 1 spells it.

    >>> hours("2160h0m0s"), hours("0s")
    (2160, 0)
    """
    return int(duration.partition("h")[0]) if "h" in duration else 0
