"""Money: where it came from that an account sends on within a day.

Who sends on half or more of what came in, and no more than that, passes it on: money
keeps the name of the account that it came from first, through all who pass it on. It
is what mules, rings of payments and scattered money that is gathered again have in
common (the patterns of Altman et al., 2023, and of the simulator AMLSim).
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from app.events.groups import Transfer
from app.features.clock import DAY

WINDOW = DAY
LEAST, MOST = 0.4, 1.02  # share of what came in that goes on at once, and in all
MOST_FLOWS = 32  # remembered of an account, in and out each
MOST_SOURCES = 4


class Inflow(NamedTuple):
    """Money that came in: when, how much, and from which account first."""

    at: int
    amount: int
    source: str


class Account:
    """What came into an account and went out of it in a day; whose money it passes."""

    __slots__ = ("_in", "_out", "passes", "used")

    def __init__(
        self,
        used: int = 0,
        inflows: Sequence[Inflow] = (),
        outflows: Sequence[tuple[int, int]] = (),
        passes: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.used = used  # grows from one account that is used to the next
        self._in = list(inflows)
        self._out = list(outflows)
        self.passes = dict(passes)  # sources, and when their money went on last

    @property
    def newest(self) -> int:
        """When money came or went last."""
        times = [one.at for one in self._in] + [at for at, _ in self._out]
        return max(times, default=0)

    def send(self, amount: int, at: int) -> list[str]:
        """Learn that money goes out; return from where it came, if it is passed on."""
        self._forget(at)
        came = [one for one in self._in if one.at <= at]
        total = sum(one.amount for one in came)
        spent = sum(sent for _, sent in self._out) + amount
        self._out = [*self._out, (at, amount)][-MOST_FLOWS:]
        if not LEAST * total <= amount or not spent <= MOST * total:
            return []
        sources = list(dict.fromkeys(one.source for one in came))[:MOST_SOURCES]
        for source in sources:
            self._pass(source, at)
        return sources

    def receive(self, inflow: Inflow, owner: str) -> bool:
        """Learn that money came in; say whether it is the owner's, gone round."""
        self._forget(inflow.at)
        self._in = [*self._in, inflow][-MOST_FLOWS:]
        if inflow.source != owner:
            return False
        self._pass(owner, inflow.at)
        return True

    def disown(self, source: str) -> bool:
        """Forget money that came from an account first; say whether there was any."""
        kept = [one for one in self._in if one.source != source]
        had = len(kept) < len(self._in) or source in self.passes
        self._in = kept
        self.passes.pop(source, None)
        return had

    def _pass(self, source: str, at: int) -> None:
        self.passes[source] = max(at, self.passes.pop(source, at))
        while len(self.passes) > MOST_FLOWS:
            del self.passes[next(iter(self.passes))]

    def _forget(self, at: int) -> None:
        past = at - WINDOW
        self._in = [one for one in self._in if one.at > past]
        self._out = [one for one in self._out if one[0] > past]
        self.passes = {one: when for one, when in self.passes.items() if when > past}

    def parts(self) -> tuple[int, list[Inflow], list[tuple[int, int]], dict[str, int]]:
        """Return what makes the account anew."""
        return self.used, self._in, self._out, self.passes


class Accounts:
    """The accounts that money came to or went from in a day, by their names.

    `touched` collects those that changed, for the caller to store and clear.
    """

    def __init__(self) -> None:
        self.known: dict[str, Account] = {}  # the one that was used last at the end
        self.touched: dict[str, None] = {}
        self.clock = 0

    def restore(self, known: Iterable[tuple[str, Account]]) -> None:
        """Become what the accounts were that had these."""
        self.known = dict(sorted(known, key=lambda one: one[1].used))

    def move(self, payer: str, transfer: Transfer, at: int) -> bool:
        """Learn a transfer; say whether the beneficiary has its own money back."""
        sources = self._use(payer).send(transfer.amount, at)
        owner = transfer.beneficiary_id
        source = sources[0] if sources else payer
        inflow = Inflow(at, transfer.amount, source)
        return self._use(owner).receive(inflow, owner)

    def sources(self, name: str) -> list[str]:
        """Return whose money an account passes on."""
        account = self.known.get(name)
        return list(account.passes) if account else []

    def forget(self, past: int) -> None:
        """Forget accounts without money that came or went since."""
        while self.known:
            name, account = next(iter(self.known.items()))
            if account.newest > past:
                break
            del self.known[name]
            self.touched[name] = None

    def erase(self, name: str) -> None:
        """Forget an account, and the money that came from it first."""
        if self.known.pop(name, None):
            self.touched[name] = None
        for other, account in self.known.items():
            if account.disown(name):
                self.touched[other] = None

    def _use(self, name: str) -> Account:
        account = self.known.pop(name, None) or Account()
        self.clock += 1
        account.used = self.clock
        self.known[name] = account
        self.touched[name] = None
        return account
