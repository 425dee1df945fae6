"""Asking: a worker's API, as a command asks it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import httpx
from httpx import Client

from app.errors import ServiceError

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


@contextmanager
def client_of(url: str, user: str | None) -> Iterator[Client]:
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
        with Client(
            base_url=url, timeout=TIMEOUT, auth=auth, headers=headers
        ) as client:
            yield client
    except httpx.TransportError as error:
        message = f"no worker answers at {url}: {error}; say where one does with --url"
        raise ServiceError(message) from error


def asked(answer: httpx.Response) -> httpx.Response:
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
