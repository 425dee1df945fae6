"""Reasons of the model: what drove a score up, in words with the number."""

from collections.abc import Sequence

from app.events.decisions import Contribution

PHRASES = {
    "amount": "amount of {:,.2f}",
    "is_weekend": "weekend: {:.0f}",
    "is_night": "night: {:.0f}",
    "customer_count_1d": "{:.0f} payments of the customer in a day",
    "customer_count_7d": "{:.0f} payments of the customer in 7 days",
    "customer_count_30d": "{:.0f} payments of the customer in 30 days",
    "customer_mean_amount_1d": "mean amount of {:,.2f} in a day",
    "customer_mean_amount_7d": "mean amount of {:,.2f} in 7 days",
    "customer_mean_amount_30d": "mean amount of {:,.2f} in 30 days",
    "amount_to_customer_mean": "amount {:.1f} times the customer's mean of 30 days",
    "amount_z_score": "amount {:+.1f} deviations from the customer's mean",
    "seconds_since_last_payment": "{:,.0f} seconds since the customer's last payment",
    "km_since_last_payment": "{:,.0f} km from the customer's last payment",
    "kmh_since_last_payment": "{:,.0f} km/h from the customer's last payment",
    "amount_to_customer_usual": "amount {:.1f} times the customer's usual",
    "customer_excess_1d": "{:.1f} times the usual spent in excess in a day",
    "customer_excess_7d": "{:.1f} times the usual spent in excess in 7 days",
    "customer_frauds_30d": "{:.0f} known frauds of the customer in 30 days",
    "customer_frauds_elsewhere_30d": "{:.0f} known frauds of the customer elsewhere",
    "card_frauds_30d": "{:.0f} known frauds of the card in 30 days",
    "customer_hour_share_30d": "{:.0%} of the customer's payments at such hours",
    "gap_to_customer_mean": "{:.1f} times the customer's usual time between payments",
    "days_since_same_payment": "{:.1f} days since the same was paid to the payee",
    "same_payment_gap_ratio": "same payment after {:.2f} times the time before",
    "phone_km": "{:,.0f} km from the customer's phone",
    "phone_seconds": "{:,.0f} seconds since the customer's phone was seen",
    "phone_accuracy_m": "{:,.0f} m accuracy of the phone's place",
    "phone_kmh": "{:,.0f} km/h from the customer's phone",
    "phone_own_kmh": "{:,.0f} km/h of the phone itself",
    "phone_doubts": "{:.0f} doubts about the phone's place",
    "phone_ahead_seconds": "{:,.0f} seconds that the phone's clock goes ahead",
    "session_minutes": "{:.0f} minutes into a session in the app",
    "session_actions": "{:.0f} actions in the session",
    "session_seconds_an_action": "{:.1f} seconds an action in the session",
    "session_surprise": "session's steps {:.1f} bits unlikely for the customer",
    "session_surprise_for_all": "session's steps {:.1f} bits unlikely for all",
    "session_new_device": "new device in the session: {:.0f}",
    "session_new_country": "new country in the session: {:.0f}",
    "session_new_network": "new network in the session: {:.0f}",
    "session_failed_log_ins": "{:.0f} failed log-ins in the session",
    "minutes_since_log_in": "{:.0f} minutes since log-in",
    "minutes_since_beneficiary_added": "{:.0f} minutes since beneficiary added",
    "minutes_since_limit_changed": "{:.0f} minutes since a limit was changed",
    "minutes_since_password_reset": "{:.0f} minutes since the password was reset",
    "peer_group_size": "one of {:.0f} customers that move together",
    "peer_group_frauds": "{:.0f} customers with known frauds among its peers",
    "terminal_count_1d": "{:.0f} payments at the terminal in a day",
    "terminal_risk_1d": "{:.0%} known frauds at the terminal in a day",
    "terminal_count_7d": "{:.0f} payments at the terminal in 7 days",
    "terminal_risk_7d": "{:.0%} known frauds at the terminal in 7 days",
    "terminal_count_30d": "{:.0f} payments at the terminal in 30 days",
    "terminal_risk_30d": "{:.0%} known frauds at the terminal in 30 days",
    "terminal_days_since_known": "{:.0f} days since a payment at the terminal is known",
    "terminal_run_frauds": "{:.0f} frauds in a row at the terminal",
    "terminal_days_of_run": "{:.0f} days since frauds began at the terminal",
    "terminal_days_since_honest": "{:.0f} days since an honest payment at the terminal",
    "terminal_victims_7d": "{:.0f} payments by victims at the terminal in 7 days",
    "terminal_victim_share_30d": "{:.0%} of payments at the terminal by victims",
    "atm_alarms_24h": "{:.0f} alarms of the cash machine in a day",
    "atm_alarm_kinds_24h": "{:.0f} kinds of alarms of the cash machine in a day",
    "atm_seconds_since_alarm": "{:,.0f} seconds since an alarm of the cash machine",
    "atm_tilt_degrees": "cash machine leaning by {:.0f} degrees",
    "atm_seconds_since_tilt": "{:,.0f} seconds since the cash machine leant",
    "merchant_count_30d": "{:.0f} payments of the merchant in 30 days",
    "merchant_frauds_7d": "{:.0f} known frauds of the merchant in 7 days",
    "merchant_frauds_30d": "{:.0f} known frauds of the merchant in 30 days",
    "merchant_frauds_elsewhere_30d": "{:.0f} known frauds at its other terminals",
    "merchant_risk_30d": "{:.0%} known frauds of the merchant in 30 days",
}
"""How each feature is told: a phrase with its value."""

UNKNOWN = "unknown {}"
OTHER = "{} of {:,.4g}"
MOST = 3


def contributions(
    names: Sequence[str], values: Sequence[float | None], strengths: Sequence[float]
) -> list[Contribution]:
    """Return what raised a score, the strongest first, three at most.

    `strengths` are what each feature added to the log-odds of fraud.

    >>> [one.reason for one in contributions(["amount", "is_night"], [812, 1], [2.5, -1])]
    ['amount of 812.00 raises the risk most']
    """  # noqa: E501
    ranked = sorted(zip(strengths, names, values, strict=True), key=_strength)
    raising = [one for one in ranked if one[0] > 0][:MOST]
    return [
        Contribution(
            name,
            value,
            strength,
            f"{_told(name, value)} raises the risk{'' if place else ' most'}",
        )
        for place, (strength, name, value) in enumerate(raising)
    ]


def _strength(ranked: tuple[float, str, float | None]) -> float:
    return -ranked[0]


def _told(name: str, value: float | None) -> str:
    if value is None:
        return UNKNOWN.format(name.replace("_", " "))
    if name in PHRASES:
        return PHRASES[name].format(value)
    return OTHER.format(name.replace("_", " "), value)
