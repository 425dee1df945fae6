"""Rulings: changes of the rules, checked, published, and awaited."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import msgspec

from app.features import catalogue
from app.masking import masked
from app.rules.changes import faults, stamped, with_rule
from app.rules.errors import AggregateInUse, UnknownAggregate, UnknownRule
from app.rules.rulebook import Revision, Rulebook
from app.rules.ruleset import Rule, Ruleset
from app.topics import RULES
from web.context import Context
from web.problems import Problem

PATIENCE = 10.0  # seconds until Kafka has a change and this worker has heard it

_encode = msgspec.json.Encoder().encode


async def change(
    context: Context,
    make: Callable[[Ruleset], Ruleset],
    *,
    author: str,
    comment: str,
    match: str | None,
) -> Revision:
    """Change the ruleset that decides; return the revision that does so from now on.

    `make` gets the present ruleset, which must be of the version `match`. Without a
    difference nothing is published. When this returns, Kafka has the change and this
    worker decides by it; the others do within a second.

    Raises:
        Problem: 428 or 412, nobody said which version is meant, or it is not the
            present one; 404 or 422, what is named is not there or does not fit; 409,
            what would decide was not tried on the archive, or an aggregate is in use;
            503, Kafka is away.
    """
    head = context.rules.book.head
    if match is None:
        detail = f'say If-Match: "{head.ruleset.version}", the version that you saw'
        raise Problem(428, detail)
    if match != head.ruleset.version:
        raise _outrun(head, match)
    try:
        ruleset = make(head.ruleset)
    except (UnknownRule, UnknownAggregate) as error:
        raise Problem(404, str(error)) from error
    except AggregateInUse as error:
        raise Problem(409, str(error), kind="aggregate-in-use") from error
    if ruleset == head.ruleset:
        return head
    await asyncio.to_thread(check, ruleset)
    if unproven := context.rules.book.unproven(ruleset):
        detail = (
            f"not yet tried on the archive: {', '.join(unproven)}; first "
            "POST /v1/rules/backtest with the very same, or change it to shadow"
        )
        raise Problem(409, detail, kind="not-backtested", unproven=unproven)
    return await _publish(context, head, ruleset, author=author, comment=comment)


def planned(before: Ruleset, given: Rule | Ruleset, *, author: str) -> Ruleset:
    """Return the ruleset that a rule, or a whole one, would make of another."""
    if isinstance(given, Rule):
        return with_rule(before, given, author=author)
    return stamped(before, given, author=author)


def check(ruleset: Ruleset) -> None:
    """Refuse a ruleset with rules that cannot be evaluated.

    It may take a second: payments are decided beside it where a thread does it.

    Raises:
        Problem: 422; each fault is named, with its place where it has one.
    """
    if found := faults(ruleset, catalogue.READABLE):
        first = found[0]
        declared = {one.name for one in ruleset.aggregates}
        kind = "aggregate" if first.rule in declared else "rule"
        detail = f"{kind} {first.rule}, {first.field}: {first.message}"
        raise Problem(422, detail, kind="invalid-rules", faults=found)


async def _publish(
    context: Context, head: Revision, ruleset: Ruleset, *, author: str, comment: str
) -> Revision:
    book = context.rules.book
    revision = Revision(
        number=head.number + 1,
        id=uuid4().hex,
        ruleset=ruleset,
        author=author,
        comment=masked(comment),
    )
    # What shipped is kept with the first change: another release may ship another.
    sent = [revision] if head.at else [head, revision]
    await context.outlet.send(RULES.name, [(one.key, _encode(one)) for one in sent])
    heard = await context.rules_follower.until(
        lambda: book.head.number >= revision.number, timeout=PATIENCE
    )
    if not heard:
        detail = "Kafka has the change, and this worker has not heard of it yet"
        raise Problem(503, detail, kind="unavailable", retry_after=2)
    told = book.revisions[revision.number]
    if told.id != revision.id:
        raise _outrun(told, head.ruleset.version)
    return told


def _outrun(head: Revision, match: str) -> Problem:
    detail = (
        f"the rules are at version {head.ruleset.version} by {head.author}, "
        f"not at {match}; look at what changed, and try again"
    )
    return Problem(412, detail, version=head.ruleset.version)


def of_version(book: Rulebook, version: str) -> Ruleset:
    """Return a ruleset by its version.

    Raises:
        Problem: 404, none of that version has decided.
    """
    found = book.ruleset(version)
    if found is None:
        raise Problem(404, f"no ruleset of version {version!r} has decided")
    return found
