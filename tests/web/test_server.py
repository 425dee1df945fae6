"""Server: the console beside the API, both behind the guard, under their policies."""

from pathlib import Path
from typing import Any, cast

import dash
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.web.site import Site
from web.auth import WEBSOCKET_SECONDS, Guard
from web.server import RENDERER, Dispatcher, Hardened


async def console(scope: Scope, receive: Receive, send: Send) -> None:
    """Say which path was asked for, and by whom."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    text = f"console {scope['path']} {scope['user'].name} {scope['user'].role}"
    await PlainTextResponse(text)(scope, receive, send)


async def api(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("api")(scope, receive, send)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.application = Hardened(Guard(Dispatcher(api, console), site.auth))
    return site


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/ui", "console /ui ann analyst"),
        ("/ui/", "console /ui/ ann analyst"),
        ("/ui/alerts/T1", "console /ui/alerts/T1 ann analyst"),
        ("/uid", "api"),
        ("/v1/ui", "api"),
        ("/", "api"),
    ],
)
async def test_a_path_leads_to_console_or_api(site: Site, path, text):
    async with site.client("ann") as client:
        answer = await client.get(path)

    assert answer.text == text


async def test_the_console_needs_a_log_in_as_the_api_does(site: Site):
    async with site.client() as client:
        page = await client.get("/ui/", headers={"accept": "text/html"})
        call = await client.post("/ui/_dash-update-component")

    assert page.headers["location"] == "/login?next=%2Fui%2F"
    assert call.status_code == 401


async def test_the_console_may_run_its_own_scripts_and_load_nothing_else(site: Site):
    async with site.client("ann") as client:
        policy = (await client.get("/ui/")).headers["content-security-policy"]

    assert "script-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy
    assert "://" not in policy
    assert "*" not in policy


async def socket(site: Site, path: str, *headers: tuple[str, str]) -> Any:
    """Ask for a WebSocket; return the first message that comes back."""
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"one")]
        + [(name.encode(), value.encode()) for name, value in headers],
    }
    await cast("Any", site.application)(scope, receive, send)
    return sent[0]["type"]


async def cookie(site: Site) -> tuple[str, str]:
    user = site.auth.users.find("ann")
    assert user is not None
    return "cookie", f"smartbank_session={site.auth.session(user)}"


async def test_a_websocket_needs_a_session_of_a_page_of_this_site(site: Site):
    session = await cookie(site)
    path = "/ui/_dash-ws"

    assert await socket(site, path) == "websocket.close"
    assert await socket(site, "/ui/socket") == "websocket.close"
    assert await socket(site, path, session) == "websocket.accept"
    ours, theirs = ("origin", "http://one"), ("origin", "http://elsewhere")
    assert await socket(site, path, session, ours) == "websocket.accept"
    assert await socket(site, path, session, theirs) == "websocket.close"


async def test_the_api_has_no_websocket(site: Site):
    assert await socket(site, "/v1/x", await cookie(site)) == "websocket.close"


async def test_without_a_console_its_path_is_a_problem(tmp_path: Path):
    site = Site(tmp_path)
    async with site.client("ann") as client:
        answer = await client.get("/ui/")
        home = await client.get("/")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert home.headers["location"] == "/docs"


def test_the_one_inline_script_that_may_run_is_dashs_own():
    assert dash.Dash("x").csp_hashes() == [RENDERER]


async def test_a_websocket_ends_with_the_session_of_who_opened_it(site: Site):
    now = site.auth.clock()
    site.auth.clock = lambda: now
    users = Path(site.settings.users_file)
    sent: list[str] = []

    def take_everybody_out() -> None:
        users.write_bytes(b"")

    async def chatty(_: Scope, __: Receive, send: Send) -> None:
        nonlocal now
        await send({"type": "websocket.send", "text": "while the session lasts"})
        take_everybody_out()
        await send({"type": "websocket.send", "text": "moments later"})
        now += WEBSOCKET_SECONDS
        await send({"type": "websocket.send", "text": "seconds later"})

    async def send(message: Any) -> None:
        sent.append(message["type"])

    name, value = await cookie(site)
    scope = {
        "type": "websocket",
        "path": "/ui/_dash-ws",
        "query_string": b"",
        "headers": [(name.encode(), value.encode())],
    }
    await Guard(chatty, site.auth)(scope, cast("Any", None), send)

    assert sent == ["websocket.send", "websocket.send", "websocket.close"]
