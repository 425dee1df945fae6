"""Say what this machine lacks and how to get it."""

import click

from app.local.checks import checks
from app.settings import load


@click.command()
def doctor() -> None:
    """Say what this machine lacks and how to get it.

    The exit code is 1 when something is missing without which nothing works.
    """
    failed = False
    for check in checks(load()):
        failed |= check.needed and not check.good
        if check.good:
            mark, colour, words = "ok", "green", check.found
        else:
            mark = "MISSING" if check.needed else "without"
            colour = "red" if check.needed else "yellow"
            words = "; ".join(filter(None, (check.found, check.remedy)))
        click.echo(f"{click.style(f'{mark:8}', fg=colour)}{check.name:14}{words}")
    if failed:
        raise SystemExit(1)
