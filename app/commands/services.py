"""Start, stop and show Kafka, Elasticsearch and a Mongo on this machine."""

import shlex
from pathlib import Path
from urllib.parse import urlsplit

import click

from app.local.server import Server
from app.local.stack import Stack
from app.settings import Settings, load


@click.group()
def services() -> None:
    """Start, stop and show Kafka, Elasticsearch and a Mongo on this machine."""


@services.command()
def up() -> None:
    """Start them; they stay until `down`. The first time fetches what is needed."""
    settings = load()
    stack = _stack(settings)
    stack.start()
    _show(stack)
    path = stack.folder / "services.env"
    lines = [
        f"{name}={shlex.quote(value)}\n" for name, value in stack.environment().items()
    ]
    path.write_text("".join(lines), encoding="utf-8")
    click.echo(f"\nFor workers in this shell: set -a; . {path}; set +a")


@services.command()
def down() -> None:
    """Stop them; their data stays."""
    stack = _stack(load())
    stack.stop()
    _show(stack)


@services.command()
def status() -> None:
    """Show them; the exit code is 1 when one that should answer does not."""
    stack = _stack(load())
    _show(stack)
    if not stack.servers or not all(one.answers() for one in stack.servers.values()):
        raise SystemExit(1)


def _stack(settings: Settings) -> Stack:
    """Return this machine's stack, on the ports that the settings expect."""
    addresses = {
        "kafka": f"//{settings.kafka}",
        "mongo": settings.mongo,
        "elastic": settings.elastic,
        "influx": settings.influx or "http://127.0.0.1:8086",
    }
    ports = {name: urlsplit(text).port or 0 for name, text in addresses.items()}
    return Stack(Path(settings.data_dir) / "services", outlives=True, ports=ports)


def _show(stack: Stack) -> None:
    if not stack.servers:
        click.echo("nothing was started here; start with: smartbank services up")
    for server in stack.servers.values():
        click.echo(
            f"{server.name:8} {_state(server):14} {server.address:28} {server.stand_in}"
        )


def _state(server: Server) -> str:
    """Say how a server is, in two words at most."""
    if not server.alive():
        return "stopped"
    return "up" if server.answers() else "not answering"
