"""Bloom filters: never a wrong no, and as many wrong yeses as configured."""

from random import Random

import h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sketches.bloom import MOST_BYTES, Block, Plan, plan

PROBES = 1_000_000


def filled(planned: Plan, things: int, *, at: int = 0) -> list[Block]:
    blocks = [Block() for _ in range(planned.blocks)]
    for n in range(things):
        blocks[planned.block_of(f"t{n}")].add(f"t{n}", at, plan=planned)
    return blocks


@pytest.mark.slow
@pytest.mark.parametrize("error", [0.01, 0.05])
def test_the_false_positive_rate_is_within_a_tenth_of_the_configured(error: float):
    """Of both generations full: the most that a filter may ever have."""
    planned = plan(capacity=40_000, error=error, lasts=1)._replace(capacity=1 << 30)
    blocks = filled(planned, 40_000)
    for n in range(40_000, 80_000):
        thing = f"t{n}"
        blocks[planned.block_of(thing)].add(thing, 1, plan=planned._replace(lasts=1))
    wrong = sum(
        f"other {n}" in blocks[planned.block_of(f"other {n}")] for n in range(PROBES)
    )
    told = sum(block.error() for block in blocks) / len(blocks)

    assert all(f"t{n}" in blocks[planned.block_of(f"t{n}")] for n in range(80_000))
    assert wrong / PROBES == pytest.approx(error, rel=0.1)
    assert told == pytest.approx(wrong / PROBES, rel=0.1)


def test_a_block_is_never_larger_than_a_row_may_be():
    for capacity in (1, 100, 9_999, 1_000_000):
        for error in (0.5, 0.01, 1e-6):
            planned = plan(capacity=capacity, error=error, lasts=1)
            block = Block()
            block.add("x", 0, plan=planned)

            assert len(block.encode()) <= MOST_BYTES < 16 * 1024
            assert planned.blocks * planned.capacity >= capacity


@given(st.lists(st.text(max_size=20), max_size=50))
def test_what_was_added_is_known_before_and_after_a_restart(things: list[str]):
    planned = plan(capacity=100, error=0.01, lasts=10)
    block = Block()
    for thing in things:
        block.add(thing, 5, plan=planned)
    again = Block.decode(block.encode())

    assert all(thing in block for thing in things)
    assert all(thing in again for thing in things)
    assert again.encode() == block.encode()


def test_a_thing_is_forgotten_after_two_generations_and_not_after_one():
    planned = plan(capacity=100, error=0.001, lasts=10)
    block = Block()

    assert block.add("a", 0, plan=planned) is False
    assert block.add("b", 10, plan=planned) is False
    assert "a" in block
    assert block.add("c", 20, plan=planned) is False
    assert "a" not in block
    assert "b" in block


def test_a_pause_of_two_generations_forgets_all_that_was_before_it():
    planned = plan(capacity=100, error=0.001, lasts=10)
    block = Block()
    block.add("a", 0, plan=planned)
    block.add("b", 20, plan=planned)

    assert "a" not in block
    assert block.counts == [1, 0]
    assert block.since == [20, 20]


def test_a_full_generation_makes_place_and_what_is_seen_again_stays():
    planned = plan(capacity=50, error=0.001, lasts=1_000)
    block = Block()
    for n in range(200):
        block.add("always", 0, plan=planned)
        block.add(f"t{n}", 0, plan=planned)

    assert "always" in block
    assert "t199" in block
    assert "t0" not in block
    assert block.error() < 0.002


def test_what_comes_late_and_fills_a_generation_turns_back_no_time():
    planned = plan(capacity=10, error=0.001, lasts=30)
    block = Block()
    for n in range(10):
        block.add(f"live {n}", 1_000, plan=planned)
    for n in range(5):
        block.add(f"late {n}", 10, plan=planned)
    block.add("now", 1_001, plan=planned)

    assert block.since == [1_000, 1_000]
    assert "live 0" in block


def test_a_place_is_known_by_its_cell_however_its_fix_jitters():
    chance = Random(1)  # noqa: S311 - no secret is made
    planned = plan(capacity=1_000, error=0.001, lasts=10)
    by_cell, by_fix = Block(), Block()
    home = h3.cell_to_latlng(h3.latlng_to_cell(48.2082, 16.3738, 7))
    by_cell.add(h3.latlng_to_cell(*home, 7), 0, plan=planned)
    by_fix.add(f"{home}", 0, plan=planned)
    fixes = [
        (home[0] + chance.gauss(0, 1e-4), home[1] + chance.gauss(0, 1e-4))
        for _ in range(500)
    ]

    assert all(h3.latlng_to_cell(*fix, 7) in by_cell for fix in fixes)
    assert not any(f"{fix}" in by_fix for fix in fixes)  # the mistake


@pytest.mark.parametrize(("capacity", "error"), [(0, 0.1), (1, 0.0), (1, 1.0)])
def test_what_cannot_be_planned_is_refused(capacity: int, error: float):
    with pytest.raises(ValueError, match="expected a capacity"):
        plan(capacity=capacity, error=error, lasts=1)
