"""Questions: what may be asked of a day's payments, and the true counts.

Counts that are to get noise must not tell of anybody by their keys: all keys that
there could be are counted, whoever paid.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal, get_args

import polars as pl
from msgspec import Struct

from app.events.decisions import Outcome
from app.events.payments import Channel

Of = Literal["payments", "approved", "reviewed", "declined"]
By = Literal["channel", "outcome", "country", "category", "hour"]

MOST = 5
"""Payments of one customer that count in one question, at most."""
OTHER = "other"

_OUTCOMES: Mapping[Of, Outcome] = {
    "approved": "approve",
    "reviewed": "review",
    "declined": "decline",
}
_COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO
BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ
DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP
GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG
KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML
MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE
PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL
SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM
US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""  # ISO 3166-1 alpha-2
_KEYS: Mapping[By, tuple[str, ...]] = {
    "channel": get_args(Channel),
    "outcome": get_args(Outcome),
    "country": tuple(_COUNTRIES.split()),
    "category": tuple(f"{group:02}xx" for group in range(100)),  # of ISO 18245
    "hour": tuple(f"{hour:02}" for hour in range(24)),
}
_KEY: Mapping[By, pl.Expr] = {
    "channel": pl.col("channel"),
    "outcome": pl.col("outcome"),
    "country": pl.col("country"),
    "category": pl.col("merchant_category").str.head(2) + "xx",
    "hour": pl.col("occurred_at").dt.strftime("%H"),
}
COLUMNS = (
    "id",
    "occurred_at",
    "customer_id",
    "channel",
    "country",
    "merchant_category",
    "outcome",
)
"""What is read of decisions."""


class Question(Struct, frozen=True):
    """How many payments of a day of event time (UTC), by what."""

    day: date
    of: Of = "payments"
    by: By = "channel"

    @property
    def id(self) -> str:
        """Its name: the same question has the same one."""
        return f"{self.day.isoformat()} {self.of} by {self.by}"


def keys(by: By) -> tuple[str, ...]:
    """Return all keys that a count may have.

    >>> keys("outcome")
    ('approve', 'review', 'decline', 'other')
    """
    return (*_KEYS[by], OTHER)


def counted(decisions: pl.DataFrame, question: Question) -> dict[str, int]:
    """Count a day's decisions: of each customer the first `MOST` by their ids."""
    asked = decisions
    if question.of != "payments":
        asked = asked.filter(pl.col("outcome") == _OUTCOMES[question.of])
    bounded = asked.sort("id").filter(pl.int_range(pl.len()).over("customer_id") < MOST)
    key = _KEY[question.by].fill_null(OTHER)
    told = dict(bounded.select(key.alias("key"))["key"].value_counts().iter_rows())
    found = {one: told.pop(one, 0) for one in keys(question.by)}
    found[OTHER] += sum(told.values())
    return found
