"""Each panel's query on a real Elasticsearch, against a count by Polars.

Payments of a made-up bank are captured, profiled and decided as on the road, and
written by the sinks; Polars counts them in the Parquet archive. What is asked is read
off the saved objects that Kibana imports.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import polars as pl
import pytest
from elasticsearch import AsyncElasticsearch
from polars import col

from agents.sinks import documents
from agents.sinks.elastic import ElasticSink
from agents.sinks.parquet import ParquetSink
from app.app_events import captured_app_event
from app.archive import Decided
from app.detection.log import Road
from app.events.app_events import AppEvent
from app.events.decisions import Decision, Versions
from app.events.payments import ProfiledPayment
from app.events.readings import Reading, Readings
from app.features.catalogue import PROFILE, READABLE
from app.local.server import Server
from app.parquet.frames import decisions_frame
from app.privacy.tokens import Tokens
from app.rules.compiled import compile_ruleset
from app.rules.ruleset import default_ruleset
from app.scoring.assemble import decisions
from app.settings import Settings
from app.simulate.bank import Bank
from tests.kibana.asking import Row, asked, objects, rows
from tests.sensors.builders import NOON, NOON_NS

PAYMENTS = 4_000
"""Of how many the panels tell; there are frauds among them."""
AT_ONCE = 300
"""Written at once: aiohttp warns of bodies beyond a mebibyte, here an error."""

Count = Callable[[pl.DataFrame], list[Row]]
"""Counts what a panel shows, in a frame of its view's documents."""
FLAGGED = col("outcome") != "approve"
DECLINED = col("outcome") == "decline"
HOUR = col("occurred_at").dt.truncate("1h").dt.epoch("ms").alias("every")
TEN_MINUTES = col("occurred_at").dt.truncate("10m").dt.epoch("ms").alias("every")


def one(*measures: pl.Expr, where: pl.Expr | None = None) -> Count:
    """Measure all, or what a condition holds for."""

    def count(frame: pl.DataFrame) -> list[Row]:
        return (
            (frame if where is None else frame.filter(where)).select(*measures).rows()
        )

    return count


def by_time(every: pl.Expr, *measures: pl.Expr, where: pl.Expr | None = None) -> Count:
    def count(frame: pl.DataFrame) -> list[Row]:
        some = frame if where is None else frame.filter(where)
        return some.group_by(every).agg(*measures).sort("every").rows()

    return count


def top(field: str, most: int, *more: pl.Expr, where: pl.Expr | None = None) -> Count:
    """Count the words of a field, the most frequent first."""

    def count(frame: pl.DataFrame) -> list[Row]:
        some = frame if where is None else frame.filter(where)
        told = some.drop_nulls(field).group_by(field).agg(pl.len().alias("n"), *more)
        return told.sort("n", field, descending=[True, False]).head(most).rows()

    return count


def by_outcome(every: pl.Expr, *, where: pl.Expr | None = None) -> Count:
    def count(frame: pl.DataFrame) -> list[Row]:
        some = frame if where is None else frame.filter(where)
        told = some.group_by(every, "outcome").agg(pl.len().alias("n"))
        return told.sort(
            "every", "n", "outcome", descending=[False, True, False]
        ).rows()

    return count


def rules(frame: pl.DataFrame) -> list[Row]:
    """Count the rules, which the archive keeps as JSON."""
    names = pl.Series(
        [[hit["rule"] for hit in msgspec.json.decode(hits)] for hits in frame["hits"]]
    )
    told = frame.with_columns(names.alias("rule")).explode("rule")
    return top("rule", 10, col("customer_id").n_unique(), col("amount").sum())(told)


def scores(frame: pl.DataFrame) -> list[Row]:
    tens = ((col("score") / 10).floor() * 10).alias("tens")
    some = frame.filter(col("score") > 0)
    return some.group_by(tens).agg(pl.len()).sort("tens").rows()


def sensors(frame: pl.DataFrame) -> list[Row]:
    told = frame.explode("sensors")
    return top("sensors", 20, col("device_id").n_unique(), col("speed_mps").max())(told)


EXPECTED: dict[str, Count] = {
    "payments": one(pl.len()),
    "total": one(col("amount").sum()),
    "average-value": one(col("amount").mean()),
    "distinct": one(
        col("customer_id").n_unique(),
        col("merchant_id").drop_nulls().n_unique(),
        col("card").drop_nulls().n_unique(),
    ),
    "volume": by_time(TEN_MINUTES, pl.len()),
    "average-amount": by_time(TEN_MINUTES, col("amount").mean()),
    "categories": top("merchant_category", 5),
    "channels": top("channel", 10),
    "device-types": lambda frame: top("device_type", 10)(
        frame.with_columns(col("device_type").fill_null("__missing__"))
    ),
    "app-events": by_outcome(TEN_MINUTES),
    "app-actions": top("kind", 10),
    "log-in-devices": top("device_type", 10, where=col("kind") == "log-in"),
    "sensors": sensors,
    "decline-rate": one(DECLINED.mean()),
    "stopped": one(col("amount").sum(), where=DECLINED),
    "flagged": one(pl.len(), col("customer_id").n_unique(), where=FLAGGED),
    "outcomes": by_outcome(HOUR, where=FLAGGED),
    "decline-rate-over-time": by_time(HOUR, DECLINED.mean()),
    "amount-stopped-over-time": by_time(HOUR, col("amount").sum(), where=DECLINED),
    "rules": rules,
    "flagged-countries": top("country", 10, where=FLAGGED),
    "scores": scores,
}
LISTED = "reasons"


