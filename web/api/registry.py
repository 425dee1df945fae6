"""Registry: the models there are, which scores and which watches, by HTTP."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.misfits import misfit
from app.scoring.registry import Appointment, Role, Upload
from web.api import examples
from web.api.models import Appointed, ModelCard, Models, ModelSummary, answer
from web.api.rule_changes import Comment, Match, seen
from web.api.schema import body, responses
from web.appointments import ModelFile, appoint, bring, upload_of
from web.auth import Caller, requires
from web.bodies import read_body
from web.context import Context
from web.problems import Problem

MOST_BYTES = 16 * 1024 * 1024

_model_file = msgspec.json.Decoder(ModelFile).decode


def routes(context: Context) -> APIRouter:
    """Return the routes to the models."""
    router = APIRouter(tags=["Models"])
    viewer = Depends(requires("viewer"))
    manager = Depends(requires("manager"))
    appointed = {200: ("Appointed", examples.APPOINTED)}
    refused = (404, 412, 422, 428, 503)

    async def changed(
        role: Role,
        version: str | None,
        *,
        caller: Caller,
        comment: str,
        match: str | None,
    ) -> Response:
        told = await appoint(
            context,
            role,
            version,
            author=caller.name,
            comment=comment,
            match=seen(match),
        )
        return _tagged(answer(appointment(told)), told)

    @router.get(
        "/v1/models",
        summary="The models there are, and who scores",
        responses=responses({200: ("Models", examples.MODELS)}),
    )
    async def models(
        most: Annotated[int, Query(ge=1, le=1000)] = 100, _: Caller = viewer
    ) -> Response:
        """Return models and appointments, newest first; the revision is the ETag."""
        return _tagged(answer(listed(context, most=most)), context.models.registry.head)

    @router.post(
        "/v1/models",
        summary="Bring a model in",
        status_code=201,
        responses=responses(
            {201: ("ModelSummary", examples.MODEL)}, refused=(400, 413, 422, 503)
        ),
        openapi_extra=body(["ModelFile"], examples.MODEL_FILE),
    )
    async def upload(
        request: Request, comment: Comment, caller: Caller = manager
    ) -> Response:
        """Keep a model that `smartbank train` wrote; it scores nothing yet.

        It is refused (422) where it could not be used: a version that is not the
        digest of its trees and facts, unknown features, trees that are none.
        Needs the role manager.
        """
        text = await read_body(request, most=MOST_BYTES)
        try:
            given = _model_file(text)
        except msgspec.ValidationError as error:
            raise Problem(422, str(misfit(error)), kind="invalid-model") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Problem(400, f"the body is no JSON: {error}") from error
        told = await bring(context, given, author=caller.name, comment=comment)
        return answer(summary(context, told), 201)

    @router.get(
        "/v1/models/{version}",
        summary="A model's card",
        responses=responses({200: ("ModelCard", examples.CARD)}, refused=(404,)),
    )
    async def card(version: str, _: Caller = viewer) -> Response:
        """Return what is known of a model: its facts, and the card of its making."""
        found = upload_of(context, version)
        return answer(ModelCard(summary(context, found), found.facts, found.card))

    @router.put(
        "/v1/models/{role}",
        summary="Make a model live, or put it in shadow",
        responses=responses(appointed, refused=refused),
    )
    async def put(
        role: Role,
        version: str,
        comment: Comment,
        match: Match = None,
        caller: Caller = manager,
    ) -> Response:
        """Give a role to a model in the place of the one that has it.

        Every worker scores by it within a second, without a restart. Needs manager.
        """
        return await changed(role, version, caller=caller, comment=comment, match=match)

    @router.delete(
        "/v1/models/{role}",
        summary="Let no model have a role",
        responses=responses(appointed, refused=refused),
    )
    async def clear(
        role: Role, comment: Comment, match: Match = None, caller: Caller = manager
    ) -> Response:
        """Take a role from the model that has it; the model is kept."""
        return await changed(role, None, caller=caller, comment=comment, match=match)

    return router


def listed(context: Context, *, most: int) -> Models:
    """Return the models, and the appointments, newest first."""
    registry = context.models.registry
    head = registry.head
    return Models(
        head.number,
        head.live,
        head.shadow,
        [summary(context, one) for one in reversed(registry.uploads.values())],
        [appointment(one) for one in reversed(registry.appointments[-most:])],
    )


def summary(context: Context, upload: Upload) -> ModelSummary:
    """Sum a model up, with what it does on this worker."""
    present = context.models.present
    roles: list[Role] = []
    if present.live and present.live.version == upload.version:
        roles.append("live")
    if present.shadow and present.shadow.version == upload.version:
        roles.append("shadow")
    return ModelSummary(
        upload.version,
        roles,
        upload.facts.learnt_until,
        len(upload.facts.features),
        upload.author,
        upload.comment,
        upload.at,
        context.models.refused.get(upload.version),
    )


def appointment(told: Appointment) -> Appointed:
    """Return an appointment as it is told."""
    return Appointed(
        told.number, told.live, told.shadow, told.author, told.comment, told.at
    )


def _tagged(found: Response, head: Appointment) -> Response:
    found.headers["etag"] = f'"{head.number}"'
    return found
