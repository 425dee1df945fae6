"""Frames: decisions and labels as columns."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import polars as pl

from app.archive import Decided
from app.events.decisions import Decision
from app.events.labels import Label
from app.rules.ruleset import LISTS

Schema = Mapping[str, pl.DataType]

_encode = msgspec.json.Encoder().encode
_TEXT, _TIME, _NUMBER = pl.String(), pl.Datetime("us", "UTC"), pl.Float64()
_PLACE: Schema = {"partition": pl.Int32(), "offset": pl.Int64()}

DECISIONS: Schema = {
    "id": _TEXT,
    "occurred_at": _TIME,
    "decided_at": _TIME,
    "customer_id": _TEXT,
    "terminal_id": _TEXT,
    "amount_minor": pl.Int64(),
    "currency": _TEXT,
    "channel": _TEXT,
    "country": _TEXT,
    "merchant_category": _TEXT,
    "merchant_id": _TEXT,
    "device_id": _TEXT,
    "device_type": _TEXT,
    "beneficiary_id": _TEXT,
    "card": _TEXT,
    "outcome": _TEXT,
    "listed": pl.Boolean(),
    "score": _NUMBER,
    "hits": _TEXT,
    "shadows": pl.List(_TEXT),
    "ruleset": _TEXT,
    "features_version": _TEXT,
    "model": _TEXT,
    "synthetic": pl.Boolean(),
    "personal": pl.Binary(),
    **_PLACE,
}
"""A decision, and beside it each of its features, by its name, as Float64.

`amount_minor` is in minor units of `currency`; the feature `amount` in major ones.
`hits` is JSON as on the wire: a list of structs takes Polars twenty times as long.
`card` is its token.
`personal` is what is sealed with the customer's key: then device, beneficiary and the
lists' reasons are not in their own columns.
`listed` is true where a list decided, not the rules. `partition` and `offset` are
its place in the topic.
"""

LABELS: Schema = {
    "transaction_id": _TEXT,
    "customer_id": _TEXT,
    "terminal_id": _TEXT,
    "occurred_at": _TIME,
    "labelled_at": _TIME,
    "fraud": pl.Boolean(),
    "kind": _TEXT,
    "scenario": _TEXT,
    "author": _TEXT,
    "synthetic": pl.Boolean(),
    **_PLACE,
}
"""A label; `occurred_at` is its payment's."""


class Labelled(NamedTuple):
    """A label that was applied, and its place in the topic."""

    label: Label
    partition: int
    offset: int


def decisions_frame(batch: Sequence[Decided]) -> pl.DataFrame:
    """Return decisions as columns of `DECISIONS`, and of every feature they carry.

    Raises:
        OverflowError, TypeError, PolarsError: a value does not fit its column.
    """
    made = [one.decision for one in batch]
    paid = [decision.payment for decision in made]
    columns: dict[str, Iterable[Any]] = {
        "occurred_at": [payment.occurred_at.astimezone(UTC) for payment in paid],
        "decided_at": [one.decided_at for one in batch],
        "amount_minor": [payment.amount for payment in paid],
        "hits": [_encode(decision.hits).decode() for decision in made],
        "card": [payment.card and payment.card.token for payment in paid],
        "listed": [_listed(decision) for decision in made],
        "ruleset": [decision.versions.ruleset for decision in made],
        "features_version": [decision.versions.features for decision in made],
        "model": [decision.versions.model for decision in made],
        "personal": [one.personal or None for one in batch],
        "partition": [one.partition for one in batch],
        "offset": [one.offset for one in batch],
    }
    for name in ("id", "outcome", "score", "shadows"):
        columns[name] = [getattr(decision, name) for decision in made]
    for name in DECISIONS.keys() - columns.keys():
        columns[name] = [getattr(payment, name) for payment in paid]
    core = _frame(columns, DECISIONS)
    names = dict.fromkeys(chain.from_iterable(decision.features for decision in made))
    return core.with_columns(
        pl.Series(name, [decision.features.get(name) for decision in made], _NUMBER)
        for name in names
    )


def _listed(decision: Decision) -> bool:
    return bool(decision.hits) and decision.hits[0].rule in LISTS


def labels_frame(batch: Sequence[Labelled]) -> pl.DataFrame:
    """Return labels as columns of `LABELS`."""
    columns: dict[str, Iterable[Any]] = {
        name: [getattr(one.label, name) for one in batch]
        for name in LABELS.keys() - _PLACE.keys()
    }
    for name in ("occurred_at", "labelled_at"):
        columns[name] = [at.astimezone(UTC) for at in columns[name]]
    for name in _PLACE:
        columns[name] = [getattr(one, name) for one in batch]
    return _frame(columns, LABELS)


def _frame(columns: Mapping[str, Iterable[Any]], schema: Schema) -> pl.DataFrame:
    return pl.DataFrame(
        [pl.Series(name, columns[name], kind) for name, kind in schema.items()]
    )