@cache
def bank() -> tuple[list[Decided], list[AppEvent]]:
    """Decide a made-up bank's payments as the road does, and capture its app events."""
    road = Road("EUR")
    compiled = compile_ruleset(default_ruleset(), READABLE)
    tokens = Tokens(bytes(32), key_id="k1")
    made: list[Decision] = []
    used: list[AppEvent] = []
    for chunk in Bank(customers=300, seed=5).chunks(limit=PAYMENTS):
        found = [told for told in road.profiled(chunk) if told]
        made += decisions(
            [ProfiledPayment(paid, list(told[: len(PROFILE)])) for paid, told in found],
            [told for _, told in found],
            profiled_at=[NOON] * len(found),
            rules=compiled,
            versions=Versions("r1", "f1"),
        )
        used += [
            captured_app_event(
                event.value,
                received_at=datetime.now(UTC),
                captured_at=NOON,
                tokens=tokens,
            )
            for event in chunk.app_events
        ]
    wires = [msgspec.json.encode(decision) for decision in made]
    return [
        Decided(msgspec.json.decode(wire, type=Decision), wire, NOON, 0, place)
        for place, wire in enumerate(wires)
    ], used


def messages() -> list[Readings]:
    """Build what two phones and a cash machine send in a minute."""
    found = []
    for second in range(60):
        at = NOON_NS + second * 10**9
        place: dict[str, float | str] = {"latitude": 48.2, "longitude": 16.4}
        fix = Reading("location", at, place | {"speed": float(second)})
        shake = Reading("accelerometer", at, {"z": 9.8})
        found.append(Readings("ann-1", NOON, [fix, shake], "c-1"))
        if second % 3 == 0:
            found.append(Readings("bob-1", NOON, [fix], "c-2"))
        machine = Reading("atm", at, {"tilt": 0.2})
        found.append(Readings("atm-1", NOON, [machine], kind="atm", terminal_id="t"))
    return found


def counted_in(archive: Path) -> dict[str, pl.DataFrame]:
    """Return frames by view: the Parquet archive, and records for what is in none."""
    _, used = bank()
    return {
        "decisions": pl.read_parquet(archive / "**" / "*.parquet"),
        "app-events": pl.DataFrame(
            {
                name: [getattr(event, name) for event in used]
                for name in ("occurred_at", "outcome", "kind", "device_type")
            }
        ),
        "readings": pl.DataFrame(
            {
                "device_id": [told.device_id for told in messages()],
                "sensors": [[one.sensor for one in m.readings] for m in messages()],
                "speed_mps": [m.readings[0].values.get("speed") for m in messages()],
            }
        ),
    }


@pytest.fixture(scope="module")
def shown(
    elastic: Server, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    """Write everything to both stores; give replies and frames by panel."""
    archive = tmp_path_factory.mktemp("archive")
    database = f"kibana{uuid4().hex[:8]}"
    replies = asyncio.run(_written_and_asked(elastic.address, database, archive))
    frames = counted_in(archive)
    return replies, frames


async def _written_and_asked(
    address: str, database: str, archive: Path
) -> dict[str, Any]:
    settings = Settings(elastic=address, database=database)
    decided, used = bank()
    parquet = ParquetSink(archive, frame=decisions_frame)
    await parquet.prepare()
    assert await parquet.write(decided) == {}
    for kind, batch in (
        (documents.DECISIONS, decided),
        (documents.APP_EVENTS, used),
        (documents.READINGS, messages()),
    ):
        sink = ElasticSink[Any](settings, kind)
        await sink.prepare()
        for start in range(0, len(batch), AT_ONCE):
            assert await sink.write(batch[start : start + AT_ONCE]) == {}
        await sink.close()
    client = AsyncElasticsearch(address, request_timeout=60)
    await client.indices.refresh(index=f"{database}-*")
    views = {told["id"]: told for told in objects()}
    replies = {}
    for panel in objects():
        if panel["type"] in {"visualization", "search"}:
            search = asked(panel, views)
            index = search.index.replace("smartbank-", f"{database}-", 1)
            name = panel["id"].removeprefix("smartbank-panel-")
            body = search.body | {"track_total_hits": True}
            replies[name] = panel, (await client.search(index=index, **body)).body
    await client.close()
    return replies


def close(row: Row) -> list[Any]:
    """Let numbers that were added in another order pass as the same."""
    return [one if isinstance(one, str) else pytest.approx(one) for one in row]


def view_of(panel: dict[str, Any]) -> str:
    name: str = panel["references"][0]["id"]
    return name.removeprefix("smartbank-")


@pytest.mark.parametrize("name", EXPECTED)
def test_a_panel_shows_what_polars_counts(shown: Any, name: str):
    replies, frames = shown
    panel, reply = replies[name]

    expected = EXPECTED[name](frames[view_of(panel)])
    found = rows(panel, reply)

    assert len(found) == len(expected) > 0
    assert [close(row) for row in expected] == [list(row) for row in found]


def test_the_list_of_reasons_holds_every_flagged_payment_newest_first(shown: Any):
    replies, frames = shown
    panel, reply = replies[LISTED]
    flagged = frames["decisions"].filter(FLAGGED).sort("occurred_at", descending=True)

    hits = reply["hits"]["hits"]
    assert reply["hits"]["total"]["value"] == flagged.height > 10
    assert {hit["_id"] for hit in hits[:50]} <= set(flagged["id"].head(51))
    assert all(hit["fields"]["hits.reason"] for hit in hits)
    assert set(hits[0]["fields"]) == set(panel["attributes"]["columns"])


def test_every_panel_is_counted(shown: Any):
    replies, _ = shown

    assert replies.keys() == EXPECTED.keys() | {LISTED}
