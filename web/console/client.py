"""Client: the one way by which pages get their data."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

import msgspec

from app.events.decisions import Decision
from app.events.devices import Device
from app.parquet import files
from app.privacy.questions import Question
from app.privacy.tradeoff import Tradeoff
from app.profiles.profile import Profile
from app.publications import Publication
from app.rules.ruleset import Bands
from app.scoring.registry import Role, Upload
from app.topics import TERMINAL_ACTIVITY
from web import profiles, publishing, sketched
from web.api import registry
from web.api.entities import row
from web.api.models import Appointed, CustomerState, ModelSummary, TerminalState
from web.auth import Caller, allow
from web.context import Context
from web.drifts import Drifts, drifts
from web.groups import GroupList, listed
from web.live import Live, Snapshot
from web.machines import Machines
from web.phones import Phones
from web.problems import Problem
from web.publishing import Published
from web.quality import Quality, quality
from web.sketched import Samples, Seen, Sketched
from web.tradeoffs import Quasi, Tradeoffs

who: ContextVar[Caller] = ContextVar("who")
"""Who is logged in at the browser that is being answered."""

MOST = 50
"""Appointments that are shown."""

_terminal = msgspec.json.Decoder(TerminalState).decode


Without = Literal["erased", "unreadable"]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A decision as found; `decided_at` is None where only this worker's memory has it.

    `trouble` says why the archive could not be asked, `without` why what is personal is
    not there.
    """

    decision: Decision
    decided_at: datetime | None = None
    trouble: str = ""
    without: Without | None = None


@dataclass(frozen=True, kw_only=True)
class Registered:
    """The models there are; `present` is what this worker uses, `wanted` the newest.

    `refused` says by version why one is not used.
    """

    uploads: dict[str, Upload]
    summaries: list[ModelSummary]
    appointments: list[Appointed]
    present: dict[Role, str | None]
    wanted: dict[Role, str | None]
    refused: dict[str, str]


class Client:
    """Asks the worker that the console runs in, and through it all others."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tradeoffs = Tradeoffs(context)

    @property
    def live(self) -> Live:
        """What happens now."""
        return self._context.live

    @property
    def phones(self) -> Phones:
        """Where devices are."""
        return self._context.phones

    @property
    def machines(self) -> Machines:
        """What cash machines felt last."""
        return self._context.machines

    def watched(self) -> list[Device]:
        """Return the cash machines that may send, by name."""
        entries = self._context.devices.present.entries.values()
        found = [one for one in entries if one.kind == "atm" and one.secret_hash]
        return sorted(found, key=lambda one: (one.name or one.id, one.id))

    def snapshot(self) -> Snapshot:
        """Return what happens now."""
        return self._context.live.snapshot()

    async def evaluation(self, transaction_id: str) -> Evaluation | None:
        """Return the decision on a payment: of the archive, else of the newest ones.

        Raises:
            Problem: 503, the archive does not answer, and the payment is not recent.
        """
        recent = self._context.live.decision(transaction_id)
        try:
            found = await self._context.decision(transaction_id)
        except Problem as problem:
            if recent is None:
                raise
            return Evaluation(decision=recent, trouble=problem.detail)
        if found is None:
            return Evaluation(decision=recent) if recent else None
        decided_at = found.pop("decided_at", None)
        without = next((one for one in get_args(Without) if found.get(one)), None)
        decision = msgspec.convert(found, Decision)
        return Evaluation(decision=decision, decided_at=decided_at, without=without)

    async def customer(self, identity: str) -> CustomerState:
        """Return what is remembered of a customer, whichever worker keeps it.

        Raises:
            Problem: 404, nothing is; 503, its worker does not answer.
        """
        return await profiles.state_of(self._context, identity, who.get())

    async def profile(self, identity: str) -> Profile:
        """Return who a customer is, as far as who is logged in may see it.

        Raises:
            Problem: 404, nothing is known; 503, nobody answers.
        """
        return await profiles.profile(self._context, identity, who.get())

    async def terminal(self, identity: str) -> TerminalState:
        """Return what is remembered of a terminal, whichever worker keeps it.

        Raises:
            Problem: 404, nothing is; 503, its worker does not answer.
        """
        return _terminal(
            await row(
                self._context,
                "terminals",
                TERMINAL_ACTIVITY.name,
                identity,
                who.get(),
            )
        )

    def models(self) -> Registered:
        """Return the models that were brought in, and which score."""
        models = self._context.models
        told = registry.listed(self._context, most=MOST)
        live, shadow = models.present.versions
        return Registered(
            uploads=models.registry.uploads,
            summaries=told.models,
            appointments=told.appointments,
            present={"live": live, "shadow": shadow},
            wanted={"live": told.live, "shadow": told.shadow},
            refused=models.refused,
        )

    async def tradeoff(self, quasi: Sequence[Quasi]) -> Tradeoff:
        """Return what each k costs a sample of the archive.

        Raises:
            Problem: 403, who asks is no analyst; 404, there is no archive; 503, it
                cannot be read.
        """
        allow(who.get(), "analyst")
        return await self._tradeoffs.ask(quasi)

    async def published(self, question: Question) -> tuple[Publication | None, float]:
        """Return what was answered, and what is left of its day; nothing is spent.

        Raises:
            Problem: 503, the store does not answer.
        """
        return await publishing.look_up(self._context, question)

    async def publish(self, question: Question) -> Published:
        """Answer a question; a new one spends some of its day's budget.

        Raises:
            Problem: 422, the day is not over; 429, its budget is spent; 503.
        """
        return await publishing.publish(self._context, question)

    async def newest_day(self) -> datetime | None:
        """Return the newest day that the archive on this machine has."""
        root = self._context.settings.archive
        return await asyncio.to_thread(files.newest_day, root)

    def drifts(self) -> Drifts | None:
        """Return how far payments have moved from what the live model learnt from."""
        return drifts(self._context)

    def quality(self) -> Quality:
        """Return how well the data comes in."""
        return quality(self._context)

    async def sketched(self) -> Sketched:
        """Return how full the filters are, and what the samples stand for.

        Raises:
            Problem: 403, not for this role; 503, nobody keeps sketches now.
        """
        return await sketched.summary(self._context, self._analyst())

    async def samples(self) -> Samples:
        """Return the samples of all strata.

        Raises:
            Problem: 403, not for this role; 503, nobody keeps sketches now.
        """
        return await sketched.sample(self._context, self._analyst())

    async def seen(self, kind: str, value: str, *, segment: str = "") -> Seen:
        """Say whether a thing was seen before.

        Raises:
            Problem: 403, not for this role; 422, it cannot be asked so; 503.
        """
        return await sketched.seen(
            self._context, self._analyst(), kind, value, segment=segment
        )

    def _analyst(self) -> Caller:
        return allow(who.get(), "analyst")

    async def groups(self) -> GroupList:
        """Return which customers move together.

        Raises:
            Problem: 403, not for this role; 503, no worker keeps groups now.
        """
        return await listed(self._context, self._analyst())

    def bands(self, ruleset: str) -> Bands | None:
        """Return the bands of a ruleset by version, if it decides or has decided."""
        found = self._context.rules.book.ruleset(ruleset)
        return found.bands if found else None
