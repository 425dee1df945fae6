"""Bring models to running workers, and see which of them score."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
from rich.console import Console
from rich.table import Table

from app.errors import ModelError, ServiceError
from app.scoring.model import CARD, TREES, Model
from app.scoring.registry import Role

MAKING = "card.json"  # what `smartbank train` writes of a model's making
TOKEN = "SMARTBANK_TOKEN"
TIMEOUT = httpx.Timeout(30.0, connect=5.0)


def reaching(command: Any) -> Any:
    """Add the options that say which worker is asked, and by whom."""
    for option in (
        click.option(
            "--url",
            default="http://127.0.0.1:8080",
            show_default=True,
            help="A worker's API.",
        ),
        click.option(
            "--user",
            help=f"Who asks, with a password; else the token in {TOKEN} is used.",
        ),
    ):
        command = option(command)
    return command


@click.group()
def models() -> None:
    """Bring models to running workers, and see which of them score."""


@models.command("list")
@reaching
def list_(*, url: str, user: str | None) -> None:
    """Show the models that were brought in, newest first."""
    with _client(url, user) as client:
        told = _asked(client.get("/v1/models")).json()
    table = Table("model", "role", "learnt until", "by", "why", box=None)
    for one in told["models"]:
        role = one["refused"] or ", ".join(one["roles"])
        table.add_row(
            one["version"], role, one["learnt_until"], one["author"], one["comment"]
        )
    Console().print(table)


@models.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--live", "role", flag_value="live", help="Let it score from now on.")
@click.option("--shadow", "role", flag_value="shadow", help="Let it watch.")
@click.option("--comment", required=True, help="Why; the history keeps it.")
@reaching
def push(
    *, folder: Path, role: Role | None, comment: str, url: str, user: str | None
) -> None:
    """Bring the model in FOLDER to the workers; with a role every one has it at once.

    FOLDER is what `smartbank train` wrote. The workers go on meanwhile.
    """
    model = Model.load(folder)
    body = {
        "version": model.version,
        "facts": msgspec.json.decode((folder / CARD).read_bytes())["facts"],
        "trees": (folder / TREES).read_text(encoding="utf-8"),
        "card": _making(folder),
    }
    why = {"comment": comment}
    with _client(url, user) as client:
        _asked(client.post("/v1/models", params=why, json=body))
        if role:
            seen = _asked(client.get("/v1/models")).headers["etag"]
            _asked(
                client.put(
                    f"/v1/models/{role}",
                    params={"version": model.version, **why},
                    headers={"if-match": seen},
                )
            )
    click.echo(f"model {model.version} is {role or 'kept; it has no role yet'}")


def _making(folder: Path) -> Any:
    path = folder / MAKING
    try:
        return msgspec.json.decode(path.read_bytes()) if path.exists() else None
    except (OSError, msgspec.DecodeError) as error:
        message = f"{path}: {error}"
        raise ModelError(message) from error


@contextmanager
def _client(url: str, user: str | None) -> Iterator[httpx.Client]:
    """Give a client that says who asks.

    Raises:
        ClickException: nobody does.
        ServiceError: no worker answers.
    """
    auth: tuple[str, str] | None = None
    headers = {}
    if user:
        auth = user, click.prompt("Password", hide_input=True, err=True)
    elif token := os.environ.get(TOKEN):
        headers = {"authorization": f"Bearer {token}"}
    else:
        message = f"say --user, or put a token of POST /v1/tokens into {TOKEN}"
        raise click.ClickException(message)
    try:
        with httpx.Client(
            base_url=url, timeout=TIMEOUT, auth=auth, headers=headers
        ) as client:
            yield client
    except httpx.TransportError as error:
        message = f"no worker answers at {url}: {error}; say where one does with --url"
        raise ServiceError(message) from error


def _asked(answer: httpx.Response) -> httpx.Response:
    """Return a good answer.

    Raises:
        ServiceError: it is another one; what the worker said.
    """
    if answer.is_success:
        return answer
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = answer.reason_phrase
    message = f"{answer.request.url}: {answer.status_code}: {detail}"
    raise ServiceError(message)
