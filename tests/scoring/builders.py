"""Builders with valid defaults: a test names only what it is about."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import lightgbm as lgb
import numpy as np

from app.events.payments import Payment
from app.features.catalogue import NAMES, READABLE
from app.rules.compiled import CompiledRuleset, compile_ruleset
from app.rules.ruleset import Bands, Rule, Ruleset
from app.scoring.model import Calibration, Facts, Model

FEATURES = ("amount", "amount_to_customer_usual", "terminal_days_of_run")
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ORDINARY = {
    "amount": 42.0,
    "is_weekend": 0.0,
    "is_night": 0.0,
    "customer_count_1d": 2.0,
    "customer_count_7d": 14.0,
    "customer_count_30d": 60.0,
    "customer_mean_amount_1d": 41.0,
    "customer_mean_amount_7d": 40.0,
    "customer_mean_amount_30d": 40.0,
    "amount_to_customer_mean": 1.05,
    "amount_z_score": 0.1,
    "seconds_since_last_payment": 36_000.0,
    "km_since_last_payment": 3.0,
    "kmh_since_last_payment": 0.3,
    "amount_to_customer_usual": 1.1,
    "customer_excess_1d": 0.0,
    "customer_excess_7d": 0.4,
    "customer_frauds_30d": 0.0,
    "customer_frauds_elsewhere_30d": 0.0,
    "card_frauds_30d": None,
    "customer_hour_share_30d": 0.25,
    "gap_to_customer_mean": 0.8,
    "days_since_same_payment": None,
    "same_payment_gap_ratio": None,
    "phone_km": None,
    "phone_seconds": None,
    "phone_accuracy_m": None,
    "phone_kmh": None,
    "phone_own_kmh": None,
    "phone_doubts": None,
    "phone_ahead_seconds": None,
    **dict.fromkeys(
        name
        for name in NAMES
        if name.startswith(("peer_", "session_", "minutes_", "atm_", "merchant_"))
    ),
    "terminal_count_1d": 3.0,
    "terminal_count_7d": 20.0,
    "terminal_count_30d": 90.0,
    "terminal_risk_1d": 0.0,
    "terminal_risk_7d": 0.0,
    "terminal_risk_30d": 0.0,
    "terminal_days_since_known": 7.0,
    "terminal_run_frauds": 0.0,
    "terminal_days_of_run": None,
    "terminal_days_since_honest": None,
    "terminal_victims_7d": 0.0,
    "terminal_victim_share_30d": 0.0,
    "model_probability": None,
}


def a_vector(**features: float | None) -> list[float | None]:
    """Build the vector of an ordinary payment, but for the features named."""
    values: dict[str, float | None] = {**ORDINARY, **features}
    return [values.pop(name) for name in READABLE if name in values]


def a_payment(**fields: Any) -> Payment:
    """Build an ordinary payment, but for the fields named."""
    valid: dict[str, Any] = {
        "id": "tx-1",
        "occurred_at": NOON,
        "customer_id": "c-1",
        "terminal_id": "t-1",
        "amount": 4200,
        "currency": "EUR",
        "received_at": NOON,
        "captured_at": NOON,
    }
    return Payment(**(valid | fields))


def a_rule(**fields: Any) -> Rule:
    """Build a live rule on large amounts, but for the fields named."""
    valid: dict[str, Any] = {
        "name": "large-amount",
        "expression": "amount > 100",
        "score": 50.0,
        "reason": "{value:.2f}, the limit is {threshold:.0f}",
    }
    return Rule(**(valid | fields))


def rules_of(*rules: Rule) -> CompiledRuleset:
    """Compile rules under bands of 40 and 80."""
    bands = Bands(review_from=40, decline_from=80)
    return compile_ruleset(Ruleset(bands=bands, rules=list(rules)), READABLE)


@cache
def a_model(*, rounds: int = 20, aggregate: str = "") -> Model:
    """Train a model to which large and unusual amounts are suspicious.

    It reads an `aggregate` in the place of the terminal's days of run, above 20 too.
    """
    names = (*FEATURES[:2], aggregate or FEATURES[2])
    draw = np.random.default_rng(1)
    table = draw.random((4_000, 3)) * [500, 8, 40]
    table[draw.random(4_000) < 0.5, 2] = np.nan
    frauds = (table[:, 0] > 220) | (table[:, 1] > 5) | (table[:, 2] > 20)
    data = lgb.Dataset(table, frauds, feature_name=list(names))
    options = {"objective": "binary", "verbose": -1, "num_threads": 1}
    trees = lgb.train(options, data, rounds).model_to_string()
    facts = Facts(
        names,
        "2026-01-01",
        Calibration(0.9, -0.1),
        aggregates=(aggregate,) if aggregate else (),
    )
    return Model(trees, facts)
