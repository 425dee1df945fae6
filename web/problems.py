"""Problems: every error of the API as RFC 9457 `application/problem+json`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from app.errors import BadRecord, SmartbankError

MEDIA_TYPE = "application/problem+json"

KINDS = {
    "invalid-records": "Some records do not fit; nothing of the request was sent.",
    "invalid-rules": "Some rules cannot be evaluated; nothing was changed.",
    "not-backtested": "What is to decide has not been tried on the archive.",
    "invalid-model": "A model cannot be used; nothing was changed.",
    "decision-pending": "Payments were accepted, and not all decided in time.",
    "rebalancing": "The worker that keeps this row is being replaced; ask again.",
    "unavailable": "A server that is needed does not answer; ask again.",
    "unknown-device": "Nobody knows this device's address, or it was revoked.",
    "budget-spent": "No more may be told of this day than was told already.",
    "slow-down": "Too many wrong passwords; wait as long as Retry-After says.",
}
"""Problems with a name of their own; the documentation page explains each."""


class Problem(SmartbankError):  # noqa: N818 - the name that RFC 9457 gives it
    """A request that is refused or cannot be served, and why."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
        retry_after: int = 0,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind
        self.headers = dict(headers or {})
        self.members = members
        if retry_after:
            self.headers["retry-after"] = str(retry_after)

    def body(self) -> dict[str, Any]:
        """Return the problem's members."""
        return {
            "type": f"/docs#{self.kind}" if self.kind else "about:blank",
            "title": KINDS.get(self.kind) or HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }

    def response(self) -> Response:
        """Return the problem as an answer."""
        return Response(
            msgspec.json.encode(self.body()),
            self.status,
            self.headers,
            media_type=MEDIA_TYPE,
        )


def invalid_records(
    errors: Sequence[tuple[int, BadRecord]], *, noun: str, then: str = ""
) -> Problem:
    """Return the problem of records that do not fit: the first in words, all by field.

    Each comes with its place, from 0; `then` says what that means for the others.
    """
    (index, first), *_ = errors
    told = [
        {"index": place, "field": one.field, "got": one.got, "expected": one.expected}
        for place, one in errors
    ]
    detail = f"{noun} {index}, {first}{then}"
    return Problem(422, detail, kind="invalid-records", errors=told)
