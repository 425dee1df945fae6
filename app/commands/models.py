"""Bring models to running workers, and see which of them score."""

from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from app.commands.asking import asked, client_of, reaching
from app.errors import ModelError
from app.scoring.model import CARD, TREES, Model
from app.scoring.registry import Role

MAKING = "card.json"  # what `smartbank train` writes of a model's making


@click.group()
def models() -> None:
    """Bring models to running workers, and see which of them score."""


@models.command("list")
@reaching
def list_(*, url: str, user: str | None) -> None:
    """Show the models that were brought in, newest first."""
    with client_of(url, user) as client:
        told = asked(client.get("/v1/models")).json()
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
    with client_of(url, user) as client:
        asked(client.post("/v1/models", params=why, json=body))
        if role:
            seen = asked(client.get("/v1/models")).headers["etag"]
            asked(
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
