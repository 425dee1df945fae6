"""A bank to look at: real workers over a real Kafka and Mongo, and a real browser."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep, time_ns
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import axe_playwright_python
import httpx
import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from app.local.kafka import kafka_server
from app.local.ports import free_port
from app.local.server import Server
from app.scoring.registry import Appointment, Upload
from tests.conftest import serving
from tests.road import Road, records
from tests.web.site import PASSWORD, user, users_file

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
PATIENCE_MS = 60_000
WIDTH = "document.documentElement.scrollWidth"
STARTING = 180.0

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Bank:
    """A bank that runs: a worker that decides and one that delivers."""

    url: str
    scoring: Road
    delivering: Road

    def pay(self, identity: str, **fields: Any) -> None:
        """Make a payment, as a sender would."""
        valid = {
            "occurred_at": datetime.now(UTC).isoformat(),
            "customer_id": f"customer-of-{identity}",
            "terminal_id": f"terminal-of-{identity}",
            "amount": 1250,
            "currency": "EUR",
        }
        answer = self._post({"id": identity, **valid, **fields})
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text

    def _post(self, payment: dict[str, Any]) -> httpx.Response:
        return httpx.post(
            f"{self.url}/v1/transactions",
            json=payment,
            auth=("ann", PASSWORD),
            timeout=60,
            trust_env=False,
        )

    def decided(self, identity: str) -> None:
        """Wait until a payment's decision can be looked up."""
        until(lambda: self._get(f"/v1/decisions/{identity}").is_success)

    def _get(self, path: str) -> httpx.Response:
        return httpx.get(
            self.url + path, auth=("ann", PASSWORD), timeout=60, trust_env=False
        )

    def register(self, device: str) -> str:
        """Register a phone; return the address to push to."""
        answer = httpx.post(
            f"{self.url}/v1/devices",
            json={"id": device, "customer_id": f"customer-of-{device}"},
            auth=("mia", PASSWORD),
            timeout=60,
            trust_env=False,
        )
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return f"{self.url}{answer.json()['path']}"

    def push(self, address: str, number: int, **values: float) -> None:
        """Push where a phone is, as the app would: on its way north from Vienna."""
        place = {"latitude": 48.2 + number / 1e3, "longitude": 16.4, "altitude": 180.0}
        self._send(address, number, "location", place | values)

    def feel(self, address: str, number: int, **values: float) -> None:
        """Push what a cash machine feels."""
        self._send(address, number, "atm", values)

    def _send(
        self, address: str, number: int, sensor: str, values: dict[str, float]
    ) -> None:
        body = {
            "messageId": number,
            "sessionId": "s",
            "deviceId": "d",
            "payload": [{"name": sensor, "time": time_ns(), "values": values}],
        }
        answer = httpx.post(address, json=body, timeout=60, trust_env=False)
        assert answer.status_code == httpx.codes.OK, answer.text

    def tell(self, topic: str, *records: Upload | Appointment) -> None:
        """Put records on a topic, as the API does."""
        telling = _tell(self.scoring.kafka, topic, records)
        with ThreadPoolExecutor(1) as apart:  # the browser's loop runs here
            apart.submit(asyncio.run, telling).result()

    def labelled(self, identity: str) -> bool:
        """Wait until features have learnt a payment's label, at most three minutes."""
        deadline = monotonic() + STARTING
        while monotonic() < deadline:
            reading = _values(self.scoring.kafka, "labels-applied")
            with ThreadPoolExecutor(1) as apart:  # the browser's loop runs here
                learnt = apart.submit(asyncio.run, reading).result()
            if any(f'"{identity}"'.encode() in value for value in learnt):
                return True
            sleep(0.5)
        return False

    def ask(self, method: str, path: str, *, name: str = "mia", **more: Any) -> Any:
        """Ask the API something; return what it answers."""
        answer = httpx.request(
            method,
            self.url + path,
            auth=(name, PASSWORD),
            timeout=60,
            trust_env=False,
            **more,
        )
        assert answer.is_success, answer.text
        return answer.json()

    def wait_until_ready(self) -> None:
        """Wait until payments are decided, and decisions delivered."""
        deadline = monotonic() + STARTING
        while True:
            try:
                found = httpx.get(
                    f"{self.url}/v1/workers",
                    auth=("ann", PASSWORD),
                    timeout=5,
                    trust_env=False,
                ).json()["workers"]
            except (httpx.TransportError, KeyError):
                found = []
            if [one["state"] for one in found] == ["running", "running"]:
                return
            assert monotonic() < deadline, f"the workers are {found}"
            sleep(0.2)


async def _tell(
    kafka: str, topic: str, records: Iterable[Upload | Appointment]
) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        for one in records:
            await producer.send_and_wait(topic, msgspec.json.encode(one), one.key)
    finally:
        await producer.stop()


