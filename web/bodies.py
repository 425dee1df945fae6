"""Bodies: read whole, and no further than they may be long."""

from starlette.requests import Request

from web.problems import Problem


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


def _too_long(most: int) -> Problem:
    return Problem(413, f"the body is longer than {most} bytes; send it in parts")
