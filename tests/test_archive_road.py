"""The Parquet archive behind real workers that are killed: each decision once."""

import asyncio
import random
from pathlib import Path

import msgspec
import polars as pl
import pytest
from aiokafka import AIOKafkaProducer

from app.events.decisions import Decision
from app.events.labels import Label
from app.features.catalogue import READABLE
from app.local.server import Server
from app.parquet import files
from app.rules.compiled import compile_ruleset
from app.rules.ruleset import default_ruleset
from app.scoring.backtest import COLUMNS, backtest
from app.scoring.decide import OUTCOMES
from app.sources.column_map import load_map
from app.sources.files import read
from app.sources.sender import Options, Sender
from app.topics import DECISIONS, LABELS_APPLIED, ensure_topics
from tests.road import Road, records
from tests.scoring.builders import NOON

MANY = 20_000
KILLS = 6


async def published(kafka: str) -> dict[str, Decision]:
    """Return the first decision on each payment, by Kafka's clock and order."""
    found: dict[str, tuple[int, int, Decision]] = {}
    async for record in records(kafka, DECISIONS.name):
        decision = msgspec.json.decode(record.value, type=Decision)
        mine = record.timestamp, record.offset, decision
        if mine[:2] < found.get(decision.id, mine)[:2] or decision.id not in found:
            found[decision.id] = mine
    return {name: one for name, (_, _, one) in found.items()}


async def repeat_some(kafka: str, first: dict[str, Decision]) -> None:
    """Publish some decisions again, as a successor with newer rules would."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    for decision in list(first.values())[:500]:
        other = msgspec.structs.replace(decision, outcome="decline", score=99.0)
        key = decision.payment.customer_id.encode()
        await producer.send(DECISIONS.name, msgspec.json.encode(other), key)
    for identity in list(first)[:300]:
        at = first[identity].payment.occurred_at
        label = Label(identity, "c", "t", at, NOON, fraud=True)
        value = msgspec.json.encode(label)
        await producer.send(LABELS_APPLIED.name, value, b"c")
    await producer.flush()
    await producer.stop()


async def archived(root: Path, *, decisions: int, labels: int) -> pl.DataFrame:
    """Wait, at most three minutes, until the archive holds so many; return all."""
    frame = pl.DataFrame()
    for _ in range(720):
        days = list(files.decisions(root, COLUMNS, features=READABLE))
        frame = pl.concat(days) if days else pl.DataFrame({"fraud": []})
        if (frame.height, frame["fraud"].count()) == (decisions, labels):
            break
        await asyncio.sleep(0.25)
    return frame


@pytest.mark.slow
async def test_workers_killed_at_random_archive_each_first_decision_once(
    own_kafka: Server, mongo: Server, elastic: Server, handbook: Path, tmp_path: Path
) -> None:
    score = Road(own_kafka.address, tmp_path / "road")
    deliver = Road(
        own_kafka.address,
        tmp_path / "road",
        role="deliver",
        environment={
            "SMARTBANK_MONGO": mongo.address,
            "SMARTBANK_ELASTIC": elastic.address,
            "SMARTBANK_DATABASE": "archive-road",
        },
    )
    chance = random.Random(4)  # noqa: S311 - no secret is made
    await ensure_topics(score.settings)
    _, chunks = read(handbook, columns=load_map("handbook"), limit=MANY)
    with score.running("one"), deliver.running("d-1", "d-2"):
        sender = Sender(score.settings, Options(patience=180))
        sending = asyncio.create_task(sender.send(chunks))
        for kill in range(1, KILLS + 1):
            while sender.report.decided < kill * MANY // (KILLS + 1):  # noqa: ASYNC110 - a count, no event
                await asyncio.sleep(0.01)
            name = chance.choice(["d-1", "d-2"])
            deliver.kill(name)
            await asyncio.sleep(chance.random() * 3)
            deliver.start(name)
        await sending
        first = await published(own_kafka.address)
        await repeat_some(own_kafka.address, first)
        root = tmp_path / "road" / "archive"
        await archived(root, decisions=MANY, labels=300)
        await asyncio.sleep(8)  # a file lingers for five seconds: a repeat would show
        frame = await archived(root, decisions=MANY, labels=300)

    rules = compile_ruleset(default_ruleset(), READABLE)
    report = backtest([frame], present=rules, candidate=rules)
    assert sorted(frame["id"].to_list()) == sorted(first)
    assert dict(frame.select("id", "outcome").rows()) == {
        name: decision.outcome for name, decision in first.items()
    }
    for row in frame.sample(200, seed=1).to_dicts():
        told = {name: row[name] for name in READABLE if row[name] is not None}
        assert told == first[row["id"]].features
    counts = frame["outcome"].value_counts().rows()
    flagged = sum(count for outcome, count in counts if outcome != OUTCOMES[0])
    assert report.flagged.before is not None
    assert report.flagged.before.hits == flagged > 0
    assert report.moved == []
    assert frame["fraud"].sum() == 300
