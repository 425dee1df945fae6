"""Bodies: read whole, and no further than they may be long."""

from typing import TypeVar

import msgspec
from starlette.requests import Request

from app.errors import UNREADABLE
from app.misfits import misfit
from web.problems import Problem

T = TypeVar("T")


async def read_body(request: Request, *, most: int) -> bytes:
    """Return a request's body.

    Raises:
        Problem: 413, it has more than `most` bytes.
    """
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > most:
        raise _too_long(most)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise _too_long(most)
    return bytes(body)


def stated(text: bytes, kind: type[T]) -> T:
    """Return what a body says; an empty one says what is said by default.

    Raises:
        Problem: 400, it is no JSON; 422, it does not fit.
    """
    try:
        return msgspec.json.decode(text or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise Problem(
            422, str(misfit(error, kind, msgspec.json.decode(text)))
        ) from error
    except UNREADABLE as error:
        raise Problem(400, f"the body is no JSON: {error}") from error


def _too_long(most: int) -> Problem:
    return Problem(413, f"the body is longer than {most} bytes; send it in parts")
