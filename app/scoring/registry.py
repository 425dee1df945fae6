"""The registry: every model that was uploaded, and which is live or in shadow.

It is told by the log of the topic `models`. An appointment says which model has which
role from then on; it counts where its number follows the last one's, so that of two
made at once the log's order lets the first stand, in every worker the same.
"""

import zlib
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from app.errors import UNREADABLE, ModelError
from app.scoring.model import Facts, Model
from app.scoring.trees import MOST_BYTES

Role = Literal["live", "shadow"]
ROLES: tuple[Role, ...] = ("live", "shadow")
UPLOAD = "model"
APPOINTMENT = "appointment"


class Upload(Struct, frozen=True, kw_only=True):
    """A model as it was brought: its trees, deflated, and what they do not say.

    `card` is what was written of its making, `at` when Kafka took it.
    """

    version: str
    facts: Facts
    trees: bytes
    author: str
    comment: str
    card: dict[str, Any] | None = None
    at: datetime | None = None

    @property
    def key(self) -> bytes:
        """Its key on the topic: a version is kept once."""
        return f"{UPLOAD}:{self.version}".encode()


class Appointment(Struct, frozen=True, kw_only=True):
    """Which model decides and which one watches from now on: who, when and why.

    `id` tells it from another of the same number.
    """

    number: int
    id: str
    author: str
    comment: str
    live: str | None = None
    shadow: str | None = None
    at: datetime | None = None

    @property
    def key(self) -> bytes:
        """Its key on the topic, its own alone: none is ever compacted away."""
        return f"{APPOINTMENT}:{self.number}:{self.id}".encode()


class Registry:
    """Uploads by version, and appointments in their order; number 0 appoints none."""

    def __init__(self) -> None:
        self.uploads: dict[str, Upload] = {}
        self.appointments = [
            Appointment(number=0, id="", author="smartbank", comment="as it ships")
        ]

    @property
    def head(self) -> Appointment:
        """The newest appointment."""
        return self.appointments[-1]

    def apply(self, key: bytes, value: bytes, *, at: datetime) -> None:
        """Take a record of the log.

        Raises:
            ModelError: it cannot be read; the registry is as before.
        """
        kind = key.decode(errors="replace").partition(":")[0]
        type_ = {UPLOAD: Upload, APPOINTMENT: Appointment}.get(kind)
        try:
            if type_ is None:
                message = f"models: got key {key!r}, expected {UPLOAD} or {APPOINTMENT}"
                raise ModelError(message)
            told = msgspec.json.decode(value, type=type_)
        except UNREADABLE as error:
            message = f"models: record {key!r}: {error}"
            raise ModelError(message) from error
        told = msgspec.structs.replace(told, at=at)
        if isinstance(told, Upload):
            self.uploads[told.version] = told
        elif told.number == self.head.number + 1:
            self.appointments.append(told)


def pack(model: Model, *, author: str, comment: str, card: Any = None) -> Upload:
    """Return a model as it travels."""
    return Upload(
        version=model.version,
        facts=model.facts,
        trees=zlib.compress(model.trees.encode()),
        author=author,
        comment=comment,
        card=card,
    )


def unpack(upload: Upload) -> Model:
    """Make a model of what travelled.

    Raises:
        ModelError: it cannot be used, or is not of the version that it names.
    """
    inflate = zlib.decompressobj()
    try:
        trees = inflate.decompress(upload.trees, MOST_BYTES)
        if not inflate.eof:
            message = f"model {upload.version}: its trees are cut, or too large"
            raise ModelError(message)
        return Model.checked(trees.decode(), upload.facts, version=upload.version)
    except (zlib.error, UnicodeDecodeError) as error:
        message = f"model {upload.version}: its trees cannot be inflated: {error}"
        raise ModelError(message) from error
