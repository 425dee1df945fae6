"""Samples: how fair they are, and where their payments were made."""

from typing import Any

from web.console import marks
from web.console.client import Client
from web.console.sections import Section


async def shares(client: Client) -> Any:
    """Return each stratum's share of the sample, against that of all payments."""
    del client
    return marks.notice("No samples yet", "Decisions are sampled as they come.")


async def where(client: Client) -> Any:
    """Return a map of the sampled payments."""
    del client
    return marks.notice("No samples yet", "Decisions are sampled as they come.")


SHARES = Section(
    name="shares",
    title="Sample and population",
    lead="Of each stratum as many payments are kept, however rare it is.",
    show=shares,
)
MAP = Section(
    name="sampled",
    title="Where sampled payments were made",
    lead="Their places are those that become known.",
    show=where,
)
