"""Reasons: templates filled in, and refused."""

import pytest

from app.rules.errors import BadTemplate
from app.rules.reason import compile_reason
from app.rules.translate import Kind

WORDS: dict[str, Kind] = {"amount": "number", "risk": "number", "channel": "text"}


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        ("{amount:.0f} payments", [5.0], "5 payments"),
        ("{amount:,.2f} against {risk:.0%}", [1234.5, 0.256], "1,234.50 against 26%"),
        ("by {channel}, {amount:.1f}", ["atm", 2.25], "by atm, 2.2"),
        ("{amount:.1f} and {channel}", [None, None], "unknown and unknown"),
        ("{{amount}} is {amount:f}.", [1.5], "{amount} is 1.500000."),
        ("no word", [], "no word"),
    ],
)
def test_a_reason_is_filled_in_with_its_numbers(
    template: str, values: list[float | str | None], expected: str
) -> None:
    actual = compile_reason(template, WORDS).fill(values)

    assert actual == expected


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{amuont:.0f} payments", "got word {amuont}, expected 'amount'"),
        ("{zzz:.0f}", "got word {zzz}, expected one of amount, channel, risk"),
        ("{:.0f}", "got word {}"),
        ("{0:.0f}", "got word {0}"),
        ("{amount.__class__:.0f}", "got word {amount.__class__}"),
        ("{amount[0]:.0f}", "got word {amount[0]}"),
        ("{amount}", "got format '' of {amount}, expected {amount:.1f}"),
        ("{amount!r:.0f}", "got format '!r' of {amount}"),
        ("{amount:>999999999.0f}", "got format '>999999999.0f' of {amount}"),
        ("{amount:.{risk}f}", "got format '.{risk}f' of {amount}"),
        ("{channel:.1f}", "got format '.1f' of {channel}, expected {channel}"),
        ("{amount:.0f", "got a template whose braces do not close"),
        ("amount}", "got a template whose braces do not close"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_refused(
    template: str, message: str
) -> None:
    with pytest.raises(BadTemplate) as refusal:
        compile_reason(template, WORDS)

    assert message in str(refusal.value)
