"""Show which keys of the bank wrap customers' keys, and wrap them with the newest."""

import click

from app.customer_keys import CustomerKeys
from app.settings import load


@click.command()
@click.option("--rewrap", is_flag=True, help="Wrap all with the newest key first.")
def keys(*, rewrap: bool) -> None:
    """Show which keys of the bank wrap customers' keys, and how many were erased.

    After `--rewrap` an older key can be taken out of SMARTBANK_CUSTOMER_KEYS. What is
    sealed stays as it is.
    """
    found = CustomerKeys(load())
    try:
        if rewrap:
            click.echo(f"{found.rewrap():,} keys wrapped anew")
        for kid, count in found.wrapped().items():
            click.echo(f"{count:,} customers' keys under {kid}")
        click.echo(f"{len(found.erasures()):,} customers erased")
    finally:
        found.close()
