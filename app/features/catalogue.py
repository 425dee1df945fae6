"""The catalogue: every feature, in the order of the wire."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Literal

from msgspec import Struct


class Feature(Struct, frozen=True):
    """A number that says something of a payment; null where it cannot be known."""

    name: str
    owner: Literal["payment", "customer", "phone", "terminal", "merchant", "model"]
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
    Feature(
        "amount_to_customer_usual",
        "customer",
        "ratio",
        "amount against the customer's usual one: the mean of all payments more than "
        "7 days old that are not known as fraud; null with fewer than 5 of them",
    ),
    *(
        Feature(
            f"customer_excess_{days}d",
            "customer",
            "usual amounts",
            f"by how much the customer's earlier payments of the last {span} were "
            "above 1.5 times the usual amount, each counted as 4 at most, in all",
        )
        for days, span in ((1, "day"), (7, "7 days"))
    ),
    Feature(
        "customer_frauds_30d",
        "customer",
        "payments",
        "payments of the customer in the last 30 days that are known as fraud, 7 "
        "days after them at the earliest",
    ),
    Feature(
        "customer_frauds_elsewhere_30d",
        "customer",
        "payments",
        "those of them that were not at this payment's terminal",
    ),
    Feature(
        "card_frauds_30d",
        "customer",
        "payments",
        "those of them that were made with this payment's card; null without a card",
    ),
    Feature(
        "customer_hour_share_30d",
        "customer",
        "share",
        "share of the customer's earlier payments in 30 days that were made in this "
        "hour of the day or the one beside it, UTC: 0.125 where all hours are alike; "
        "null with fewer than 5 of them",
    ),
    Feature(
        "gap_to_customer_mean",
        "customer",
        "ratio",
        "time since the customer's last payment against the mean time between the "
        "earlier ones of 30 days; null with fewer than 5 of them",
    ),
    Feature(
        "days_since_same_payment",
        "customer",
        "days",
        "time since the customer last paid the same amount to the same payee (the "
        "beneficiary, else the merchant, else the terminal), as a standing order or "
        "a subscription does; null where that was not in 30 days",
    ),
    Feature(
        "same_payment_gap_ratio",
        "customer",
        "ratio",
        "that time against the one from the payment before that to it: 1 for what "
        "comes like clockwork; null without two such payments in 30 days",
    ),
]
SESSION_FEATURES = [
    Feature(
        "session_minutes",
        "customer",
        "minutes",
        "time since the session in the app began in which the payment was made; a "
        "session ends after 30 minutes without an event, and what is said of it is "
        "null without one",
    ),
    Feature(
        "session_actions", "customer", "events", "events of the session, at most 128"
    ),
    Feature(
        "session_seconds_an_action",
        "customer",
        "seconds",
        "mean time from one event of the session to the next; null with fewer than 3",
    ),
    Feature(
        "session_surprise",
        "customer",
        "bits",
        "how unlikely the order of the session's steps is for the customer, a step; "
        "everybody's habits count for one without own ones",
    ),
    Feature(
        "session_surprise_for_all",
        "customer",
        "bits",
        "how unlikely the order of the session's steps is for everybody, a step",
    ),
    *(
        Feature(
            f"session_new_{name}",
            "customer",
            "0 or 1",
            f"the session has a {name} that the customer's sessions before it had not; "
            "null where none is known from before",
        )
        for name in ("device", "country", "network")
    ),
    Feature(
        "session_failed_log_ins",
        "customer",
        "log-ins",
        "log-ins of the session that failed",
    ),
    Feature(
        "minutes_since_log_in",
        "customer",
        "minutes",
        "time since the session's last log-in that succeeded",
    ),
    Feature(
        "minutes_since_beneficiary_added",
        "customer",
        "minutes",
        "time since the payment's beneficiary was added in the app; null where that "
        "was not in the last 31 days",
    ),
    Feature(
        "minutes_since_limit_changed",
        "customer",
        "minutes",
        "time since a limit was changed in the app; null without, in 31 days",
    ),
    Feature(
        "minutes_since_password_reset",
        "customer",
        "minutes",
        "time since the password was reset; null without, in 31 days",
    ),
]
PEER_FEATURES = [
    Feature(
        "peer_group_size",
        "customer",
        "customers",
        "customers that move together with this one, itself included, as last told "
        "in the day before the payment; null where it moves with nobody",
    ),
    Feature(
        "peer_group_frauds",
        "customer",
        "customers",
        "how many of them have a payment known as fraud in the last 31 days",
    ),
]
TERMINAL_FEATURES = [
    *_windows("terminal"),
    Feature(
        "terminal_days_since_known",
        "terminal",
        "days",
        "calendar days, UTC, since the newest payment at the terminal that is at "
        "least 7 days old: until then it is known what its payments were; null "
        "without one in 38 days",
    ),
    Feature(
        "terminal_run_frauds",
        "terminal",
        "payments",
        "known frauds at the terminal since its last payment known as honest, without "
        "those that an amount above 2.2 times the customer's usual explains",
    ),
    Feature(
        "terminal_days_of_run",
        "terminal",
        "days",
        "calendar days, UTC, since the first of those frauds; null without one",
    ),
    Feature(
        "terminal_days_since_honest",
        "terminal",
        "days",
        "calendar days, UTC, since the last payment known as honest before those "
        "frauds; null without such frauds or payment in 38 days",
    ),
    Feature(
        "terminal_victims_7d",
        "terminal",
        "payments",
        "payments at the terminal in the 7 days that ended 7 days ago by customers who "
        "had known frauds at other terminals then (`customer_frauds_elsewhere_30d`)",
    ),
    Feature(
        "terminal_victim_share_30d",
        "terminal",
        "share",
        "share of such payments among the terminal's in the 30 days that ended 7 days "
        "ago; 0 without any",
    ),
    Feature(
        "atm_alarms_24h",
        "terminal",
        "alarms",
        "alarms of the cash machine (tilt, vibration, temperature, door) in the last "
        "24 hours, at most 16; null where it never raised one",
    ),
    Feature(
        "atm_alarm_kinds_24h",
        "terminal",
        "kinds",
        "how many of tilt, vibration, temperature and door those alarms were of",
    ),
    Feature(
        "atm_seconds_since_alarm",
        "terminal",
        "seconds",
        "time since the newest of those alarms; null without one",
    ),
    Feature(
        "atm_tilt_degrees",
        "terminal",
        "degrees",
        "furthest that the cash machine leant from its rest in the last 24 hours, by "
        "its alarms; null without one of tilt",
    ),
    Feature(
        "atm_seconds_since_tilt",
        "terminal",
        "seconds",
        "time since it leant furthest; null without an alarm of tilt",
    ),
]

MERCHANT_FEATURES = [
    Feature(
        "merchant_count_30d",
        "merchant",
        "payments",
        "payments at all terminals of the payment's merchant in the 30 calendar days, "
        "UTC, that ended 7 days before this one began; null where no merchant is named",
    ),
    Feature(
        "merchant_frauds_7d",
        "merchant",
        "payments",
        "known frauds among the merchant's payments in the last 7 of those days",
    ),
    Feature(
        "merchant_frauds_30d",
        "merchant",
        "payments",
        "known frauds among the merchant's payments in all of those days",
    ),
    Feature(
        "merchant_frauds_elsewhere_30d",
        "merchant",
        "payments",
        "those of them that were not at this payment's terminal",
    ),
    Feature(
        "merchant_risk_30d",
        "merchant",
        "share",
        "share of known frauds among the merchant's payments in those days, this "
        "terminal's included; 0 without payments",
    ),
]

PHONE_FEATURES = [
    Feature(
        "phone_km",
        "phone",
        "kilometres",
        "distance from the customer's phone to the payment's place, by the fix "
        "nearest in time; null where a place is unknown or no fix is within 6 hours",
    ),
    Feature(
        "phone_seconds",
        "phone",
        "seconds",
        "time from that fix to the payment; negative where the phone was seen after",
    ),
    Feature("phone_accuracy_m", "phone", "metres", "accuracy of that fix"),
    Feature(
        "phone_kmh",
        "phone",
        "km/h",
        "least speed that brings the phone to the payment's place: accuracy and 1 km "
        "taken off the way, a minute and the phone's clock error added to the time",
    ),
    Feature(
        "phone_own_kmh",
        "phone",
        "km/h",
        "fastest that a phone would have had to go between two of its reported fixes "
        "within an hour of the payment; null without two",
    ),
    Feature(
        "phone_doubts",
        "phone",
        "doubts",
        "most that speaks against one fix within an hour of the payment: it is "
        "mocked, too exact, teleported, still while it says that it moves, or its "
        "altitude changes otherwise than the air pressure",
    ),
    Feature(
        "phone_ahead_seconds",
        "phone",
        "seconds",
        "by how much the phone's clock goes ahead at the least",
    ),
]

PROFILE = [
    *PAYMENT_FEATURES,
    *CUSTOMER_FEATURES,
    *PHONE_FEATURES,
    *PEER_FEATURES,
    *SESSION_FEATURES,
]
"""What a profiled payment carries."""

USUAL_RATIO = [each.name for each in PROFILE].index("amount_to_customer_usual")
"""Where a profiled payment says how outlying its amount is; terminals read it."""

FRAUDS_ELSEWHERE = [each.name for each in PROFILE].index(
    "customer_frauds_elsewhere_30d"
)
"""Where it says how many known frauds its customer has at other terminals."""

ALL = [*PROFILE, *TERMINAL_FEATURES, *MERCHANT_FEATURES]
"""The whole vector."""

NAMES = [feature.name for feature in ALL]

MODEL = Feature(
    "model_probability",
    "model",
    "share",
    "probability of fraud that the live model gives; null without one",
)
"""What the model makes of the vector. Rules read it as they read a feature."""

UNKNOWN_MERCHANT: list[float | None] = [None] * len(MERCHANT_FEATURES)
"""What the last of the vector are where a payment names no merchant."""

READABLE = [*NAMES, MODEL.name]
"""What a rule may read, in the order in which a decision carries it."""

VERSION = sha256(" ".join(NAMES).encode()).hexdigest()[:8]
"""Changes whenever a feature is added, removed or moved."""


def vector(
    profile: Sequence[float | None],
    terminal: Sequence[float | None],
    merchant: Sequence[float | None] = UNKNOWN_MERCHANT,
) -> dict[str, float | None]:
    """Name the values of a whole vector.

    >>> len(vector([0.0] * len(PROFILE), [0.0] * len(TERMINAL_FEATURES))) == len(ALL)
    True
    """
    return dict(zip(NAMES, (*profile, *terminal, *merchant), strict=True))
