"""Managing: what people change through the console, as the API would, by its rules."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from app.customer_keys import Erasure
from app.features import catalogue
from app.rules import changes
from app.rules.errors import BadRule, Fault, fault
from app.rules.lists import Entry, Kind, Verdict
from app.rules.rulebook import Backtested, Revision, Rulebook, substances
from app.rules.ruleset import Rule, Ruleset, read_rule
from app.scoring.policy import Policy
from app.scoring.report import Report
from app.settings import Settings
from web import erasures, listings, rulings
from web.auth import allow
from web.console.client import who
from web.context import Context
from web.declaring import AggregateState, stated, states
from web.list_files import read_entries
from web.problems import Problem
from web.trials import Trials
from web.users import Role, at_least
from web.weighing import Wish, weigh

SHORTEST, LONGEST = 3, 500  # characters of a comment, as the API asks


def may(role: Role) -> bool:
    """Whether who is logged in may do what `role` may."""
    return at_least(who.get().role, role)


class Manager:
    """Changes rules and lists, and erases, in the name of who is logged in.

    All of it raises a `Problem` where the API would: 403 by role, 409, 412, 422, 503.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._trials = Trials(context)

    @property
    def settings(self) -> Settings:
        """The worker's settings."""
        return self._context.settings

    @property
    def book(self) -> Rulebook:
        """Every ruleset that decided, and what was tried."""
        return self._context.rules.book

    @property
    def present(self) -> Ruleset:
        """The newest ruleset."""
        return self.book.head.ruleset

    def look(self, raw: dict[str, Any]) -> tuple[Rule | None, list[Fault]]:
        """Read a rule; return it, or all that is wrong with it."""
        try:
            rule = read_rule(raw)
        except BadRule as error:
            return None, [fault(error)]
        alone = msgspec.structs.replace(self.present, rules=[rule])
        found = changes.faults(alone, catalogue.READABLE)
        return (None, found) if found else (rule, [])

    def unproven(self, given: Rule | Ruleset) -> list[str]:
        """Name what must be tried before the present ruleset may become this."""
        after = rulings.planned(self.present, given, author=who.get().name)
        return self.book.unproven(after)

    def tried(self, rule: Rule) -> Backtested | None:
        """Return the backtest of a rule as it is, if there was one."""
        after = rulings.planned(self.present, rule, author=who.get().name)
        return self.book.backtests.get(substances(after).get(rule.name, ""))

    async def trial(
        self,
        given: Rule | Ruleset,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Report, list[str]]:
        """Try a rule or a ruleset on the archive; also name what may go live now."""
        author = allow(who.get(), "analyst").name
        return await self._trials.run(given, author=author, since=since, until=until)

    async def weigh(self, wish: Wish) -> Policy:
        """Weigh every threshold on the archive."""
        allow(who.get(), "analyst")
        return await weigh(self._context, wish)

    async def put(
        self, given: Rule | Ruleset, *, comment: str, seen: str, new: bool = False
    ) -> Revision:
        """Put a rule or a whole ruleset in place; a `new` rule takes nobody's name."""
        if new and isinstance(given, Rule):
            names = [rule.name for rule in self.present.rules]
            if given.name in names:
                detail = f"there is a rule {given.name} already; open it to change it"
                raise Problem(409, detail)
        author = who.get().name
        make = partial(rulings.planned, given=given, author=author)
        return await self._change(make, comment=comment, seen=seen)

    async def take_out(self, name: str, *, comment: str, seen: str) -> Revision:
        """Take a rule out."""
        make = partial(changes.without, name=name, author=who.get().name)
        return await self._change(make, comment=comment, seen=seen)

    async def roll_back(self, version: str, *, comment: str, seen: str) -> Revision:
        """Let a ruleset decide again that has decided before."""
        earlier = rulings.of_version(self.book, version)
        return await self._change(lambda _: earlier, comment=comment, seen=seen)

    def aggregates(self) -> list[AggregateState]:
        """Return what is aggregated, and how far each one is."""
        return states(self.book)

    async def declare(self, raw: dict[str, Any], *, comment: str) -> Revision:
        """Declare an aggregate on the present ruleset."""
        given, author = stated(raw), who.get().name
        make = partial(changes.with_aggregate, given=given, author=author)
        return await self._change(make, comment=comment, seen=self.present.version)

    async def withdraw(self, name: str, *, comment: str) -> Revision:
        """Take an aggregate out that no rule reads."""
        make = partial(changes.without_aggregate, name=name, author=who.get().name)
        return await self._change(make, comment=comment, seen=self.present.version)

    async def _change(
        self, make: Callable[[Ruleset], Ruleset], *, comment: str, seen: str
    ) -> Revision:
        author = allow(who.get(), "manager").name
        return await rulings.change(
            self._context, make, author=author, comment=_said(comment), match=seen
        )

    def entries(self, *, removed: bool = False) -> list[Entry]:
        """Return the entries of the lists, newest first."""
        return listings.entries(self._context, removed=removed)

    async def enlist(self, text: bytes, *, form: str) -> list[Entry]:
        """Put entries on the lists, from a file or one as JSON: all or none."""
        author = allow(who.get(), "manager").name
        tokens = listings.tokens_of(self.settings)
        read = read_entries(text, form=form, author=author, tokens=tokens)
        return await listings.publish(self._context, read)

    async def take_off(
        self, verdict: Verdict, *, kind: Kind, value: str, reason: str
    ) -> list[Entry]:
        """Take somebody off a list."""
        author = allow(who.get(), "manager").name
        return await listings.take_off(
            self._context,
            verdict,
            kind=kind,
            value=value,
            reason=_said(reason),
            author=author,
        )

    async def erasure(self, customer: str) -> Erasure | None:
        """Return that a customer was erased, or None."""
        allow(who.get(), "manager")
        return await erasures.erasure(self._context, customer)

    async def erase(self, customer: str, *, reason: str | None) -> Erasure:
        """Erase a customer, for ever."""
        author = allow(who.get(), "manager").name
        said = (reason or "").strip()
        return await erasures.erase(self._context, customer, author=author, reason=said)


def _said(words: str | None) -> str:
    """Return what was said of a change.

    Raises:
        Problem: 422, that is nothing, or a whole story.
    """
    said = (words or "").strip()
    if not SHORTEST <= len(said) <= LONGEST:
        detail = f"say why, in {SHORTEST} to {LONGEST} characters: the history keeps it"
        raise Problem(422, detail)
    return said
