"""Clusters: who moves together, found as they move, under names that stay."""

from collections import Counter
from dataclasses import dataclass, field

from app.sketches.minhash import Signature, bands, likeness


@dataclass
class Clusters:
    """Groups of keys whose sets are alike, kept as signatures change.

    Two keys are linked when a band of their signatures is the same and their
    likeness is at least `alike`; a cluster is what links hold together. It has the
    name of the key that founded it. Where two grow together the older name stays;
    where the last link breaks, who left founds another. Only the keys of one bucket
    are compared, at most `most` of them.
    """

    alike: float = 0.5
    most: int = 50
    signatures: dict[str, Signature] = field(default_factory=dict)
    links: dict[str, dict[str, float]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    _buckets: dict[tuple[int, int], dict[str, None]] = field(default_factory=dict)
    _founded: dict[str, int] = field(default_factory=dict)
    _sizes: Counter[str] = field(default_factory=Counter)
    _clock: int = 0

    def put(self, key: str, signature: Signature) -> set[str]:
        """Learn a key's signature; return the names of the clusters that changed."""
        before = self.names.get(key)
        changed = self.remove(key)
        self.signatures[key] = signature
        self.links[key] = {}
        found: dict[str, float] = {}
        for number, band in enumerate(bands(signature)):
            bucket = self._buckets.setdefault((number, band), {})
            for other in list(bucket)[-self.most :]:
                if other not in found:
                    found[other] = likeness(signature, self.signatures[other])
            bucket[key] = None
        for other, alike in found.items():
            if alike >= self.alike:
                self.links[key][other] = self.links[other][key] = alike
        if before is not None and not self._sizes[before]:
            self._rename(key, before)  # nobody else has it: the key keeps its own
            changed.discard(before)
        return changed | self._name([key])

    def remove(self, key: str) -> set[str]:
        """Forget a key; return the names of the clusters that changed."""
        signature = self.signatures.pop(key, None)
        if signature is None:
            return set()
        for number, band in enumerate(bands(signature)):
            bucket = self._buckets[number, band]
            del bucket[key]
            if not bucket:
                del self._buckets[number, band]
        neighbours = list(self.links.pop(key))
        for other in neighbours:
            del self.links[other][key]
        name = self.names.pop(key)
        self._sizes[name] -= 1
        return {name} | self._name(neighbours)

    def members(self, name: str) -> set[str]:
        """Return the keys of a cluster."""
        return {key for key, named in self.names.items() if named == name}

    def groups(self, *, least: int = 2) -> dict[str, set[str]]:
        """Return the clusters of so many keys or more, by name."""
        found: dict[str, set[str]] = {}
        for key, name in self.names.items():
            found.setdefault(name, set()).add(key)
        return {name: keys for name, keys in found.items() if len(keys) >= least}

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
            name = min(known, key=self._founded.__getitem__, default=None)
            if name is None:
                name = self._found(min(whole))
            taken.add(name)
            for one in whole:
                changed |= self._rename(one, name)
        return changed

    def _rename(self, key: str, name: str) -> set[str]:
        """Name a key's cluster; return the names that changed."""
        before = self.names.get(key)
        if before == name:
            return set()
        self.names[key] = name
        self._sizes[name] += 1
        if before is None:
            return {name}
        self._sizes[before] -= 1
        return {name, before}

    def _found(self, key: str) -> str:
        """Return a new name after a key."""
        self._clock += 1
        name = key if key not in self._founded else f"{key}.{self._clock}"
        self._founded[name] = self._clock
        return name

    def _reach(self, key: str) -> set[str]:
        """Return what links hold together with a key."""
        whole, ahead = {key}, [key]
        while ahead:
            for other in self.links[ahead.pop()]:
                if other not in whole:
                    whole.add(other)
                    ahead.append(other)
        return whole
