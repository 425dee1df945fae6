"""The stand-ins answer like the real servers, and stop as a whole."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.local import elastic, kafka, noida
from app.local.ports import LOOPBACK, free_port
from app.local.server import Server


@pytest.mark.parametrize(
    ("service", "answers", "scheme"),
    [("kafka", kafka.answers, ""), ("elasticsearch", elastic.answers, "http://")],
)
def test_a_stand_in_answers_until_it_is_stopped(
    tmp_path: Path, service: str, answers: Callable[[str], bool], scheme: str
):
    port = free_port()
    address = f"{scheme}{LOOPBACK}:{port}"
    server = Server(
        name=service,
        address=address,
        folder=tmp_path,
        command=noida.command(service, tmp_path, port=port),
        answers=lambda: answers(address),
    )

    server.start()
    server.wait_until_ready()
    server.stop()

    assert not answers(address)
    assert free_port(port) == port