async def _values(kafka: str, topic: str) -> list[bytes]:
    return [record.value async for record in records(kafka, topic)]


@pytest.fixture(scope="module")
def bank_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a Kafka of the bank's own: nobody has paid yet."""
    with serving(kafka_server, tmp_path_factory.mktemp("bank-kafka")) as server:
        yield server


@pytest.fixture(scope="module")
def bank(
    bank_kafka: Server, mongo: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bank]:
    """Give a bank, at which nobody has paid before the first test of it.

    It ends with the tests of a file: which files run in one process is chance, and
    what is paid, labelled or listed in one must not count in another.
    """
    folder = tmp_path_factory.mktemp("bank")
    port = free_port()
    environment = {
        "SMARTBANK_MONGO": mongo.address,
        "SMARTBANK_ELASTIC": f"http://127.0.0.1:{free_port()}",  # decisions can wait
        "SMARTBANK_DATABASE": f"console-{uuid4().hex[:8]}",
        "SMARTBANK_USERS_FILE": users_file(
            folder / "users.jsonl",
            user(),
            user("vic", "viewer"),
            user("mia", "manager"),
        ),
    }
    kafka = bank_kafka.address
    scoring = Road(
        kafka,
        folder / "road",  # one folder: rules are tried on the archive that is in it
        environment={**environment, "SMARTBANK_WEB_PORT": str(port)},
    )
    delivering = Road(kafka, folder / "road", role="deliver", environment=environment)
    with scoring.running("one"), delivering.running("deliver"):
        found = Bank(f"http://127.0.0.1:{port}", scoring, delivering)
        found.wait_until_ready()
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a browser."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@dataclass
class Tab:
    """A tab of somebody who is logged in, and what went wrong in it."""

    page: Page
    errors: list[str]
    elsewhere: list[str]

    def has_been_quiet(self) -> None:
        """Say that nothing failed in the tab, and nothing left the machine."""
        assert (self.errors, self.elsewhere) == ([], [])


def watched(page: Page) -> Tab:
    """Watch a page for errors, and for what it asks of others."""
    tab = Tab(page, [], [])

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            tab.errors.append(message.text)

    def asked(request: Request) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", None, ""):
            tab.elsewhere.append(request.url)

    page.on("console", said)
    page.on("pageerror", lambda error: tab.errors.append(str(error)))
    page.on("request", asked)
    return tab


@pytest.fixture
def tab(bank: Bank, browser: Browser) -> Iterator[Tab]:
    """Give a tab of a viewer, who is logged in."""
    yield from opened(bank, browser, name="vic")


@pytest.fixture
def managing(bank: Bank, browser: Browser) -> Iterator[Tab]:
    """Give a tab of a manager, who is logged in."""
    yield from opened(bank, browser, name="mia")


def opened(bank: Bank, browser: Browser, *, name: str) -> Iterator[Tab]:
    """Open a tab and log in."""
    with looking(
        browser, bank.url, name=name, viewport={"width": 1440, "height": 900}
    ) as found:
        yield found


@contextmanager
def looking(
    browser: Browser, address: str, *, name: str = "", **options: Any
) -> Iterator[Tab]:
    """Give a tab, of somebody who is logged in if there is a name.

    Nothing moves in it: what fades in is not yet as easy to read as it will be.
    """
    context = browser.new_context(base_url=address, reduced_motion="reduce", **options)
    context.set_default_timeout(PATIENCE_MS)
    try:
        found = watched(context.new_page())
        if name:
            log_in(found.page, name=name)
        yield found
    finally:
        context.close()


def log_in(page: Page, password: str = PASSWORD, *, name: str = "vic") -> None:
    """Fill in the log-in page, and wait until the server has looked at it."""
    page.goto("/login?next=/ui/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name="Log in").click()


def until(told: Callable[[], bool]) -> None:
    """Wait until something is so, at most three minutes."""
    deadline = monotonic() + STARTING
    while not told():
        assert monotonic() < deadline
        sleep(0.2)


def fits(page: Page, width: int) -> None:
    """Make a page so wide, and wait until all that is on it fits."""
    if size := page.viewport_size:
        page.set_viewport_size({"width": width, "height": size["height"]})
    deadline = monotonic() + PATIENCE_MS / 1000
    while (wide := page.evaluate(WIDTH)) > width:  # charts follow their window late
        assert monotonic() < deadline, f"{page.url} is {wide} wide"
        page.wait_for_timeout(50)


def serious_faults(page: Page) -> list[str]:
    """Return what axe-core finds that keeps people out.

    A page that has heard nothing for a while is pale, until it hears again.
    """
    page.locator("html:not(.stale)").wait_for(state="attached")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    return [
        f"{fault['id']}: {node['html'][:200]} {node['failureSummary']}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
