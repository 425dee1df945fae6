"""Clusters: who moves together, found as they move, under names that stay."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from app.sketches.minhash import Signature, bands, likeness


class Kept(NamedTuple):
    """What is to be remembered of a key, beside its signature.

    `order` is when it was put; `links` are those it is linked with, and how alike.
    """

    order: int
    name: str
    links: dict[str, float]


@dataclass
class Clusters:
    """Groups of keys whose sets are alike, kept as signatures change.

    Two keys are linked when a band of their signatures is the same and their
    likeness is at least `alike`; a cluster is what links hold together. Its name is a
    number and says of no key, so that it may outlive them. Where two grow together
    the older name stays; where the last link breaks, who left founds another. Only
    the keys of one bucket are compared, at most `most` of them.

    `judge` tells how alike two keys are, where something better than signatures does.
    `touched` collects keys of which `kept` has changed, for the caller to store and
    clear: `restore` makes the same clusters of it, whose future is the same.
    """

    alike: float = 0.5
    most: int = 50
    judge: Callable[[str, str], float] | None = None
    clock: int = 0
    touched: dict[str, None] = field(default_factory=dict)
    signatures: dict[str, Signature] = field(default_factory=dict)
    links: dict[str, dict[str, float]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    _order: dict[str, int] = field(default_factory=dict)
    _buckets: dict[tuple[int, int], dict[str, None]] = field(default_factory=dict)
    _members: dict[str, dict[str, None]] = field(default_factory=dict)

    def put(
        self, key: str, signature: Signature, *, near: Iterable[str] = ()
    ) -> set[str]:
        """Learn a key's signature; return the names of the clusters that changed.

        Keys that are `near` are compared though no band may be the same.
        """
        before = self.names.get(key)
        changed = self.remove(key)
        self.clock += 1
        self._order[key] = self.clock
        self.signatures[key] = signature
        self.links[key] = {}
        self.touched[key] = None
        for other, alike in self._meet(key, signature, near):
            self.links[key][other] = self.links[other][key] = alike
            self.touched[other] = None
        if before is not None and before not in self._members:
            self._rename(key, before)  # nobody else has it: the key keeps its own
            changed.discard(before)
        return changed | self._name([key])

    def remove(self, key: str) -> set[str]:
        """Forget a key; return the names of the clusters that changed."""
        signature = self.signatures.pop(key, None)
        if signature is None:
            return set()
        for place in enumerate(bands(signature)):
            bucket = self._buckets[place]
            del bucket[key]
            if not bucket:
                del self._buckets[place]
        neighbours = list(self.links.pop(key))
        for other in neighbours:
            del self.links[other][key]
            self.touched[other] = None
        del self._order[key]
        self.touched[key] = None
        name = self.names.pop(key)
        self._leave(key, name)
        return {name} | self._name(neighbours)

    def members(self, name: str) -> set[str]:
        """Return the keys of a cluster."""
        return set(self._members.get(name, ()))

    def groups(self, *, least: int = 2) -> dict[str, set[str]]:
        """Return the clusters of so many keys or more, by name."""
        return {
            name: set(keys)
            for name, keys in self._members.items()
            if len(keys) >= least
        }

    def kept(self, key: str) -> Kept | None:
        """Return what is to be remembered of a key; None of one that was removed."""
        if key not in self._order:
            return None
        return Kept(self._order[key], self.names[key], self.links[key])

    def restore(self, known: Iterable[tuple[str, Signature, Kept]]) -> None:
        """Become what the clusters were of which this was kept."""
        for key, signature, kept in sorted(known, key=lambda one: one[2].order):
            self._order[key], self.names[key] = kept.order, kept.name
            self.links[key] = dict(kept.links)
            self.signatures[key] = signature
            self._members.setdefault(kept.name, {})[key] = None
            for place in enumerate(bands(signature)):
                self._buckets.setdefault(place, {})[key] = None

    def _meet(
        self, key: str, signature: Signature, near: Iterable[str]
    ) -> list[tuple[str, float]]:
        """Put a key into its buckets; return those there, or near, that are like it."""
        met = dict.fromkeys(one for one in near if one in self.signatures)
        met.pop(key, None)
        for place in enumerate(bands(signature)):
            bucket = self._buckets.setdefault(place, {})
            met.update(dict.fromkeys(list(bucket)[-self.most :]))
            bucket[key] = None
        judge = self.judge or self._likeness
        found = [(other, judge(key, other)) for other in met]
        return [(other, alike) for other, alike in found if alike >= self.alike]

    def _likeness(self, one: str, other: str) -> float:
        return likeness(self.signatures[one], self.signatures[other])

    def _name(self, keys: list[str]) -> set[str]:
        """Name the clusters that keys are in now; return the names that changed.

        Of parts that a cluster falls into, the one with the first key keeps its name.
        """
        changed: set[str] = set()
        done: set[str] = set()
        taken: set[str] = set()
        for key in sorted(keys):
            if key in done:
                continue
            whole = self._reach(key)
            done |= whole
            known = {self.names[one] for one in whole if one in self.names} - taken
            name = min(known, key=_founded, default=None)
            if name is None:
                self.clock += 1
                name = f"G{self.clock}"
            taken.add(name)
            for one in sorted(whole):
                changed |= self._rename(one, name)
        return changed

    def _rename(self, key: str, name: str) -> set[str]:
        """Name a key's cluster; return the names that changed."""
        before = self.names.get(key)
        if before == name:
            return set()
        self.names[key] = name
        self._members.setdefault(name, {})[key] = None
        self.touched[key] = None
        if before is None:
            return {name}
        self._leave(key, before)
        return {name, before}

    def _leave(self, key: str, name: str) -> None:
        members = self._members[name]
        del members[key]
        if not members:
            del self._members[name]

    def _reach(self, key: str) -> set[str]:
        """Return what links hold together with a key."""
        whole, ahead = {key}, [key]
        while ahead:
            for other in self.links[ahead.pop()]:
                if other not in whole:
                    whole.add(other)
                    ahead.append(other)
        return whole


def _founded(name: str) -> int:
    """Return when a cluster was founded: the number in its name."""
    return int(name.removeprefix("G"))
