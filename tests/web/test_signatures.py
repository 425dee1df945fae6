"""Signatures: what is signed holds for that, for so long, and for nothing else."""

import pytest

from tests.web.site import KEY, user
from web.signatures import Claim, Hop, Signatures, digest

NOW = 1_000_000
CLAIM = Claim("ann", "analyst", NOW + 60)
HOP = Hop("ann", "analyst", NOW, digest(b"body"))

signatures = Signatures(KEY)


def holds(text: str, *, kind="session", by=None, now: float = NOW) -> bool:
    read = signatures.read(text)
    return read is not None and signatures.holds(kind, read, user=by or user(), now=now)


def test_a_session_holds_until_it_ends():
    text = signatures.claim("session", CLAIM, user())

    assert holds(text)
    assert not holds(text, now=NOW + 60)


def test_a_session_is_no_token():
    assert not holds(signatures.claim("session", CLAIM, user()), kind="token")


def test_a_session_ends_when_the_password_changes():
    text = signatures.claim("session", CLAIM, user())

    assert not holds(text, by=user("ann", "analyst", "another password"))


def test_another_key_signs_nothing_that_holds():
    other = Signatures(bytes(32))

    assert not holds(other.claim("session", CLAIM, user()))


def test_a_changed_claim_does_not_hold():
    text = signatures.claim("session", CLAIM, user())
    raised = signatures.claim("session", Claim("ann", "admin", NOW + 60), user())

    body, tag = raised.split(".")[0], text.split(".")[1]

    assert not holds(f"{body}.{tag}")


@pytest.mark.parametrize("text", ["", ".", "a.b", "é.é", "e30.", "!!!!.????"])
def test_nonsense_is_no_claim_and_no_hop(text):
    assert not holds(text)
    assert signatures.read_hop(text, method="GET", target="/", now=NOW) is None


@pytest.mark.parametrize(
    ("method", "target", "now", "expected"),
    [
        ("GET", "/v1/customers/C1", NOW + 30, HOP),
        ("GET", "/v1/customers/C1", NOW + 31, None),
        ("GET", "/v1/customers/C1", NOW - 31, None),
        ("GET", "/v1/customers/C2", NOW, None),
        ("POST", "/v1/customers/C1", NOW, None),
    ],
)
def test_a_hop_holds_for_its_request_and_a_moment(method, target, now, expected):
    text = signatures.hop(HOP, method="GET", target="/v1/customers/C1")

    assert signatures.read_hop(text, method=method, target=target, now=now) == expected
