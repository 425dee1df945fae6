"""k, l and t are what an outside judge says: recorded, and asked again where it is."""

import json
import os

import pytest

from app.privacy.anonymity import measure
from tests.privacy import judge

RECORDED = json.loads(judge.JUDGED.read_text(encoding="utf-8"))["judged"]
DATA = judge.data_sets()


@pytest.mark.parametrize("name", DATA)
def test_an_outside_judge_measured_the_same(name: str):
    data, told = DATA[name], RECORDED[name]
    found = measure(data.table, data.quasi, sensitive=[data.sensitive])

    assert data.digest == told["table"], "another table: ask the judge again"
    assert told["klt"][:2] == [found.k, found.l[data.sensitive]]
    assert told["klt"][2] == pytest.approx(found.t[data.sensitive], abs=1e-9)


def test_the_judge_has_seen_tables_that_hide_and_tables_that_do_not():
    judged = [one["klt"] for one in RECORDED.values()]

    assert {k for k, _, _ in judged} >= {1}
    assert max(k for k, _, _ in judged) > 10
    assert max(l_ for _, l_, _ in judged) > 2
    assert all(
        told["klt"][0] >= 4 for name, told in RECORDED.items() if "anonymised" in name
    )
    assert len({round(t, 6) for _, _, t in judged}) == len(DATA)


@pytest.fixture(scope="session")
def python() -> str:
    """Give the Python that has pycanon."""
    found = os.environ.get("SMARTBANK_PYCANON", "")
    if not found:
        pytest.skip("SMARTBANK_PYCANON names no Python with pycanon")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", DATA)
def test_an_outside_judge_says_what_it_said(python: str, name: str):
    assert judge.asked(python, DATA[name]) == pytest.approx(RECORDED[name]["klt"])
