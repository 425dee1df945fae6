"""Clusters: planted rings are found, under names that stay."""

from random import Random

import pytest

from app.sketches.clusters import Clusters
from app.sketches.minhash import EMPTY, added, bands, likeness

RINGS, IN_A_RING, LONERS = 12, 6, 800


def test_likeness_is_the_share_of_things_in_common():
    for common in (0, 20, 50, 80, 100):
        one = {f"c{n}" for n in range(common)} | {f"a{n}" for n in range(100 - common)}
        other = {f"c{n}" for n in range(common)} | {
            f"b{n}" for n in range(100 - common)
        }
        expected = len(one & other) / len(one | other)

        assert likeness(added(EMPTY, one), added(EMPTY, other)) == pytest.approx(
            expected, abs=0.15
        )


def test_a_signature_grows_thing_by_thing_to_that_of_the_whole():
    things = [f"t{n}" for n in range(30)]
    grown = EMPTY
    for thing in things:
        grown = added(grown, [thing])

    assert (grown == added(EMPTY, things[::-1])).all()
    assert (added(grown, []) == grown).all()
    assert (added(EMPTY, []) == EMPTY).all()


def planted(chance: Random) -> dict[str, tuple[str, set[str]]]:
    """Return what each customer did, and the ring that it is in ('' for none).

    Of a ring each did nine of the same twelve things, and three of its own.
    """
    shops = [f"P{n:04d}@{hour}" for n in range(400) for hour in range(24)]
    found = {}
    for ring in range(RINGS):
        script = chance.sample(shops, 12)
        for n in range(IN_A_RING):
            own = {*chance.sample(script, 9), *chance.sample(shops, 3)}
            found[f"ring{ring}-{n}"] = f"ring{ring}", own
    for n in range(LONERS):
        found[f"loner{n}"] = "", set(chance.sample(shops, chance.randint(3, 20)))
    return found


def test_planted_rings_are_found_and_nobody_else():
    chance = Random(7)  # noqa: S311 - no secret is made
    customers = planted(chance)
    clusters = Clusters(alike=0.3)
    for key in chance.sample(sorted(customers), len(customers)):
        clusters.put(key, added(EMPTY, customers[key][1]))

    pairs = correct = 0
    for keys in clusters.groups().values():
        rings = [customers[key][0] for key in keys]
        pairs += len(keys) * (len(keys) - 1) // 2
        correct += sum(
            one == other != ""
            for n, one in enumerate(rings)
            for other in rings[n + 1 :]
        )
    recall = correct / (RINGS * IN_A_RING * (IN_A_RING - 1) / 2)

    assert recall > 0.95
    assert correct / pairs > 0.99


def test_clusters_are_of_behaviour_and_no_name_matters():
    """Identifiers are no behaviour: the same acts under other names are as alike."""
    acts = [f"a{n}" for n in range(20)]
    clusters = Clusters()
    for key in ("C000001", "zzz", "4a7f"):
        clusters.put(key, added(EMPTY, acts))
    clusters.put("C000002", added(EMPTY, [f"b{n}" for n in range(20)]))

    assert list(clusters.groups().values()) == [{"C000001", "zzz", "4a7f"}]


def test_a_name_stays_while_its_cluster_grows_changes_and_loses_its_founder():
    acts = [f"a{n}" for n in range(20)]
    clusters = Clusters()
    for key in ("b", "a", "c"):
        clusters.put(key, added(EMPTY, acts))
    (name,) = clusters.groups()

    clusters.put("d", added(EMPTY, acts[:18]))
    clusters.put("b", added(EMPTY, acts[2:]))
    clusters.remove("b")

    assert name == "G2"
    assert clusters.groups() == {name: {"a", "c", "d"}}


def test_of_two_clusters_that_meet_the_older_name_stays():
    first, second = [f"a{n}" for n in range(20)], [f"b{n}" for n in range(20)]
    clusters = Clusters(alike=0.3)
    for key, acts in (("x", second), ("y", second), ("p", first), ("q", first)):
        clusters.put(key, added(EMPTY, acts))
    older, younger = clusters.groups()

    changed = clusters.put("m", added(EMPTY, first + second))

    assert older == "G2"
    assert set(clusters.groups()) == {older}
    assert {older, younger} <= changed


def test_who_leaves_founds_a_cluster_and_who_changes_nothing_keeps_its_name():
    acts = [f"a{n}" for n in range(20)]
    clusters = Clusters()
    for key in ("a", "b"):
        clusters.put(key, added(EMPTY, acts))
    together = clusters.names["a"]
    clusters.put("b", added(EMPTY, [f"z{n}" for n in range(20)]))
    alone = clusters.names["b"]

    assert clusters.groups() == {}
    assert clusters.names["a"] == together
    assert alone != together
    assert clusters.put("b", clusters.signatures["b"]) == set()
    assert clusters.names["b"] == alone


def test_like_sets_meet_in_a_band_and_unlike_ones_seldom():
    chance = Random(3)  # noqa: S311 - no secret is made
    met = {0.8: 0, 0.1: 0}
    for share in met:
        for _ in range(200):
            common = {str(chance.random()) for _ in range(round(100 * share))}
            one, other = (
                bands(
                    added(
                        EMPTY,
                        common
                        | {str(chance.random()) for _ in range(100 - len(common))},
                    )
                )
                for _ in range(2)
            )
            met[share] += any(a == b for a, b in zip(one, other, strict=True))

    assert met[0.8] > 190
    assert met[0.1] < 20
