"""What app events add to detection, on the made-up bank."""

from functools import cache

from app.detection.scenarios import Report, judged, report
from app.rules.ruleset import default_ruleset
from app.simulate.bank import Bank
from tests.simulate.conftest import until

DAYS, WARM = 20, 8


@cache
def found(*, app: bool) -> Report:
    bank = Bank(customers=1_500, app=app)
    return report(
        judged(
            bank.chunks(until=until(DAYS)),
            since=until(WARM),
            ruleset=default_ruleset(),
            currency="EUR",
        )
    )


def detected(*, app: bool) -> dict[str, float]:
    return {one.scenario: one.detected for one in found(app=app).scenarios}


def test_stolen_passwords_and_scripts_are_found_by_what_they_do_in_the_app():
    with_app, without = detected(app=True), detected(app=False)

    assert with_app["credential-stuffing"] > without["credential-stuffing"] + 0.25
    assert with_app["bot-farm"] > without["bot-farm"] + 0.9
    assert with_app["account-takeover"] >= without["account-takeover"]


def test_honest_customers_are_bothered_no_more_than_before():
    assert found(app=True).bothered < found(app=False).bothered + 0.001
