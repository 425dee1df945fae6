"""The judge: pycanon measures the same tables; what it said is kept in judged.json.

`python -m tests.privacy.judge PYTHON` asks it again: PYTHON is that of an environment
with `pip install pycanon==1.3.6 pyarrow` (2.5 minutes), which the product needs not.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import polars as pl

from app.privacy.mondrian import Aim, anonymise

VERSION = "1.3.6"
JUDGED = Path(__file__).with_name("judged.json")
ASK = """
import json, sys
import pandas
from pycanon import anonymity
table = pandas.read_parquet(sys.argv[1])
quasi, sensitive = sys.argv[2].split(","), sys.argv[3].split(",")
print(json.dumps([
    int(anonymity.k_anonymity(table, quasi)),
    int(anonymity.l_diversity(table, quasi, sensitive)),
    float(anonymity.t_closeness(table, quasi, sensitive)),
]))
"""


class Data(NamedTuple):
    """A table to be measured."""

    table: pl.DataFrame
    quasi: list[str]
    sensitive: str

    @property
    def digest(self) -> str:
        """Says whether it is the table that was judged."""
        return hashlib.sha256(self.table.write_csv().encode()).hexdigest()[:16]


def data_sets() -> dict[str, Data]:
    """Return three tables: as they are, with coarser quasi-identifiers, anonymised."""
    found = {}
    for name, data in (
        ("people", _people(Random(1))),  # noqa: S311 - no secret is made
        ("salaries", _salaries(Random(2))),  # noqa: S311 - no secret is made
        ("visits", _visits(Random(3))),  # noqa: S311 - no secret is made
    ):
        found[name] = data
        coarse = [
            pl.col(one) // 20
            if data.table.schema[one].is_integer()
            else pl.col(one).str.head(1)
            for one in data.quasi
        ]
        found[f"{name}, coarser"] = data._replace(table=data.table.with_columns(coarse))
        made = anonymise(
            data.table, data.quasi, sensitive=[data.sensitive], aim=Aim(k=4)
        )
        found[f"{name}, anonymised"] = data._replace(table=made.table)
    return found


def _people(chance: Random) -> Data:
    """Values that have no order, all as likely."""
    rows = [
        (
            chance.randrange(18, 90),
            f"{chance.randrange(1000, 1040)}",
            "cfgn"[chance.randrange(4)],
        )
        for _ in range(400)
    ]
    return Data(_frame(rows, ["age", "zip", "ill"]), ["age", "zip"], "ill")


def _salaries(chance: Random) -> Data:
    """Numbers, whose distance is that of their ranks, and many ties."""
    rows = [
        (chance.randrange(20), "abc"[chance.randrange(3)], chance.randrange(30) ** 2)
        for _ in range(300)
    ]
    return Data(_frame(rows, ["team", "site", "salary"]), ["team", "site"], "salary")


def _visits(chance: Random) -> Data:
    """Few values, one of them much likelier, and classes of very different size."""
    rows = [
        (
            int(60 * chance.random() ** 3),
            "xxxxxy"[chance.randrange(6)],
            "no" if chance.random() < 0.93 else "yes",
        )
        for _ in range(500)
    ]
    return Data(_frame(rows, ["hour", "door", "fraud"]), ["hour", "door"], "fraud")


def _frame(rows: Sequence[tuple[int, str, object]], names: list[str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=names, orient="row")


def asked(python: str, data: Data) -> list[float]:
    """Ask pycanon for k, l and t."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.parquet"
        data.table.write_parquet(file)
        words = ("-W", "ignore", "-c", ASK, str(file), ",".join(data.quasi))
        told = subprocess.run(
            [python, *words, data.sensitive], capture_output=True, check=True
        )
    found: list[float] = json.loads(told.stdout.splitlines()[-1])
    return found


def main(python: str) -> None:
    """Ask for every table, and keep what is said."""
    told = {
        name: {"table": data.digest, "klt": asked(python, data)}
        for name, data in data_sets().items()
    }
    text = json.dumps({"pycanon": VERSION, "judged": told}, indent=2)
    JUDGED.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
