"""A whole site without a network: who gets in, and what everybody is answered."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.web.site import PASSWORD, Site, users_file
from web.auth import COOKIE
from web.login import safe_next

HTML = {"accept": "text/html"}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


async def log_in(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    form = {"name": "ann", "password": PASSWORD, "next": "/docs"} | fields
    return await client.post("/login", data=form)


async def test_a_browser_without_a_session_is_sent_to_log_in_and_back(site: Site):
    async with site.client() as client:
        sent = await client.get("/docs?x=1", headers=HTML)
        page = await client.get(sent.headers["location"], headers=HTML)
        back = await log_in(client, next="/docs?x=1")
        there = await client.get(back.headers["location"], headers=HTML)

    assert (sent.status_code, sent.headers["location"]) == (
        303,
        "/login?next=%2Fdocs%3Fx%3D1",
    )
    assert 'value="/docs?x=1"' in page.text
    assert (back.status_code, back.headers["location"]) == (303, "/docs?x=1")
    assert there.status_code == 200


async def test_a_program_without_credentials_gets_a_problem_and_a_challenge(site: Site):
    async with site.client() as client:
        answer = await client.get("/v1/workers")

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Basic realm=")
    assert answer.json()["title"] == "Unauthorized"


async def test_a_script_in_a_browser_gets_no_challenge_that_opens_a_window(site: Site):
    async with site.client() as client:
        answer = await client.get("/v1/workers", headers={"sec-fetch-mode": "cors"})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="smartbank"'


async def test_the_cookie_cannot_be_read_by_scripts_nor_sent_by_other_sites(site: Site):
    async with site.client() as client:
        cookie = (await log_in(client)).headers["set-cookie"].lower()

    assert cookie.startswith(COOKIE)
    assert {"httponly", "samesite=strict", "max-age=43200"} <= set(cookie.split("; "))
    assert "secure" not in cookie


async def test_the_cookie_is_secure_over_https(site: Site):
    async with site.client() as client:
        answer = await client.post(
            "https://one/login", data={"name": "ann", "password": PASSWORD}
        )

    assert "secure" in answer.headers["set-cookie"].lower().split("; ")


async def test_a_wrong_password_says_so_and_keeps_the_name(site: Site):
    async with site.client() as client:
        answer = await log_in(client, name='<ann">', password="wrong")  # noqa: S106 - it is wrong

    assert answer.status_code == 401
    assert "do not go together" in answer.text
    assert 'value="&lt;ann&quot;&gt;"' in answer.text
    assert "set-cookie" not in answer.headers


async def test_too_many_wrong_passwords_are_told_to_wait(site: Site):
    async with site.client() as client:
        for _ in range(5):
            await log_in(client, password="wrong")  # noqa: S106 - it is wrong
        answer = await log_in(client)

    assert answer.status_code == 429
    assert "Please wait 1 s" in answer.text
    assert answer.headers["retry-after"] == "1"


async def test_logging_out_takes_the_cookie_away(site: Site):
    async with site.client() as client:
        await log_in(client)
        inside = await client.get("/docs")
        await client.post("/logout")
        outside = await client.get("/docs")

    assert (inside.status_code, outside.status_code) == (200, 401)


@pytest.mark.parametrize(
    "where",
    [
        "https://elsewhere/",
        "//elsewhere",
        "/\\elsewhere",
        "javascript:alert(1)",
        "/\t/elsewhere",
        "/login",
        "",
        "//[",
    ],
)
def test_a_log_in_leads_nowhere_else(where):
    assert safe_next(where) == "/"


@pytest.mark.parametrize("origin", ["http://one:8081", "http://["])
async def test_a_page_of_another_site_may_not_log_anybody_in(site: Site, origin: str):
    async with site.client() as client:
        answer = await client.post(
            "/login",
            data={"name": "ann", "password": PASSWORD},
            headers={"origin": origin},
        )

    assert answer.status_code == 403


async def test_the_page_of_this_site_may(site: Site):
    async with site.client() as client:
        answer = await client.post(
            "/login",
            data={"name": "ann", "password": PASSWORD},
            headers={"origin": "http://one"},
        )

    assert answer.status_code == 303


async def test_a_token_does_what_its_maker_may_and_makes_no_other(site: Site):
    async with site.client("ann") as client:
        made = await client.post("/v1/tokens", json={"hours": 1})
        lesser = await client.post("/v1/tokens", json={"role": "viewer"})
        greater = await client.post("/v1/tokens", json={"role": "admin"})
        unfit = await client.post("/v1/tokens", json={"hours": 0})
    bearer = {"authorization": f"Bearer {made.json()['token']}"}
    viewer = {"authorization": f"Bearer {lesser.json()['token']}"}
    async with site.client() as client:
        reads = await client.get("/v1/workers", headers=bearer)
        again = await client.post("/v1/tokens", headers=bearer)
        writes = await client.post("/v1/transactions", headers=viewer, json={})

    assert (made.status_code, made.json()["role"]) == (201, "analyst")
    assert (greater.status_code, unfit.status_code) == (403, 422)
    assert reads.status_code == 200
    assert (again.status_code, writes.status_code) == (403, 403)


@pytest.mark.parametrize(
    "credentials",
    ["Bearer x.y", "Basic !!!", "Basic YW5u", "Digest x", "Bearer", "Basic /w=="],
)
async def test_credentials_that_make_no_sense_are_refused(site: Site, credentials):
    async with site.client() as client:
        answer = await client.get("/v1/workers", headers={"authorization": credentials})

    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/login", "/healthz", "/readyz", "/metrics"])
async def test_some_paths_are_open(site: Site, path):
    async with site.client() as client:
        answer = await client.get(path)

    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/static/login.css", "/static/docs.css"])
async def test_style_sheets_are_open_and_load_nothing(site: Site, path):
    async with site.client() as client:
        answer = await client.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert "url(" not in answer.text
    assert "@import" not in answer.text


@pytest.mark.parametrize(
    "path", ["/static/../users.py", "/static/%2e%2e/users.py", "/static/"]
)
async def test_nothing_but_static_files_is_static(site: Site, path):
    async with site.client() as client:
        answer = await client.get(path)

    assert answer.status_code in (401, 404)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/login", "/docs", "/v1/workers", "/static/login.css"]
)
async def test_every_answer_forbids_scripts_frames_and_guessing(site: Site, path):
    async with site.client("ann") as client:
        answer = await client.get(path)

    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/login", "/docs"])
async def test_pages_have_no_script_no_inline_style_and_nothing_from_outside(
    site: Site, path
):
    async with site.client("ann") as client:
        text = (await client.get(path)).text

    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", text)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', text)


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/v2", 404, "there is nothing at /v2"),
        ("DELETE", "/v1/rules", 405, "/v1/rules does not take DELETE"),
        ("GET", "/v1/decisions/T9", 404, "no decision on a payment 'T9'"),
        ("POST", "/internal/waits", 403, "only workers"),
    ],
)
async def test_every_error_is_a_problem(site: Site, method, path, status, detail):
    async with site.client("ann") as client:
        answer = await client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert detail in answer.json()["detail"]


async def test_a_fault_of_ours_tells_nothing_of_our_insides(site: Site):
    async def broken(_: str) -> Any:
        message = "inside"
        raise ZeroDivisionError(message)

    setattr(site.archive, "decision", broken)  # noqa: B010 - mypy knows the method
    async with site.client("ann") as client:
        answer = await client.get("/v1/decisions/T1")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "inside" not in answer.text


async def test_a_worker_is_not_ready_before_its_state_is_restored(site: Site):
    site.engine.sought = False
    async with site.client() as client:
        recovering = await client.get("/readyz")
        site.engine.started = False
        starting = await client.get("/readyz")

    assert (recovering.status_code, recovering.json()["state"]) == (503, "recovering")
    assert (starting.status_code, starting.json()["state"]) == (503, "starting")
    assert starting.headers["retry-after"] == "1"


async def test_a_stuck_worker_is_not_healthy(site: Site):
    site.health.stuck = [("transactions", 3)]
    async with site.client() as client:
        answer = await client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json()["stuck"] == ["transactions-3"]


async def test_metrics_hold_what_was_counted(site: Site):
    counters = site.context.counters
    counters.captured = 3
    counters.outcomes["review"] = 2
    counters.latency[4] = 2  # 10 to 20 ms
    async with site.client() as client:
        lines = (await client.get("/metrics")).text.splitlines()

    assert "smartbank_captured_total 3.0" in lines
    assert 'smartbank_outcomes_total{outcome="review"} 2.0' in lines
    assert 'smartbank_decision_seconds_bucket{le="0.01"} 0.0' in lines
    assert 'smartbank_decision_seconds_bucket{le="0.02"} 2.0' in lines
    assert 'smartbank_decision_seconds_bucket{le="+Inf"} 2.0' in lines
    assert 'smartbank_lag_records{topic="transactions"} 7.0' in lines
    assert 'smartbank_state{state="running"} 1.0' in lines


async def test_a_user_taken_out_is_out_with_the_session(tmp_path: Path):
    site = Site(tmp_path)
    async with site.client() as client:
        await log_in(client)
        before = await client.get("/v1/workers")
        users_file(tmp_path / "users.jsonl")
        after = await client.get("/v1/workers")

    assert (before.status_code, after.status_code) == (200, 401)
