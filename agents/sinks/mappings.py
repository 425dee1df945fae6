"""Mappings: every field that Elasticsearch may search, and as what.

`dynamic` is false: a field that is not here is kept in the document and not searched,
so that a newer worker's documents are never refused. Only features are named by data.
"""

from typing import Any

Mapping = dict[str, Any]

_WORD: Mapping = {"type": "keyword", "ignore_above": 256}
_TIME: Mapping = {"type": "date"}
_TEXT: Mapping = {"type": "text"}
_NUMBER: Mapping = {"type": "double"}
_COUNT: Mapping = {"type": "long"}
_FLAG: Mapping = {"type": "boolean"}
_POINT: Mapping = {"type": "geo_point"}


def _object(**fields: Mapping) -> Mapping:
    return {"properties": fields}


def _mappings(**fields: Mapping) -> Mapping:
    return {"dynamic": False, "date_detection": False, "properties": fields}


PAYMENT = _object(
    id=_WORD,
    occurred_at=_TIME,
    customer_id=_WORD,
    terminal_id=_WORD,
    amount=_COUNT,
    currency=_WORD,
    received_at=_TIME,
    captured_at=_TIME,
    channel=_WORD,
    card=_object(token=_WORD, last4=_WORD),
    merchant_id=_WORD,
    merchant_category=_WORD,
    country=_WORD,
    place=_object(latitude=_NUMBER, longitude=_NUMBER),
    device_id=_WORD,
    beneficiary_id=_WORD,
    synthetic=_FLAG,
    device_type=_WORD,
)

DECISIONS = _mappings(
    id=_WORD,
    outcome=_WORD,
    score=_NUMBER,
    hits=_object(
        rule=_WORD,
        value=_NUMBER,
        threshold=_NUMBER,
        reason=_TEXT,
        score=_NUMBER,
        action=_WORD,
    ),
    features={"type": "object", "dynamic": True},
    versions=_object(ruleset=_WORD, features=_WORD, model=_WORD, shadow=_WORD),
    timings=_object(received_at=_TIME, captured_at=_TIME, profiled_at=_TIME),
    payment=PAYMENT,
    shadows=_WORD,
    contributions=_object(feature=_WORD, value=_NUMBER, log_odds=_NUMBER, reason=_TEXT),
    shadow_probability=_NUMBER,
    decided_at=_TIME,
    declined={"type": "byte"},
    personal={"type": "binary"},
    location=_POINT,
) | {
    "dynamic_templates": [
        {"features": {"path_match": "features.*", "mapping": _NUMBER}},
    ]
}
"""A decision; `payment.amount` is in minor units, `features.amount` in major ones."""

APP_EVENTS = _mappings(
    id=_WORD,
    occurred_at=_TIME,
    customer_id=_WORD,
    received_at=_TIME,
    captured_at=_TIME,
    kind=_WORD,
    action=_WORD,
    outcome=_WORD,
    address=_object(token=_WORD, network=_WORD),
    asn=_COUNT,
    country=_WORD,
    browser=_WORD,
    device_type=_WORD,
    round_trip_ms=_COUNT,
    synthetic=_FLAG,
)
"""An app event, as the features have learnt it."""

READINGS = _mappings(
    device_id=_WORD,
    received_at=_TIME,
    kind=_WORD,
    synthetic=_FLAG,
    terminal_id=_WORD,
    started_at=_TIME,
    ended_at=_TIME,
    readings=_COUNT,
    sensors=_WORD,
    location=_POINT,
    speed_mps=_NUMBER,
)
"""A message of readings, summed up."""
