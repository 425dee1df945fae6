"""k, l and t are what an outside judge says: recorded, and asked again where it is."""

import json
import os

import pytest

from app.privacy.anonymity import measure
from app.privacy.mondrian import Aim, anonymise
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
    assert len({round(t, 6) for _, _, t in judged}) == len(DATA)


@pytest.fixture(scope="session")
def python() -> str:
    """Give the Python that has pycanon."""
    found = os.environ.get("SMARTBANK_PYCANON", "")
    if not found:
        pytest.skip("SMARTBANK_PYCANON names no Python with pycanon")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("name", [name for name in DATA if "," not in name])
def test_an_outside_judge_measures_the_same(python: str, name: str, k: int):
    data = DATA[name]
    if k > 1:
        made = anonymise(
            data.table, data.quasi, sensitive=[data.sensitive], aim=Aim(k=k)
        )
        data = data._replace(table=made.table)

    told = judge.asked(python, data)

    found = measure(data.table, data.quasi, sensitive=[data.sensitive])
    assert told[:2] == [found.k, found.l[data.sensitive]]
    assert told[2] == pytest.approx(found.t[data.sensitive], abs=1e-9)
