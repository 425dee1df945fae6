"""Where reading goes on, in logs that lost their beginning or their end."""

import pytest

from app.engine.resume import resume_at


@pytest.mark.parametrize(
    ("reached", "begin", "end", "expected"),
    [
        (0, 0, 0, 0),
        (0, 0, 9, 0),
        (5, 0, 9, 5),
        (9, 0, 9, 9),
        (5, 5, 9, 5),
        (0, 4, 9, 4),
    ],
)
def test_a_log_that_holds_what_is_next_is_read_on(
    reached: int, begin: int, end: int, expected: int
):
    assert resume_at(reached, begin=begin, end=end) == (expected, "")


def test_a_log_whose_next_records_expired_is_read_from_its_beginning_and_told():
    offset, lost = resume_at(3, begin=10, end=20)

    assert offset == 10
    assert "7 records expired before they were read" in lost


@pytest.mark.parametrize(("begin", "end"), [(0, 9), (0, 0), (4, 9)])
def test_a_log_that_ends_too_soon_is_read_from_its_beginning_and_told(
    begin: int, end: int
):
    offset, lost = resume_at(12, begin=begin, end=end)

    assert offset == begin
    assert f"Kafka has lost {12 - end} records or more" in lost
