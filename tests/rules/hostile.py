"""Compiles and evaluates hostile expressions behind a fence; run as a program.

The fence: no file or socket can be opened any more, memory cannot grow by more than
512 MiB, and each expression's CPU time is measured. Reads a
seed and a number from the command line, prints one JSON object.
"""

import json
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from app.errors import RuleError
from app.rules.expression import compile_expression
from tests.rules.strategies import FIELDS

MEMORY = 512 * 1024 * 1024
ROWS = 1000
FRAME = pl.DataFrame(
    {
        name: [1.0] * ROWS if kind == "number" else ["pos"] * ROWS
        for name, kind in FIELDS.items()
    }
)

NESTS = [
    ("(", ")"),
    ("NOT (", ")"),
    ("- ", ""),
    ("ABS(", ")"),
    ("1 / (", ")"),
    ("1 / (1 + ", ")"),
    ("COALESCE(1 / ", ", 1)"),
    ("GREATEST(1 * ", ", 1)"),
    ("LEAST(1, 2 - ", ")"),
    ("CASE WHEN 1 / ", " > 1 THEN 1 END"),
    ("CASE WHEN amount > 1 THEN ", " END"),
    ("ROUND(", ", 9)"),
    ("(1 / ", " IN (1, 2, 3, 4, 5, 6, 7, 8))"),
    ("(", " BETWEEN 1 / amount AND amount / 0)"),
    ("amount + (", ")"),
    ("amount * ", ""),
    ("(SELECT ", ")"),
    ("CAST(", " AS INT)"),
    ("[", "]"),
    ("{", "}"),
    ("/*", "*/"),
]
"""What can be put around an expression again and again."""

CHAINS = [
    " + 1", " * 2", " / amount", " - amount / 2", " OR amount > 1", " AND amount > 1",
    " > 1", " = amount", " IS NULL", " || 'x'", " BETWEEN 1 AND 2", "::int", ".a",
    " UNION SELECT 1", ";", ",", " -- ", " COLLATE x", "[1]", " IN (1)",
]  # fmt: skip
"""What can be put behind an expression again and again."""

ODD = [
    "amount > " + "9" * 1990,
    "amount > 0." + "0" * 1980 + "1",
    "amount > 1" + "e9" * 900,
    "amount > 1e" + "9" * 1900,
    "amount = 0x" + "f" * 1900,
    "amount > 1" + "_0" * 900,
    "channel = '" + "a" * 1980 + "'",
    "channel = '" + "''" * 980 + "'",
    "channel = " + "'" * 1501,
    'channel = "' + "a" * 1900 + '"',
    "amount IN (" + ", ".join(map(str, range(430))) + ")",
    "amount IN (" + ", ".join(map(str, range(200_000))) + ")",
    "channel IN (" + ", ".join(f"'{n}'" for n in range(280)) + ")",
    "amount IN (" + "(" * 400 + "1" + ")" * 400 + ")",
    "channel RLIKE '(a+)+$'",
    "channel REGEXP '(x+x+)+y'",
    "channel ~ '^(([a-z])+.)+[A-Z]([a-z])+$'",
    "channel SIMILAR TO '(a|a)*b'",
    "REGEXP_LIKE(channel, '(.*)*$')",
    "channel LIKE '" + "%a" * 900 + "'",
    "read_csv('/etc/passwd') > 1",
    "pg_read_file('/etc/passwd') = 'x'",
    "load_extension('x') = 1",
    "COPY rules TO '/tmp/x'",
    "ATTACH DATABASE '/tmp/x' AS x",
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE x",
    "amount > (SELECT * FROM read_parquet('http://127.0.0.1/x'))",
    "__import__('os').system('true') = 1",
    "amount > {{ 7 * 7 }}",
    "amount > $(true)",
    "\x00", "amount > 1\x00", "\ufeffamount > 1", "amount\u00a0>\u00a01",
    "\u0430mount > 1", "am\u200bount > 1", "amount > \uff11", "amount > \u0661",
    "\u202eamount > 1", "amount > 1 \U0001f4a9", "e\u0301" * 600, "\ud800 > 1",
    "amount > 1" + "\n" * 1900, "amount" + " " * 1900 + "> 1", "\t" * 2000,
    "amount > 1 /* " + "/* " * 600, "amount > 1 -- " + "-- " * 600, "\\" * 2000,
    "", " ", ";", ";" * 2000, "'", '"', "`", "$$", "$x$" * 600, "@" * 2000, "?" * 2000,
]  # fmt: skip
"""What somebody might try."""


def hostile(chance: random.Random, most: int) -> Iterator[str]:
    """Yield what was thought of, then what chance makes of it."""
    yield from ODD
    for opening, closing in NESTS:
        for depth in (1, 8, 20, 31, 63, 65, 200, 990, 50_000):
            yield f"{opening * depth}amount{closing * depth} > 1"
            yield f"{opening * depth}amount > 1"
    for link in CHAINS:
        for length in (1, 10, 30, 62, 64, 130, 300, 350, 390, 660, 50_000):
            yield f"amount{link * length}"
            yield f"amount{link * length} > 1"
    for _ in range(most):
        text = chance.choice(["amount", "channel", "1", "'pos'", *ODD])
        for _ in range(chance.randint(1, 40)):
            opening, closing = chance.choice(NESTS)
            text = chance.choice(
                [f"{opening}{text}{closing}", text + chance.choice(CHAINS)]
            )
        if chance.random() < 0.5:
            place = chance.randint(0, len(text))
            text = text[:place] + chance.choice("()'\"\x00;,\\") + text[place:]
        yield chance.choice([text, f"{text} > 1"])


def tried(text: str) -> bool:
    """Compile and evaluate one; whether it is in the language."""
    try:
        compiled = compile_expression(text, FIELDS, kind="boolean")
    except RuleError as error:
        str(error)
        return False
    result = FRAME.select(compiled.polars.alias("hit"))
    assert result.schema == {"hit": pl.Boolean}
    assert result.height == ROWS
    return True


def fence() -> bool:
    """Let nothing be opened any more, and little memory taken; whether that holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    try:
        Path("/proc/self/statm").read_text(encoding="ascii")
    except OSError:
        return True
    return False


def main() -> None:
    """Try them all."""
    seed, most = map(int, sys.argv[1:])
    for text in [*ODD, "amount > 1", "GREATEST(amount, 1 / amount) IN (1, 2)"]:
        tried(text)  # what is imported late is imported now
    fenced = fence()
    allowed, slowest = 0, (0.0, "")
    texts = list(hostile(random.Random(seed), most))  # noqa: S311 - no secret is made
    for text in texts:
        start = time.process_time()
        allowed += tried(text)
        slowest = max(slowest, (time.process_time() - start, text[:200]))
    told = {
        "tried": len(texts),
        "allowed": allowed,
        "seconds": slowest[0],
        "slowest": slowest[1],
        "fenced": fenced,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
