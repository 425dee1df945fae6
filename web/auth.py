"""Auth: who asks, and whether they may."""

import base64
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Literal
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.passwords import Passwords
from web.problems import Problem
from web.signatures import Claim, Hop, Signatures
from web.users import ROLES, Role, User, Users, at_least

COOKIE = "smartbank_session"
HOP_HEADER = "x-smartbank-hop"
SESSION_SECONDS = 12 * 3600
WEBSOCKET_SECONDS = 10.0
"""A WebSocket's caller is asked for again so often, when something is sent."""
SAFE = ("GET", "HEAD", "OPTIONS")
OPEN = ("/login", "/healthz", "/readyz", "/metrics")
"""Answered without a log-in; the server listens on 127.0.0.1 by
default, and a proxy in front of it decides who else sees the last three."""
OPEN_BELOW = ("/static/", "/v1/sensors/")
"""Likewise: a device's address holds its secret, and its route knows it by that."""


@dataclass(frozen=True)
class Caller:
    """Who asks, as what, and how that is known."""

    name: str
    role: Role
    via: Literal["session", "password", "token", "worker"]
    hop: Hop | None = None


def requires(role: Role) -> Callable[[Request], Awaitable[Caller]]:
    """Return a FastAPI dependency: the caller, who may do at least what `role` may."""

    async def check(request: Request) -> Caller:
        return allow(request.scope["user"], role)

    return check


def allow(caller: Caller, role: Role) -> Caller:
    """Return a caller who may do at least what `role` may.

    Raises:
        Problem: 403, who asks may do less.
    """
    if not at_least(caller.role, role):
        detail = f"{caller.name} is {caller.role}; this needs {role} or above"
        raise Problem(403, detail)
    return caller


class Auth:
    """Knows users by cookie, token or password, and workers by their signature."""

    def __init__(
        self,
        users: Users,
        signatures: Signatures,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.users = users
        self.signatures = signatures
        self.passwords = Passwords(users, signatures)
        self.clock = clock

    async def caller(self, scope: Scope) -> Caller | None:
        """Return who makes a request, or None.

        Raises:
            Problem: 429, too many wrong passwords.
        """
        headers = Headers(scope=scope)
        if hop := headers.get(HOP_HEADER):
            return self._worker(scope, hop)
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._claimed("token", given.strip())
        if scheme.lower() == "basic":
            return await self._basic(given.strip())
        return self._claimed("session", _cookie(headers.getlist("cookie")))

    def session(self, user: User) -> str:
        """Return a new session's cookie value."""
        until = int(self.clock()) + SESSION_SECONDS
        claim = Claim(user.name, user.role, until)
        return self.signatures.claim("session", claim, user)

    def _worker(self, scope: Scope, text: str) -> Caller | None:
        hop = self.signatures.read_hop(
            text,
            method=scope.get("method", ""),
            target=target(scope),
            now=self.clock(),
        )
        return Caller(hop.name, hop.role, "worker", hop) if hop else None

    async def _basic(self, given: str) -> Caller | None:
        try:
            pair = base64.b64decode(given, validate=True).decode()
        except ValueError:
            return None
        name, _, password = pair.partition(":")
        user = await self.passwords.check(name, password, cached=True)
        return Caller(user.name, user.role, "password") if user else None

    def _claimed(self, kind: Literal["session", "token"], text: str) -> Caller | None:
        read = self.signatures.read(text)
        user = self.users.find(read[0].name) if read else None
        if read is None or user is None:
            return None
        if not self.signatures.holds(kind, read, user=user, now=self.clock()):
            return None
        role = min(user.role, read[0].role, key=ROLES.index)  # never more than signed
        return Caller(user.name, role if kind == "token" else user.role, kind)


class Guard:
    """Middleware: lets in who is known, sends browsers to the log-in page.

    Puts the `Caller` into `scope["user"]`. Wraps the API and the console alike, HTTP
    and WebSocket.
    """

    def __init__(self, inner: ASGIApp, auth: Auth) -> None:
        self._inner = inner
        self._auth = auth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        try:
            refused = await self._refused(scope)
        except Problem as problem:
            refused = problem.response()
        if refused is None and scope["type"] == "websocket":
            await self._inner(scope, receive, self._while_known(scope, send))
        elif refused is None:
            await self._inner(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await refused(scope, receive, send)

    def _while_known(self, scope: Scope, send: Send) -> Send:
        """Return a `send` that ends a WebSocket once its caller is known no more.

        A page stays open for days; its user may be taken out, its session ends.
        """
        asked = self._auth.clock()

        async def checked(message: Message) -> None:
            nonlocal asked
            now = self._auth.clock()
            if message["type"] == "websocket.send" and now - asked >= WEBSOCKET_SECONDS:
                asked = now
                if await self._refused(scope):
                    message = {"type": "websocket.close", "code": 1008, "reason": ""}
            await send(message)

        return checked

    async def _refused(self, scope: Scope) -> Response | None:
        path = scope["path"]
        unsafe = scope["type"] == "websocket" or scope["method"] not in SAFE
        if unsafe and foreign(Headers(scope=scope)):
            return Problem(403, "the request comes from another site").response()
        if path in OPEN or path.startswith(OPEN_BELOW):
            return None
        caller = await self._auth.caller(scope)
        if caller is None:
            return _unknown(scope)
        scope["user"] = caller
        return None


def foreign(headers: Headers) -> bool:
    """Whether a browser says that a page of another site makes this request.

    `SameSite=Strict` keeps the cookie from other sites, but not from another port of
    the same host. What is no address is foreign too.
    """
    origin = headers.get("origin")
    try:
        return origin is not None and urlsplit(origin).netloc != headers.get("host")
    except ValueError:
        return True


def target(scope: Scope) -> str:
    """Return a request's path with its query, as it was sent."""
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    query = scope.get("query_string", b"")
    return (raw + (b"?" + query if query else b"")).decode("latin-1")


def _unknown(scope: Scope) -> Response:
    headers = Headers(scope=scope)
    browser = "sec-fetch-mode" in headers
    page = "text/html" in headers.get("accept", "")
    if scope["type"] == "http" and scope["method"] in SAFE and page:
        where = "/login?next=" + quote(target(scope), safe="")
        return RedirectResponse(where, 303)
    challenge = 'Bearer realm="smartbank"'
    if not browser:  # a browser would ask for a password in a window of its own
        challenge = f'Basic realm="smartbank", charset="UTF-8", {challenge}'
    detail = "log in at /login, or send a name and a password or a token"
    return Problem(401, detail, headers={"www-authenticate": challenge}).response()


def _cookie(values: list[str]) -> str:
    for value in values:
        try:
            found = SimpleCookie(value).get(COOKIE)
        except CookieError:
            continue
        if found:
            return found.value
    return ""
