"""Appointments: a model brought in, made live, put in shadow or let go."""

import asyncio
from typing import Any
from uuid import uuid4

import msgspec

from app.errors import ModelError
from app.masking import masked
from app.scoring.model import Facts, Model
from app.scoring.registry import Appointment, Role, Upload, pack
from app.topics import MODELS
from web.context import Context
from web.problems import Problem
from web.rulings import PATIENCE

_encode = msgspec.json.Encoder().encode


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model as `smartbank train` writes it: model.txt, model.json, card.json."""

    version: str
    facts: Facts
    trees: str
    card: dict[str, Any] | None = None


async def bring(
    context: Context, given: ModelFile, *, author: str, comment: str
) -> Upload:
    """Keep a model, which scores nothing yet; return it when this worker has it.

    Raises:
        Problem: 422, it cannot be used; 503, Kafka is away.
    """
    try:
        upload = await asyncio.to_thread(_packed, given, author, comment)
    except ModelError as error:
        raise Problem(422, str(error), kind="invalid-model") from error
    await context.outlet.send(MODELS.name, [(upload.key, _encode(upload))])
    uploads = context.models.registry.uploads
    heard = await context.models_follower.until(
        lambda: upload.version in uploads, timeout=PATIENCE
    )
    if not heard:
        raise _not_heard(what="model")
    return uploads[upload.version]


def _packed(given: ModelFile, author: str, comment: str) -> Upload:
    model = Model.checked(given.trees, given.facts, version=given.version)
    return pack(model, author=author, comment=masked(comment), card=given.card)


async def appoint(
    context: Context,
    role: Role,
    version: str | None,
    *,
    author: str,
    comment: str,
    match: str | None,
) -> Appointment:
    """Give a role to a model, or to none; return when this worker scores by it.

    The others do within a second. `match` is the number of the appointment that was
    seen. Without a difference nothing is published.

    Raises:
        Problem: 428 or 412, nobody said which appointment is meant, or it is not the
            newest; 404 or 422, the model is not there or cannot be used; 503, Kafka
            is away.
    """
    registry = context.models.registry
    head = registry.head
    if match is None:
        detail = f'say If-Match: "{head.number}", the revision that you saw'
        raise Problem(428, detail)
    if match != str(head.number):
        raise _outrun(head, match)
    if getattr(head, role) == version:
        return head
    if version is not None:
        await _usable(context, role, version)
    made = Appointment(
        number=head.number + 1,
        id=uuid4().hex,
        author=author,
        comment=masked(comment),
        live=version if role == "live" else head.live,
        shadow=version if role == "shadow" else head.shadow,
    )
    await context.outlet.send(MODELS.name, [(made.key, _encode(made))])
    heard = await context.models_follower.until(
        lambda: registry.head.number >= made.number, timeout=PATIENCE
    )
    if not heard:
        raise _not_heard(what="appointment")
    told = registry.appointments[made.number]
    if told.id != made.id:
        raise _outrun(told, match)
    await context.models.settled()
    return told


def upload_of(context: Context, version: str) -> Upload:
    """Return a model that was brought in.

    Raises:
        Problem: 404, there is none of that version.
    """
    found = context.models.registry.uploads.get(version)
    if found is None:
        raise Problem(404, f"no model of version {version!r} was uploaded")
    return found


async def _usable(context: Context, role: Role, version: str) -> None:
    facts = upload_of(context, version).facts
    declared = context.rules.present.rules.aggregates
    lacking = [name for name in facts.aggregates if name not in declared]
    if role == "live" and lacking:
        detail = (
            f"model {version} reads {', '.join(lacking)}, expected aggregates that the "
            "ruleset declares: PUT /v1/aggregates/{name}, or let the model watch in "
            "shadow, where they are null"
        )
        raise Problem(422, detail, kind="invalid-model")
    try:
        await context.models.ready(version)
    except ModelError as error:
        raise Problem(422, str(error), kind="invalid-model") from error


def _outrun(head: Appointment, match: str) -> Problem:
    detail = (
        f"the models are at revision {head.number} by {head.author}, not at {match}; "
        "look at what changed, and try again"
    )
    return Problem(412, detail, revision=head.number)


def _not_heard(*, what: str) -> Problem:
    detail = f"Kafka has the {what}, and this worker has not heard of it yet"
    return Problem(503, detail, kind="unavailable", retry_after=2)
