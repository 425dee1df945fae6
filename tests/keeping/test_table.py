"""For how long things are kept: what is set, what is not understood, what docs say."""

import re
from pathlib import Path

import pytest

from app.errors import SettingError
from app.keeping.table import TABLE, kept_days
from app.settings import Settings

ROOT = Path(__file__).parent.parent.parent


def test_what_is_not_set_is_kept_as_long_as_the_table_says():
    days = kept_days(Settings(retention="topic.decisions=90, archive.labels=0"))

    assert days.pop("topic.decisions") == 90
    assert days.pop("archive.labels") == 0
    assert days == {
        name: one.days
        for name, one in TABLE.items()
        if name not in {"topic.decisions", "archive.labels"}
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("decisions=3", "got 'decisions', expected one of topic.transactions"),
        ("mongo.decisions", "mongo.decisions: got '', expected days"),
        ("mongo.decisions=-1", "got '-1'"),
        ("mongo.decisions=1.5", "got '1.5'"),
        ("mongo.decisions=36501", "at most 36,500"),
        ("topic.rules=1", "got 'topic.rules'"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, words: str):
    with pytest.raises(SettingError, match=re.escape(words)):
        kept_days(Settings(retention=text))


def test_the_docs_tell_of_each_and_for_how_long():
    text = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z]+\.[a-z_-]+)` \| ([0-9,]+) \|", text, re.MULTILINE)

    assert {name: int(days.replace(",", "")) for name, days in rows} == {
        name: one.days for name, one in TABLE.items()
    }
