"""Strategies for rules: whole expressions of the language, and text that is not."""

from hypothesis import strategies as st

from app.rules.translate import Fields

NUMBERS = ("amount", "customer_count_1d", "is_night")
FIELDS: Fields = {**dict.fromkeys(NUMBERS, "number"), "channel": "text"}
TEXTS = ("pos", "online", "it's")

_literals = st.integers(0, 400).map(lambda n: f"{n / 4}")
_leaves = st.sampled_from(NUMBERS) | _literals


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _numbers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        inner.map(lambda n: f"(- {n})"),
        inner.map(lambda n: f"ABS({n})"),
        st.tuples(inner, inner).map(lambda t: f"COALESCE({t[0]}, {t[1]})"),
        st.tuples(inner, inner, inner).map(
            lambda t: f"CASE WHEN {t[0]} > {t[1]} THEN {t[1]} ELSE {t[2]} END"
        ),
        st.tuples(inner, inner).map(
            lambda t: f"CASE WHEN {t[0]} IS NULL THEN {t[1]} END"
        ),
    )


numbers = st.recursive(_leaves, _numbers, max_leaves=6)
_operators = st.sampled_from(["<", "<=", ">", ">=", "=", "<>"])
_texts = st.sampled_from(TEXTS).map(_quoted)
_conditions = st.one_of(
    st.tuples(numbers, _operators, numbers).map(" ".join),
    st.tuples(numbers, numbers, numbers).map(
        lambda t: f"{t[0]} BETWEEN {t[1]} AND {t[2]}"
    ),
    st.tuples(numbers, _literals, _literals).map(
        lambda t: f"{t[0]} IN ({t[1]}, -{t[2]})"
    ),
    numbers.map(lambda n: f"{n} IS NOT NULL"),
    _texts.map(lambda text: f"channel = {text}"),
    st.tuples(_texts, _texts).map(lambda t: f"channel NOT IN ({t[0]}, {t[1]})"),
)
conditions = st.recursive(
    _conditions,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" AND ", " OR "]), inner).map("".join),
        inner.map(lambda c: f"({c})"),
        inner.map(lambda c: f"NOT ({c})"),
    ),
    max_leaves=5,
).map(lambda c: f"({c}) OR (amount > 1000000)")
"""Conditions of the language, each reading a field."""

rows = st.fixed_dictionaries(
    {
        **dict.fromkeys(
            NUMBERS, st.none() | st.integers(-200, 200).map(lambda n: n / 4)
        ),
        "channel": st.none() | st.sampled_from(TEXTS),
    }
)
"""Rows of the fields, some of them null."""

_words = st.sampled_from(
    [
        "amount",
        "channel",
        "nosuch",
        "(",
        ")",
        ",",
        ";",
        ".",
        "+",
        "-",
        "*",
        "/",
        "%",
        "<",
        ">",
        "=",
        "<>",
        "!=",
        "AND",
        "OR",
        "NOT",
        "IN",
        "BETWEEN",
        "IS",
        "NULL",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "COALESCE(",
        "ABS(",
        "ROUND(",
        "LEAST(",
        "GREATEST(",
        "SUM(",
        "OVER",
        "SELECT",
        "FROM",
        "WHERE",
        "UNION",
        "DROP",
        "TABLE",
        "EXISTS",
        "CAST",
        "AS",
        "INT",
        "::",
        "1",
        "2.5",
        "1e999",
        "'pos'",
        "'",
        '"',
        "--",
        "/*",
        "*/",
        "TRUE",
        "FALSE",
        "LIKE",
        "INTERVAL",
        "DISTINCT",
        "ANY",
        "ARRAY",
        "[",
        "]",
        "{",
        "}",
        ":",
        "?",
        "@",
        "$1",
        "||",
        "LATERAL",
        "VALUES",
        "WITH",
        "x.y",
        "*",
        "EXTRACT(",
        "year",
        "date",
        "'2024-01-01'",
        "COLLATE",
        "ESCAPE",
        "FILTER",
        "DIV",
    ]
)
scribbles = st.lists(_words, max_size=14).map(" ".join) | st.text(max_size=60)
"""Anything that someone could type or try."""
