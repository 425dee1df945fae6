"""The Parquet sink: what does not fit a column is refused, the rest is written."""

import asyncio
from pathlib import Path

import pytest

from agents.sinks.delivery import Delivery
from agents.sinks.parquet import ParquetSink
from app.archive import Decided
from app.parquet import files
from app.parquet.frames import decisions_frame
from tests.sinks.decided import a_decided


@pytest.fixture
def sink(tmp_path: Path) -> ParquetSink[Decided]:
    return ParquetSink(tmp_path / "decisions", frame=decisions_frame)


def kept(folder: Path) -> list[str]:
    return [one for frame in files.decisions(folder) for one in frame["id"]]


async def test_what_does_not_fit_is_refused_by_its_place_and_the_rest_kept(
    sink: ParquetSink[Decided], tmp_path: Path
) -> None:
    await sink.prepare()
    batch = [a_decided("a"), a_decided("b", amount=2**70, at=(0, 1)), a_decided("c")]
    told = await sink.write([*batch[:2], batch[2]._replace(offset=2)])

    assert list(told) == [1]
    assert "Int64" in told[1]
    assert sorted(kept(tmp_path)) == ["a", "c"]


async def test_nothing_is_left_of_a_batch_that_is_refused_whole(
    sink: ParquetSink[Decided], tmp_path: Path
) -> None:
    told = await sink.write([a_decided("a", amount=2**70)])

    assert list(told) == [0]
    assert kept(tmp_path) == []


async def test_a_folder_that_cannot_be_written_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "decisions").write_text("a file where the folder should be")
    delivery = Delivery(ParquetSink(tmp_path / "decisions", frame=decisions_frame))
    await delivery.start()
    try:
        told = await delivery.put([a_decided("a")])
        async with asyncio.timeout(60):
            while delivery.away_since is None:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        (tmp_path / "decisions").unlink()

        assert await told == {}
        assert kept(tmp_path) == ["a"]
    finally:
        await delivery.stop()
