"""Ports are free when they are given out."""

import socket

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

    assert len(set(given)) > 45
    assert set(given) <= set(RANGE)
