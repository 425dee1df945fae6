"""What is measured of sketches: each tells its bytes a customer."""

import pytest

from app.bench import sketches


def test_each_sketch_tells_what_it_keeps_of_a_customer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sketches, "CUSTOMERS", 50)
    monkeypatch.setattr(sketches, "CHUNKS", 1)
    figures = list(sketches.measure())

    assert len(figures) == 6
    assert all(one.value > 0 for one in figures)
    assert all(float(one.parts["bytes_a_customer"]) > 0 for one in figures)
