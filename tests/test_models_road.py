"""Models on the live road: scores as in evaluation, swapped while payments flow."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from aiokafka import AIOKafkaProducer
from click.testing import CliRunner

from app.cli import main
from app.detection.log import Log, read_log
from app.detection.recipe import FEATURES, Recipe, fit
from app.local.server import Server
from app.scoring.model import Calibration, Facts, Model
from app.scoring.registry import Appointment, pack
from app.sources.chunks import Chunk
from app.sources.column_map import load_map
from app.sources.files import read
from app.sources.sender import Options, Sender
from tests.handbook import payments
from tests.road import Road, decisions
from tests.test_rules_road import decide
from tests.two_workers import deciding, ready, soon, start
from tests.web.site import user, users_file

log = logging.getLogger(__name__)
ROWS = 80_000
SWAPS = 6

pytestmark = pytest.mark.slow


@pytest.fixture
async def site(own_kafka: Server, tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """Two workers that decide, and a client of each."""
    users = users_file(tmp_path / "users.jsonl", user("mia", "manager"))
    environment = {"SMARTBANK_USERS_FILE": users}
    road = Road(own_kafka.address, tmp_path / "road", environment=environment)
    async with deciding(road) as found:
        yield found


@pytest.fixture(scope="module")
def handbook_log(handbook: Path) -> Log:
    """Give the first payments as `smartbank evaluate` sees them."""
    _, chunks = read(handbook, columns=load_map("handbook"), limit=ROWS)
    return read_log(chunks, currency="EUR")


def trained(log_of: Log, *, rounds: int, slope: float = 1.0) -> Model:
    rows = np.ones(len(log_of.days), np.bool_)
    booster = fit(log_of, rows, recipe=Recipe(rounds=rounds))
    calibration = Calibration(slope, 0.1)
    return Model(booster.model_to_string(), Facts(FEATURES, "2018-04-09", calibration))


async def push(client: httpx.AsyncClient, folder: Path, *role: str) -> None:
    """Bring a model in as its user does, from the command line."""
    token = (await client.post("/v1/tokens", json={})).json()["token"]
    given = ["models", "push", str(folder), *role]
    done = await asyncio.to_thread(
        CliRunner().invoke,
        main,
        [*given, "--comment", "as a test", "--url", str(client.base_url)],
        env={"SMARTBANK_TOKEN": token},
    )
    assert done.exit_code == 0, done.output


async def swap(site: dict[str, Any], role: str, version: str) -> tuple[float, float]:
    """Give a role to a model through one worker; return seconds there and to all."""
    seen = (await site["one"].get("/v1/models")).headers["etag"]
    started = time.monotonic()
    told = await site["one"].put(
        f"/v1/models/{role}",
        params={"version": version, "comment": "as a test"},
        headers={"if-match": seen},
    )
    here = time.monotonic() - started
    assert told.status_code == 200, told.text
    return here, here + await soon(partial(has, site["two"], version, role))


class Held(Sender):
    """A sender that goes on no further than `most` payments.

    However slow a swap is, payments are left that the swapped decide.
    """

    most = 0

    async def _pace(self, part: Chunk, started: float) -> None:
        while self.report.sent >= self.most:  # noqa: ASYNC110 - a count, no event
            await asyncio.sleep(0.01)
        await super()._pace(part, started)


async def has(client: httpx.AsyncClient, version: str, role: str) -> bool:
    return await roles(client, version) == [role]


async def uploaded(client: httpx.AsyncClient, version: str) -> bool:
    models = (await client.get("/v1/models")).json()["models"]
    return any(one["version"] == version for one in models)


async def roles(client: httpx.AsyncClient, version: str) -> list[str]:
    models = (await client.get("/v1/models")).json()["models"]
    return next((one["roles"] for one in models if one["version"] == version), [])


async def test_live_scores_are_the_evaluation_s_bit_by_bit_while_models_are_swapped(
    site: dict[str, Any],
    own_kafka: Server,
    handbook: Path,
    handbook_log: Log,
    tmp_path: Path,
) -> None:
    one, two = trained(handbook_log, rounds=60), trained(handbook_log, rounds=90)
    await push(site["one"], one.save(tmp_path), "--live")
    await push(site["two"], two.save(tmp_path))
    await soon(partial(uploaded, site["one"], two.version))
    _, chunks = read(handbook, columns=load_map("handbook"), limit=ROWS)
    sender = Held(site["road"].settings, Options(patience=180, in_flight=2_000))
    sending = asyncio.create_task(sender.send(chunks))
    part = ROWS // (SWAPS + 2)
    taken = []
    for number in range(1, SWAPS + 1):
        sender.most = (number + 1) * part
        while sender.report.decided < number * part:  # noqa: ASYNC110 - a count, no event
            await asyncio.sleep(0.01)
        live, shadow = (two, one) if number % 2 else (one, two)
        if number > 1:
            seen = (await site["one"].get("/v1/models")).headers["etag"]
            gone = await site["one"].delete(
                "/v1/models/shadow",
                params={"comment": "makes way"},
                headers={"if-match": seen},
            )
            assert gone.is_success, gone.text
        taken.append(await swap(site, "live", live.version))
        await swap(site, "shadow", shadow.version)
    sender.most = ROWS
    report = await sending
    found = await decisions(own_kafka.address)

    log.info("a swap takes %s ms here and everywhere", np.round(np.array(taken) * 1e3))
    assert report.decided == report.sent == len(found) == ROWS
    every = np.arange(ROWS)
    table = handbook_log.table(every, FEATURES)
    truth = {
        model.version: model.score_table(table).tolist() for model in (one, two)
    } | {None: [None] * ROWS}
    identities = payments(handbook, days=20)["TRANSACTION_ID"][:ROWS]
    used: set[tuple[str | None, str | None]] = set()
    for row, identity in enumerate(identities):
        decision = msgspec.json.decode(found[str(identity)][0])
        versions = decision["versions"]
        used.add((versions["model"], versions["shadow"]))
        assert (
            decision["features"]["model_probability"] == (truth[versions["model"]][row])
        )
        assert decision["shadow_probability"] == truth[versions["shadow"]][row]
        if decision["outcome"] != "approve":
            assert decision["contributions"]
    assert {(one.version, two.version), (two.version, one.version)} <= used


async def test_a_bad_model_on_the_topic_harms_no_worker_and_a_good_one_outlives_kills(
    site: dict[str, Any], own_kafka: Server, handbook_log: Log, tmp_path: Path
) -> None:
    good, bad = trained(handbook_log, rounds=20), trained(handbook_log, rounds=21)
    await push(site["one"], good.save(tmp_path), "--live")
    packed = pack(bad, author="eve", comment="cut on its way")
    cut = msgspec.structs.replace(packed, trees=packed.trees[:-100])
    appointment = Appointment(
        number=2, id="x", author="eve", comment="live", live=bad.version
    )
    producer = AIOKafkaProducer(bootstrap_servers=own_kafka.address)
    await producer.start()
    for record in (cut, appointment):
        value = msgspec.json.encode(record)
        await producer.send_and_wait("models", value, record.key)
    await producer.stop()
    async with asyncio.timeout(60):
        for name in ("one", "two"):
            while not await refusal(site[name], bad.version):  # noqa: ASYNC110 - told by HTTP
                await asyncio.sleep(0.05)
    why = await refusal(site["two"], bad.version)
    before = await decide(site["one"], "before")
    for name in ("one", "two"):
        site["road"].kill(name)
        await site[name].aclose()
        start(site, name)
    await ready(site)
    after = await decide(site["two"], "after")

    assert "cut, or too large" in why
    told = {one["versions"]["model"] for one in before + after}
    assert told == {good.version}
    assert all(one["features"]["model_probability"] > 0 for one in before + after)
    assert await roles(site["one"], good.version) == ["live"]


async def refusal(client: httpx.AsyncClient, version: str) -> str:
    models = (await client.get("/v1/models")).json()["models"]
    found = [one["refused"] for one in models if one["version"] == version]
    return next((why for why in found if why), "")
