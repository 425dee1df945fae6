"""The Handbook's features as the Handbook computes them: in batch, by pandas.

Follows chapter 3 of the Fraud Detection Handbook (Le Borgne et al., 2022): rolling
time windows of a customer, and of a terminal shifted back by the label delay.
Shares no code with the product.
"""

from pathlib import Path

import pandas as pd

WINDOWS = (1, 7, 30)
DELAY = 7


def payments(path: Path, *, days: int) -> pd.DataFrame:
    """Return the first days of the Handbook's payments, in the order of the file."""
    start = pd.Timestamp("2018-04-01")
    until = start + pd.Timedelta(days=days)
    frame = pd.read_parquet(path, filters=[("TX_DATETIME", "<", until)])
    return frame.reset_index(drop=True)


def batch_features(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the 15 features, named as in the catalogue, in the order of `frame`."""
    when = frame["TX_DATETIME"]
    features = pd.DataFrame(
        {
            "amount": frame["TX_AMOUNT"],
            "is_weekend": (when.dt.day_of_week >= 5).astype(float),
            "is_night": (when.dt.hour <= 6).astype(float),
        }
    )
    for column, kind in (("CUSTOMER_ID", "customer"), ("TERMINAL_ID", "terminal")):
        parts = [
            (_customer if kind == "customer" else _terminal)(group)
            for _, group in frame.groupby(column)
        ]
        features = features.join(pd.concat(parts))
    return features


def card_frauds(frame: pd.DataFrame) -> pd.Series:
    """Return the frauds of 30 days that a week has told of each payment's `CARD_ID`."""
    parts = []
    for _, group in frame.groupby("CARD_ID"):
        frauds = pd.Series(group["TX_FRAUD"].to_numpy(), index=group["TX_DATETIME"])
        told = frauds.rolling("30D").sum() - frauds.rolling(f"{DELAY}D").sum()
        parts.append(pd.Series(told.to_numpy(), index=group.index))
    return pd.concat(parts).rename("card_frauds_30d")


def _customer(group: pd.DataFrame) -> pd.DataFrame:
    amounts = pd.Series(group["TX_AMOUNT"].to_numpy(), index=group["TX_DATETIME"])
    found = {}
    for days in WINDOWS:
        window = amounts.rolling(f"{days}D")
        found[f"customer_count_{days}d"] = window.count().to_numpy()
        found[f"customer_mean_amount_{days}d"] = (
            window.sum() / window.count()
        ).to_numpy()
    return pd.DataFrame(found, index=group.index)


def _terminal(group: pd.DataFrame) -> pd.DataFrame:
    frauds = pd.Series(group["TX_FRAUD"].to_numpy(), index=group["TX_DATETIME"])
    late_frauds = frauds.rolling(f"{DELAY}D").sum()
    late_count = frauds.rolling(f"{DELAY}D").count()
    found = {}
    for days in WINDOWS:
        window = frauds.rolling(f"{DELAY + days}D")
        count = window.count() - late_count
        risk = ((window.sum() - late_frauds) / count).fillna(0)
        found[f"terminal_count_{days}d"] = count.to_numpy()
        found[f"terminal_risk_{days}d"] = risk.to_numpy()
    return pd.DataFrame(found, index=group.index)


def week_of_test(frame: pd.DataFrame, train_start: pd.Timestamp) -> pd.DataFrame:
    """Return the payments that a test week counts, two weeks after a training week.

    As chapter 5.3 tells: customers with a fraud in the training week are out, and
    each day those with a fraud eight days before it or earlier.
    """
    day = frame["TX_DATETIME"].dt.normalize()
    frauds = frame[frame["TX_FRAUD"] == 1].assign(day=day)
    frauds = frauds[frauds["day"] >= train_start]
    known_from = frauds.groupby("CUSTOMER_ID")["day"].min() + pd.Timedelta(days=8)
    training = frauds["day"] < train_start + pd.Timedelta(days=7)
    from_start = frauds[training]["CUSTOMER_ID"].unique()
    start = train_start + pd.Timedelta(days=14)
    week = frame[(day >= start) & (day < start + pd.Timedelta(days=7))]
    since = week["CUSTOMER_ID"].map(known_from)
    known = week["CUSTOMER_ID"].isin(from_start) | (
        week["TX_DATETIME"].dt.normalize() >= since
    )
    return week[~known]


def card_precision(week: pd.DataFrame, *, top: int) -> float:
    """Return the mean share of compromised customers among each day's first.

    `week` has a column `score`. As chapter 4.2 tells: a customer scores as its most
    suspicious payment, and is not looked at again once found.
    """
    found: set[int] = set()
    shares = []
    for _, payments in week.groupby(week["TX_DATETIME"].dt.normalize()):
        rest = payments[~payments["CUSTOMER_ID"].isin(found)]
        customers = rest.groupby("CUSTOMER_ID")[["score", "TX_FRAUD"]].max()
        first = customers.nlargest(top, "score")
        caught = first.index[first["TX_FRAUD"] == 1]
        found.update(caught)
        shares.append(len(caught) / top)
    return sum(shares) / len(shares)
