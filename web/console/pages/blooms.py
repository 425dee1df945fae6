"""Blooms: how full the Bloom filters are, and how often they err."""

from typing import Any

from web.console import marks
from web.console.client import Client
from web.console.sections import Section


async def show(client: Client) -> Any:
    """Return each filter's fill and error."""
    del client
    return marks.notice("Nothing seen yet", "Decisions fill the filters as they come.")


SECTION = Section(
    name="blooms",
    title="Seen before",
    lead="Bloom filters remember devices, cards, terminals and sampled places.",
    show=show,
    wide=True,
)
