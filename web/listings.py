"""Listings: entries put on the lists and taken off, published, and awaited."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from app.errors import BadRecord, SettingError
from app.masking import masked
from app.privacy.tokens import Tokens
from app.rules.lists import Entry, Kind, Verdict, same
from app.settings import Settings
from app.token_keys import tokens_of as tokens_of_settings
from app.topics import LISTS
from web.context import Context
from web.list_files import checked
from web.problems import Problem
from web.rulings import PATIENCE

_encode = msgspec.json.Encoder().encode


def tokens_of(settings: Settings) -> Tokens:
    """Return what makes tokens of card numbers.

    Raises:
        Problem: 503, this worker has no key for it.
    """
    try:
        return tokens_of_settings(settings)
    except SettingError as error:
        raise Problem(503, str(error), kind="unavailable") from error


def compared(kind: Kind, value: str, tokens: Tokens) -> str:
    """Return the value that a payment is compared with: for a card its token.

    Raises:
        Problem: 422, it is none of its kind.
    """
    try:
        return checked(kind, value, tokens)
    except BadRecord as error:
        raise Problem(422, str(error), kind="invalid-records") from error


def entries(
    context: Context,
    *,
    kind: Kind | None = None,
    verdict: Verdict | None = None,
    removed: bool = False,
) -> list[Entry]:
    """Return the entries of a kind and a verdict, newest first."""
    return [
        one
        for one in reversed(context.lists.present.entries.values())
        if kind in (None, one.kind) and verdict in (None, one.verdict)
        if removed or not one.removed
    ]


async def publish(context: Context, added: Sequence[Entry]) -> list[Entry]:
    """Send entries; return them when Kafka has them and this worker goes by them.

    Raises:
        Problem: 503, Kafka is away.
    """
    records = [(entry.key, _encode(entry)) for entry in added]
    newest = {entry.key: entry for entry in added}.values()
    await context.outlet.send(LISTS.name, records)
    heard = await context.lists_follower.until(
        lambda: same(newest, context.lists.present), timeout=PATIENCE
    )
    if not heard:
        detail = "Kafka has the entries, and this worker has not heard of them yet"
        raise Problem(503, detail, kind="unavailable", retry_after=2)
    held = context.lists.present.entries
    return [held[entry.key] for entry in newest]


async def take_off(
    context: Context,
    verdict: Verdict,
    *,
    kind: Kind,
    value: str,
    reason: str,
    author: str,
) -> list[Entry]:
    """Take somebody off a list; who did it and why is kept in the entry's place.

    Raises:
        Problem: 404 or 422, nobody of that value is there; 503, Kafka is away.
    """
    tokens = tokens_of(context.settings)
    token = compared(kind, value, tokens)
    held = context.lists.present.entries
    entry = held.get(f"{verdict}:{kind}:{token}".encode())
    if entry is None and kind == "card" and token != value:  # known by its number
        was = tokens.card(value).was  # listed before the key was changed
        entry = held.get(f"{verdict}:{kind}:{was}".encode())
    if entry is None or entry.removed:
        raise Problem(404, f"no {kind} of that value is on the {verdict} list")
    gone = replace(entry, author=author, reason=masked(reason), removed=True, at=None)
    return await publish(context, [gone])
