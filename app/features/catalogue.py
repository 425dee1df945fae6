"""The catalogue: every feature, in the order of the wire."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Literal

from msgspec import Struct


class Feature(Struct, frozen=True):
    """A number that says something of a payment; null where it cannot be known."""

    name: str
    owner: Literal["payment", "customer", "terminal"]
    unit: str
    meaning: str


def _windows(owner: Literal["customer", "terminal"]) -> list[Feature]:
    found = []
    for days in (1, 7, 30):
        span = f"{days} day{'s' if days > 1 else ''}"
        if owner == "customer":
            found += [
                Feature(
                    f"customer_count_{days}d",
                    owner,
                    "payments",
                    f"payments of the customer in the last {span}, this one included",
                ),
                Feature(
                    f"customer_mean_amount_{days}d",
                    owner,
                    "currency",
                    f"mean amount of the customer's payments in the last {span}, "
                    "this one included",
                ),
            ]
        else:
            found += [
                Feature(
                    f"terminal_count_{days}d",
                    owner,
                    "payments",
                    f"payments at the terminal in the {span} that ended 7 days ago",
                ),
                Feature(
                    f"terminal_risk_{days}d",
                    owner,
                    "share",
                    f"share of frauds among the terminal's payments in the {span} "
                    "that ended 7 days ago, as far as labels have come in",
                ),
            ]
    return found


PAYMENT_FEATURES = [
    Feature("amount", "payment", "currency", "amount of the payment"),
    Feature("is_weekend", "payment", "0 or 1", "the payment is on a weekend, UTC"),
    Feature("is_night", "payment", "0 or 1", "the hour is 0 to 6, UTC"),
]
CUSTOMER_FEATURES = [
    *_windows("customer"),
    Feature(
        "amount_to_customer_mean",
        "customer",
        "ratio",
        "amount against the mean of the customer's earlier payments in 30 days; "
        "null with fewer than 5 of them",
    ),
    Feature(
        "amount_z_score",
        "customer",
        "standard deviations",
        "amount above the mean of the customer's earlier payments in 30 days, in "
        "their standard deviations; null with fewer than 5 or all alike; amounts "
        "over 100,000 count as that",
    ),
    Feature(
        "seconds_since_last_payment",
        "customer",
        "seconds",
        "time since the customer's last payment; null for the first in 31 days",
    ),
    Feature(
        "km_since_last_payment",
        "customer",
        "kilometres",
        "distance from the last place the customer paid at; null where one of the "
        "two places is unknown",
    ),
    Feature(
        "kmh_since_last_payment",
        "customer",
        "km/h",
        "speed needed to come from the last place the customer paid at, the time "
        "taken as at least one second",
    ),
]
TERMINAL_FEATURES = _windows("terminal")

PROFILE = [*PAYMENT_FEATURES, *CUSTOMER_FEATURES]
"""What a profiled payment carries."""

ALL = [*PROFILE, *TERMINAL_FEATURES]
"""The whole vector."""

NAMES = [feature.name for feature in ALL]

VERSION = sha256(" ".join(NAMES).encode()).hexdigest()[:8]
"""Changes whenever a feature is added, removed or moved."""


def vector(
    profile: Sequence[float | None], terminal: Sequence[float | None]
) -> dict[str, float | None]:
    """Name the values of a whole vector.

    >>> len(vector([0.0] * len(PROFILE), [0.0] * len(TERMINAL_FEATURES))) == len(ALL)
    True
    """
    return dict(zip(NAMES, (*profile, *terminal), strict=True))
