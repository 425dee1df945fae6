"""Backtest: the figures of a ruleset on past payments, and the live code's outcomes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.archive import Decided
from app.events.decisions import Decision, Versions
from app.events.payments import ProfiledPayment
from app.features.catalogue import PROFILE, READABLE
from app.parquet import files
from app.parquet.frames import decisions_frame
from app.rules.compiled import CompiledRuleset, compile_ruleset
from app.rules.ruleset import Bands, Ruleset
from app.scoring.assemble import decisions
from app.scoring.backtest import COLUMNS, backtest, features_of
from app.scoring.decide import OUTCOMES
from app.scoring.report import Comparison, Figures, Moved, Report
from tests.scoring.builders import NOON, ORDINARY, a_payment, a_rule, rules_of

LARGE = a_rule(expression="amount > 100", score=50)
LARGER = a_rule(expression="amount > 200", score=80)


def a_frame(*rows: dict[str, Any]) -> pl.DataFrame:
    """Build archived payments: the amount in major units, and whether it is fraud."""
    made = []
    for number, row in enumerate(rows):
        amount = row.get("amount", 42.0)
        valid = {
            "id": f"tx-{number}",
            "occurred_at": NOON + timedelta(hours=number),
            "customer_id": "c-1",
            "terminal_id": "t-1",
            "amount_minor": round(amount * 100),
            "currency": "EUR",
            "outcome": "approve",
            "listed": False,
            "channel": "pos",
            "country": None,
            "merchant_category": None,
            "fraud": None,
        }
        made.append({**valid, **ORDINARY, **row})
    kinds = {"country": pl.String, "merchant_category": pl.String, "fraud": pl.Boolean}
    return pl.DataFrame(made, schema_overrides=kinds)


def try_on(*rows: dict[str, Any], before: Any = LARGE, after: Any = LARGER) -> Report:
    return backtest(
        [a_frame(*rows)], present=rules_of(before), candidate=rules_of(after)
    )


def test_a_stricter_limit_hits_less_and_the_report_counts_what() -> None:
    report = try_on(
        {"amount": 150.0},
        {"amount": 150.0, "fraud": True},
        {"amount": 250.0, "fraud": True, "customer_id": "c-2"},
        {"amount": 300.0, "fraud": False, "customer_id": "c-2"},
        {"amount": 10.0, "fraud": True},
    )

    assert (report.payments, report.frauds, report.labelled) == (5, 3, 4)
    assert (report.since, report.until) == (NOON, NOON + timedelta(hours=4))
    assert report.rules[0].figures == Comparison(
        before=Figures(
            hits=4,
            share=0.8,
            caught=2,
            precision=0.5,
            recall=2 / 3,
            stopped=40_000,
            bothered=45_000,
            customers=2,
        ),
        after=Figures(
            hits=2,
            share=0.4,
            caught=1,
            precision=0.5,
            recall=1 / 3,
            stopped=25_000,
            bothered=30_000,
            customers=1,
        ),
    )
    assert report.flagged == report.rules[0].figures
    assert report.declined.before == Figures(0, 0.0, 0, None, 0.0, 0, 0, 0)
    assert report.declined.after == report.flagged.after
    assert report.moved == [
        Moved("review", "approve", 2, 1, 30_000),
        Moved("review", "decline", 2, 1, 55_000),
    ]


def test_an_example_is_a_payment_on_which_the_two_differ_with_both_reasons() -> None:
    report = try_on({"amount": 50.0}, {"amount": 150.0}, {"amount": 250.0})

    told = [(e.id, e.before, e.after) for e in report.examples]
    assert told == [("tx-2", "review", "decline"), ("tx-1", "review", "approve")]
    assert report.examples[0].reasons_before == ["250.00, the limit is 100"]
    assert report.examples[0].reasons_after == ["250.00, the limit is 200"]
    assert report.examples[1].reasons_after == []


def test_at_most_so_many_examples_are_shown_and_changed_outcomes_come_first() -> None:
    quiet = a_rule(name="quiet", expression="amount > 100", score=0)
    moving = a_rule(name="moving", expression="amount < 50", score=50)
    frame = a_frame(*({"amount": float(a)} for a in (30, 500, 10, 400, 20)))
    frames = [frame, frame.with_columns(pl.col("id") + "-b")]

    report = backtest(
        frames, present=rules_of(), candidate=rules_of(quiet, moving), examples=7
    )

    amounts = [example.amount for example in report.examples]
    assert amounts == [3000, 3000, 2000, 2000, 1000, 1000, 50_000]


def test_rules_of_both_are_told_in_their_states_and_those_that_are_off_are_not() -> (
    None
):
    gone = a_rule(name="gone", expression="amount > 1")
    watch = a_rule(name="watch", expression="amount > 1", state="shadow")
    off = a_rule(name="off", expression="amount > 1", state="off")

    report = backtest(
        [a_frame({"amount": 150.0})],
        present=rules_of(LARGE, gone),
        candidate=rules_of(LARGE, watch, off),
    )

    told = {r.name: (r.state, r.figures) for r in report.rules}
    assert list(told) == ["large-amount", "gone", "watch"]
    assert told["gone"][1].after is None
    assert told["watch"][0] == "shadow"
    assert told["watch"][1].before is None
    assert told["watch"][1].after is not None
    assert told["watch"][1].after.hits == 1
    assert report.flagged.after is not None
    assert report.moved == [Moved("decline", "review", 1, 0, 15_000)]


@pytest.mark.parametrize("frames", [[], [a_frame({}).head(0)]])
def test_without_payments_there_is_nothing_to_tell(frames: list[pl.DataFrame]) -> None:
    report = backtest(frames, present=rules_of(LARGE), candidate=rules_of(LARGER))

    assert (report.payments, report.frauds, report.since) == (0, 0, None)
    assert (report.moved, report.examples) == ([], [])


@pytest.mark.parametrize("turned", [False, True])
def test_the_strictest_action_of_all_hits_counts_in_whatever_order(
    *, turned: bool
) -> None:
    rules = [
        a_rule(name="strict", action="decline", score=0),
        a_rule(name="mild", action="review", score=0),
        a_rule(name="missed", action="decline", score=0, expression="amount > 900"),
    ]
    present = rules_of(*(rules[::-1] if turned else rules))

    report = backtest([a_frame({"amount": 150.0})], present=present, candidate=present)

    assert report.declined.before is not None
    assert report.declined.before.hits == 1


def test_where_a_list_decided_it_decides_in_the_backtest_too() -> None:
    report = try_on(
        {"amount": 250.0, "listed": True, "outcome": "approve"},
        {"amount": 10.0, "listed": True, "outcome": "decline"},
    )

    assert report.moved == []
    assert report.declined.before is not None
    assert report.declined.before.hits == report.flagged.before.hits == 1  # type: ignore[union-attr]
    assert report.rules[0].figures.before.hits == 1  # type: ignore[union-attr]


amounts = st.sampled_from([0.0, 10.0, 99.99, 100.0, 150.0, 250.0, 1000.0])
scores = st.sampled_from([0.0, 0.1, 0.2, 0.7, 13.3, 39.9, 40.0, 50.0, 80.0, 100.0])
a_random_rule: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    expression=st.sampled_from(
        [
            "amount > 100",
            "customer_count_1d / is_night > 1",
            "channel = 'online'",
            "country IN ('DE', 'FR') AND amount > 10",
            "amount_to_customer_mean > 1.5",
        ]
    ),
    score=scores,
    action=st.sampled_from(["score", "score", "review", "decline"]),
    state=st.sampled_from(["live", "live", "shadow", "off"]),
    reason=st.just("{amount:.2f}"),
)
a_random_ruleset = st.builds(
    lambda bands, rules: compile_ruleset(
        Ruleset(
            bands=Bands(review_from=min(bands), decline_from=max(bands)),
            rules=[a_rule(name=f"r-{n}", **rule) for n, rule in enumerate(rules)],
            version="r",
        ),
        READABLE,
    ),
    st.tuples(scores, scores),
    st.lists(a_random_rule, max_size=6),
)
a_random_payment = st.fixed_dictionaries(
    {
        "amount": amounts,
        "customer_count_1d": st.sampled_from([0.0, 3.0, None]),
        "is_night": st.sampled_from([0.0, 1.0]),
        "amount_to_customer_mean": st.sampled_from([None, 1.0, 2.0]),
        "channel": st.sampled_from(["pos", "online"]),
        "country": st.sampled_from([None, "DE", "US"]),
    }
)


def decided(rows: Sequence[dict[str, Any]], rules: CompiledRuleset) -> list[Decided]:
    """Decide payments as the live road does."""
    vectors = [[(ORDINARY | row)[name] for name in READABLE] for row in rows]
    payments = [
        ProfiledPayment(
            a_payment(
                id=f"tx-{n}",
                amount=round(row["amount"] * 100),
                channel=row["channel"],
                country=row["country"],
            ),
            vector[: len(PROFILE)],
        )
        for n, (row, vector) in enumerate(zip(rows, vectors, strict=True))
    ]
    made = decisions(
        payments,
        [vector[:-1] for vector in vectors],
        profiled_at=[NOON] * len(rows),
        rules=rules,
        versions=Versions("r", "f"),
    )
    wires = [msgspec.json.encode(one) for one in made]
    return [
        Decided(msgspec.json.decode(wire, type=Decision), wire, NOON, 0, offset)
        for offset, wire in enumerate(wires)
    ]


@settings(max_examples=20)
@given(
    rows=st.lists(a_random_payment, min_size=1, max_size=20),
    live=a_random_ruleset,
    other=a_random_ruleset,
)
def test_the_archive_backtested_by_the_live_ruleset_gives_the_outcomes_decided_live(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, Any]],
    live: CompiledRuleset,
    other: CompiledRuleset,
) -> None:
    root = tmp_path_factory.mktemp("archive")
    batch = decided(rows, live)
    files.write(root / "decisions", decisions_frame(batch))

    frames = files.decisions(root, COLUMNS, features=features_of(live, other))
    report = backtest(frames, present=live, candidate=other, examples=len(rows))
    elsewhere = {one.decision.id: one.decision for one in decided(rows, other)}

    counts = dict.fromkeys(OUTCOMES, 0)
    for one in batch:
        counts[one.decision.outcome] += 1
    assert report.payments == len(rows)
    assert report.flagged.before is not None
    assert report.declined.before is not None
    assert report.flagged.before.hits == counts["review"] + counts["decline"]
    assert report.declined.before.hits == counts["decline"]
    shown = {one.id: one for one in report.examples}
    for one in batch:
        before, after = one.decision, elsewhere[one.decision.id]
        if before.outcome != after.outcome:
            example = shown[before.id]
            assert (example.before, example.after) == (before.outcome, after.outcome)
            assert example.reasons_after == [hit.reason for hit in after.hits]
    for rule in report.rules:
        if rule.figures.before and rule.state == "live":
            name = rule.name
            live_hits = sum(name in {h.rule for h in o.decision.hits} for o in batch)
            shadows = sum(name in o.decision.shadows for o in batch)
            assert rule.figures.before.hits == live_hits + shadows
