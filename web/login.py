"""Log-in: the page, the cookie it sets, and the way out."""

from html import escape
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from web.auth import COOKIE, SESSION_SECONDS, Auth
from web.bodies import read_body
from web.problems import Problem

MOST_BYTES = 8 * 1024
HOME = "/"

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Log in · smartbank</title>
<link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="/static/login.css">
</head>
<body>
<main>
<h1><span class="mark" aria-hidden="true"></span>smartbank</h1>
<p class="lead">Every payment, as it happens.</p>
<form method="post" action="/login">
{trouble}<input type="hidden" name="next" value="{next}">
<label for="name">Name</label>
<input id="name" name="name" value="{name}" required maxlength="64"
 autocomplete="username" autocapitalize="none" spellcheck="false"{name_focus}>
<label for="password">Password</label>
<input id="password" name="password" type="password" required maxlength="1024"
 autocomplete="current-password"{password_focus}>
<button type="submit">Log in</button>
</form>
<p class="foot">Accounts are made by an administrator.</p>
</main>
</body>
</html>
"""


def safe_next(where: str) -> str:
    r"""Return where to go after a log-in: a path of this server, or its home.

    >>> safe_next("/ui/alerts?state=open")
    '/ui/alerts?state=open'
    >>> safe_next("//elsewhere"), safe_next("https://elsewhere"), safe_next("/\\x")
    ('/', '/', '/')
    """
    plain = where.isascii() and where.isprintable() and "\\" not in where
    if not plain or not where.startswith("/") or where.startswith("//"):
        return HOME
    return HOME if where.partition("?")[0] in ("/login", "/logout") else where


def page(*, name: str = "", where: str = HOME, trouble: str = "") -> str:
    """Return the log-in page."""
    alert = f'<p class="trouble" role="alert">{escape(trouble)}</p>\n'
    return PAGE.format(
        trouble=alert if trouble else "",
        next=escape(where),
        name=escape(name),
        name_focus="" if name else " autofocus",
        password_focus=" autofocus" if name else "",
    )


def routes(auth: Auth) -> APIRouter:
    """Return the routes of the log-in page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    async def show(next: str = HOME) -> Response:  # noqa: A002 - the parameter's name
        """Show the form."""
        return HTMLResponse(page(where=safe_next(next)))

    @router.post("/login")
    async def log_in(request: Request) -> Response:
        """Set the session's cookie if the password is right."""
        body = await read_body(request, most=MOST_BYTES)
        form = parse_qs(body.decode("ascii", errors="replace"))
        name, password, where = (
            form.get(field, [""])[0] for field in ("name", "password", "next")
        )
        where = safe_next(where)
        try:
            user = await auth.passwords.check(name, password, cached=False)
        except Problem as problem:
            text = page(name=name, where=where, trouble=f"Please {problem.detail}.")
            return HTMLResponse(text, problem.status, problem.headers)
        if user is None:
            trouble = "This name and password do not go together."
            return HTMLResponse(page(name=name, where=where, trouble=trouble), 401)
        answer = RedirectResponse(where, 303)
        _set_cookie(request, answer, auth.session(user), SESSION_SECONDS)
        return answer

    @router.api_route("/logout", methods=["GET", "POST"])
    async def log_out(request: Request) -> Response:
        """Take the session's cookie away."""
        answer = RedirectResponse("/login", 303)
        _set_cookie(request, answer, "", 0)
        return answer

    return router


def _set_cookie(request: Request, answer: Response, value: str, seconds: int) -> None:
    answer.set_cookie(
        COOKIE,
        value,
        max_age=seconds,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
