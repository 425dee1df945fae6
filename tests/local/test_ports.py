"""Ports are free when they are given out."""

import socket
from pathlib import Path

import pytest

from app.local import ports
from app.local.ports import LOOPBACK, RANGE, free_port


def test_a_free_port_can_be_bound():
    port = free_port()

    with socket.create_server((LOOPBACK, port)) as bound:
        assert bound.getsockname()[1] == port


def test_a_port_that_is_wished_for_and_free_is_given():
    port = free_port()

    assert free_port(port) == port


def test_a_port_that_is_taken_is_not_given():
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]

        assert free_port(port) != port


def test_who_ask_at_the_same_time_get_different_ports_and_none_of_a_connection():
    given = [free_port() for _ in range(50)]

    assert len(set(given)) == 50
    assert set(given) <= set(RANGE)


def test_a_port_is_given_once_until_its_lease_is_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    few = range(port := free_port(), port + 100)  # most of them are free
    monkeypatch.setattr(ports, "RANGE", few)
    monkeypatch.setattr(ports, "LENT", tmp_path / "lent")
    given: list[int] = []
    with pytest.raises(OSError, match="no free TCP port"):
        given.extend(free_port() for _ in range(101))
    monkeypatch.setattr(ports, "LEASE", 0.0)

    assert len(set(given)) == len(given) > 0
    assert free_port() in few


def test_where_no_file_can_be_made_ports_are_given_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(ports, "LENT", tmp_path / "none" / "lent")

    assert free_port() in RANGE
