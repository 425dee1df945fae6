"""Mount: the web server inside the worker, there before Kafka is."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from mode import Service

from app import main
from app.archive import Archive
from app.counters import Counters
from app.engine.application import Application
from app.errors import SettingError
from app.publications import MongoPublications
from app.settings import Settings, secret
from app.waiters import Waiters
from web.auth import Auth
from web.cluster import Cluster, Follower
from web.console.application import build as build_console
from web.context import Context
from web.forward import Forwarder
from web.health import Health
from web.live import Live
from web.machines import Machines
from web.outlet import Outlet
from web.phones import Phones
from web.pulse import Heart, PulseSender
from web.server import build
from web.signatures import Signatures
from web.users import Users

EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to
GRACE = 2  # seconds that open requests get when the worker stops


class _Uvicorn(uvicorn.Server):
    """Uvicorn without its own signal handlers: the worker has some."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


class WebServer(Service):
    """The API and the console, in the worker's loop.

    It listens before Kafka is waited for, so that health is told during recovery.
    """

    def __init__(
        self,
        settings: Settings,
        app: Application,
        counters: Counters,
        waiters: Waiters,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._app = app
        self._counters = counters
        self._waiters = waiters
        self._uvicorn: _Uvicorn | None = None
        self._serving: asyncio.Task[None] | None = None
        self._context: Context | None = None
        self.url = ""

    async def on_start(self) -> None:
        """Listen, then serve in the background.

        Raises:
            SettingError: the session key, the users file or the port is no good.
        """
        settings, app = self._settings, self._app
        key = secret(settings.session_key, "session_key")
        users = Users(settings.users_file)
        if not users:
            self.log.warning("nobody can log in: SMARTBANK_USERS_FILE names no user")
        sock = _listen(settings)
        self.url = _url(settings, sock)
        signatures = Signatures(key)
        cluster = Cluster(settings.partitions)
        live, phones, machines = Live(), Phones(), Machines()
        follower = Follower(app, hear=[cluster.add, live.add, phones.add, machines.add])
        outlet = Outlet(app)
        health = Health(app, follower.ends)
        self._context = context = Context(
            settings=settings,
            app=app,
            counters=self._counters,
            waiters=self._waiters,
            rules=main.rules,
            rules_follower=main.rules_follower,
            models=main.models,
            models_follower=main.models_follower,
            lists=main.lists,
            lists_follower=main.lists_follower,
            devices=main.devices,
            devices_follower=main.devices_follower,
            cluster=cluster,
            outlet=outlet,
            health=health,
            forwarder=Forwarder(signatures),
            live=live,
            phones=phones,
            machines=machines,
            keys=main.keys,
            publications=MongoPublications(settings),
            archive=Archive(settings, to_open=main.keys.to_open),
        )
        heart = Heart(settings, app, self._counters, url=self.url)
        for service in (outlet, follower, health, PulseSender(heart, outlet)):
            await self.add_runtime_dependency(service)
        auth = Auth(users, signatures)
        self._serve(build(context, auth, console=build_console(context)), sock)

    def _serve(self, application: Any, sock: socket.socket) -> None:
        config = uvicorn.Config(
            application,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=1024 * 1024,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
        self._uvicorn = _Uvicorn(config)
        self._serving = asyncio.create_task(self._uvicorn.serve(sockets=[sock]))
        self._serving.add_done_callback(self._ended)
        self.log.info("API and console at %s", self.url)

    def _ended(self, serving: asyncio.Task[None]) -> None:
        """Stop the worker when the server ends before it."""
        if not self.should_stop and not serving.cancelled():
            reason = serving.exception() or RuntimeError("the web server has ended")
            self.add_future(self.crash(reason))

    async def on_stop(self) -> None:
        """Finish what is asked now, and listen no more."""
        if self._uvicorn and self._serving:
            self._uvicorn.should_exit = True
            await asyncio.wait([self._serving], timeout=GRACE + 2)
        if self._context:
            await self._context.forwarder.close()
            await self._context.publications.close()
            if self._context.archive:
                await self._context.archive.close()


def _listen(settings: Settings) -> socket.socket:
    """Open the port; 0 is a free one.

    Raises:
        SettingError: it cannot be had.
    """
    host, port = settings.web_host, settings.web_port
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        message = (
            f"SMARTBANK_WEB_PORT: cannot listen on {host}:{port}: {error.strerror}"
        )
        raise SettingError(message) from error


def _url(settings: Settings, sock: socket.socket) -> str:
    """Return where other workers reach this one."""
    host = settings.web_host
    if host in EVERYWHERE:
        host = socket.gethostname()
    elif ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{sock.getsockname()[1]}"


server = WebServer(main.settings, main.app, main.counters, main.waiters)
main.app.first.append(server)
