"""`smartbank kibana`: what Kibana is asked, by a server that stands in for it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner

from app.commands import kibana as command
from app.commands.kibana import kibana
from app.errors import ServiceError
from app.kibana.objects import ndjson
from app.local.ports import free_port

DONE = (200, {"success": True, "successCount": 28})


@contextmanager
def standing_in(*answers: tuple[int, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Answer requests in turn, the last answer again and again; keep what was asked.

    Bytes are answered as they are, anything else as JSON.
    """
    left, seen = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.append((self.path, self.headers["kbn-xsrf"], body))
            status, told = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.end_headers()
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()


def run(*arguments: str, **env: str) -> Any:
    return CliRunner().invoke(kibana, arguments, env=env)


def test_the_objects_are_printed_for_the_database_of_the_settings():
    told = run(SMARTBANK_DATABASE="bank")

    assert told.output == ndjson(database="bank")


def test_a_kibana_that_is_starting_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(command, "PAUSE", 0.01)
    with standing_in((503, "not ready"), DONE) as (address, seen):
        told = run("--to", address)

    assert told.output == f"28 objects are in {address}\n"
    assert len(seen) == 2
    path, header, body = seen[-1]
    assert path == "/api/saved_objects/_import?overwrite=true"
    assert header == "smartbank"
    assert ndjson().encode() in body


def test_what_kibana_refuses_is_told():
    refusal = {"success": False, "errors": [{"id": "smartbank-panel-total"}]}
    with standing_in((200, refusal)) as (address, _):
        told = run("--to", address)

    assert isinstance(told.exception, ServiceError)
    assert "smartbank-panel-total" in str(told.exception)


@pytest.mark.parametrize(
    "address", ["kibana:5601", "kibana", "http://kibana:port", "http://"]
)
def test_what_is_no_address_is_refused_at_once(address: str):
    told = run("--to", address, "--patience", "0")

    assert isinstance(told.exception, ServiceError)
    assert str(told.exception) == (
        f"--to: got {address}, expected one like http://kibana:5601"
    )


@pytest.mark.parametrize("body", [b"<html>\n<p>A shop</p>\n</html>", b"[]", b"{}"])
def test_what_is_not_kibana_is_told_in_a_line(body: bytes):
    with standing_in((200, body)) as (address, _):
        told = run("--to", address)
    line = " ".join(body.decode().split())

    assert isinstance(told.exception, ServiceError)
    assert str(told.exception) == f"what answers at {address} is not Kibana: 200 {line}"


def test_a_kibana_that_is_not_there_is_told_after_a_while():
    told = run("--to", f"http://127.0.0.1:{free_port()}", "--patience", "0")

    assert isinstance(told.exception, ServiceError)
    assert "was not ready in 0 s: no answer" in str(told.exception)
