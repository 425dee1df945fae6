"""Personal: what of a decision names or places somebody, under the customer's key.

Stores hold the rest of a decision in clear, and this part sealed. A customer's data key
is the only thing that opens it: where it was destroyed, nobody can.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct
from msgspec.structs import replace

from app.errors import SealError
from app.events.decisions import Decision
from app.events.payments import Place
from app.privacy.envelopes import NONCE_BYTES, Entropy
from app.rules.ruleset import LISTS

REGION = 1
"""Decimals of a degree that a place keeps in clear: a tenth is about 11 km."""
SEALED = "sealed with the customer's key"
"""What stands in the place of a reason that names somebody."""

_encode = msgspec.json.Encoder().encode


class Personal(Struct, frozen=True, omit_defaults=True):
    """What is sealed of a decision: where exactly, by which phone, to whom, and why.

    `reasons` are those of the lists, which people write, by the place of their hit.
    """

    last4: str | None = None
    place: Place | None = None
    device_id: str | None = None
    beneficiary_id: str | None = None
    reasons: dict[int, str] = {}


_NOTHING = Personal()
_decode = msgspec.json.Decoder(Personal).decode


class DataKey:
    """The key of one customer, for what is personal in the stores (AES-256-GCM)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, personal: Personal, *, decision: str, entropy: Entropy) -> bytes:
        """Return what is personal under lock, bound to its decision's id."""
        nonce = entropy(NONCE_BYTES)
        text = _encode(personal)
        return nonce + self._cipher.encrypt(nonce, text, decision.encode())

    def open(self, sealed: bytes, *, decision: str) -> Personal:
        """Return what was sealed.

        Raises:
            SealError: it was changed, or is another decision's or customer's.
        """
        nonce, data = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return _decode(self._cipher.decrypt(nonce, data, decision.encode()))
        except (InvalidTag, ValueError) as error:
            message = f"decision {decision}: the customer's key does not open it"
            raise SealError(message) from error


ToOpen = Callable[[Iterable[str]], Mapping[str, DataKey]]
"""Returns the keys of customers, of those who have one; blocking."""


def no_keys(customers: Iterable[str]) -> Mapping[str, DataKey]:  # noqa: ARG001 - as all of its kind
    """Return no key: what is sealed stays so."""
    return {}


def parted(decision: Decision) -> tuple[Decision, Personal | None]:
    """Return a decision without what is personal, and that; None where nothing is.

    A place is left as a region: its degrees to a tenth.
    """
    payment, card = decision.payment, decision.payment.card
    reasons = {
        place: hit.reason
        for place, hit in enumerate(decision.hits)
        if hit.rule in LISTS
    }
    personal = Personal(
        card.last4 if card else None,
        payment.place,
        payment.device_id,
        payment.beneficiary_id,
        reasons,
    )
    if personal == _NOTHING:
        return decision, None
    hits = decision.hits
    if reasons:
        hits = [
            replace(hit, reason=SEALED) if place in reasons else hit
            for place, hit in enumerate(hits)
        ]
    left = replace(
        payment,
        card=replace(card, last4="") if card else None,
        place=region(payment.place) if payment.place else None,
        device_id=None,
        beneficiary_id=None,
    )
    return replace(decision, hits=hits, payment=left), personal


def region(place: Place) -> Place:
    """Return about where a place is.

    >>> region(Place(52.52437, 13.41053))
    Place(latitude=52.5, longitude=13.4)
    """
    return Place(round(place.latitude, REGION), round(place.longitude, REGION))


def put_back(document: dict[str, Any], personal: Personal) -> None:
    """Put what is personal back into a decision's JSON."""
    payment = document["payment"]
    told = msgspec.to_builtins(personal)
    for place, reason in told.pop("reasons", {}).items():
        document["hits"][int(place)]["reason"] = reason
    if (last4 := told.pop("last4", None)) is not None:
        payment["card"]["last4"] = last4
    payment.update(told)
