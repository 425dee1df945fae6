"""Erase a customer: destroy the key of all that is sealed, and drop the rest."""

from urllib.parse import quote

import click

from app.commands.asking import asked, client_of, reaching


@click.command()
@click.argument("customer")
@click.option("--reason", required=True, help="Why; it is kept for ever.")
@click.option("--yes", is_flag=True, help="Do not ask whether it is meant.")
@reaching
def erase(*, customer: str, reason: str, yes: bool, url: str, user: str | None) -> None:
    """Erase CUSTOMER, for ever: nothing personal in the stores can be read again."""
    if not yes:
        click.confirm(f"Erase {customer} for ever?", abort=True)
    with client_of(url, user) as client:
        told = asked(
            client.post(
                f"/v1/customers/{quote(customer, safe='')}/erasure",
                json={"reason": reason},
            )
        ).json()
    click.echo(
        f"{customer} was erased by {told['author']} at {told['erased_at']}: "
        f"{told['reason']}"
    )
