"""Checks: what this machine has, what it lacks, and how to get it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.errors import SettingError
from app.local import elastic, kafka, mongo, noida
from app.local.ports import free_port
from app.settings import Settings, secret
from app.token_keys import tokens_of

_PYTHON = range(11, 13)  # minor versions of Python 3
_EXTRA = "comes with: pip install 'smartbank[local]'"
_JAVA = range(17, 24)  # Elasticsearch 8.15 asks for what Java 24 removed


@dataclass(frozen=True, kw_only=True)
class Check:
    """One look at the machine.

    Attributes:
        found: what is there, in words; empty when nothing is.
        remedy: how to get it, and what happens meanwhile.
        needed: whether nothing works here without it.
    """

    name: str
    found: str
    good: bool
    remedy: str
    needed: bool = False


def checks(settings: Settings) -> Iterator[Check]:
    """Look at everything that one machine needs or can use."""
    yield python(sys.version_info[:3])
    yield data_folder(Path(settings.data_dir))
    yield web_port(settings.web_port)
    real = (
        java(_java_version()),
        program("mvn", "Maven fetches Kafka: apt install maven"),
    )
    yield from real
    yield program("javac", "compiles Elasticsearch's launcher: a JDK, not only a JRE")
    yield program(noida.PROGRAM, _EXTRA, needed=not all(one.good for one in real))
    yield program(mongo.PROGRAM, _EXTRA, needed=True)
    yield program("mosquitto", "apt install mosquitto; MQTT tests skip without it")
    yield program("influxd", "apt install influxdb; readings are not stored meanwhile")
    yield program("chromium", "apt install chromium; browser tests skip without it")
    yield program("docker", "only `make up` needs it; all else runs without")
    yield token_key(settings)
    yield key("session_key", settings.session_key)
    yield server("Kafka", settings.kafka, up=kafka.answers(settings.kafka))
    yield server("Mongo", settings.mongo, up=mongo.answers(settings.mongo))
    yield server(
        "Elasticsearch", settings.elastic, up=elastic.answers(settings.elastic)
    )


def python(version: tuple[int, ...]) -> Check:
    """Judge a version of Python.

    >>> python((3, 11, 7)).good, python((3, 13, 0)).good
    (True, False)
    """
    return Check(
        name="Python",
        found=".".join(map(str, version)),
        good=version[0] == 3 and version[1] in _PYTHON,  # noqa: PLR2004
        remedy="install Python 3.11 or 3.12, then: make test PYTHON=/path/to/it",
        needed=True,
    )


def java(version: str) -> Check:
    """Judge a version of Java; empty for none.

    >>> java("17.0.15").good, java("24").good, java("1.8.0_402").good, java("").good
    (True, False, False, False)
    """
    major = int(version.partition(".")[0] or 0)
    return Check(
        name="Java",
        found=version,
        good=major in _JAVA,
        remedy="apt install openjdk-17-jdk-headless (17 up to 23 will do); "
        "noida-db stands in for Kafka and Elasticsearch meanwhile",
    )


def _java_version() -> str:
    """Ask Java for its version; empty when there is none."""
    if shutil.which("java") is None:
        return ""
    done = subprocess.run(
        ["java", "-version"],  # noqa: S607 - the user's own Java
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r'version "([^"]+)"', done.stderr)
    return found[1] if found else ""


def program(name: str, remedy: str, *, needed: bool = False) -> Check:
    """Look for a program."""
    found = shutil.which(name) or ""
    return Check(
        name=Path(name).name,
        found=found,
        good=bool(found),
        remedy=remedy,
        needed=needed,
    )


def data_folder(folder: Path) -> Check:
    """See whether the data folder, or the nearest that exists above it, is writable."""
    folder = folder.absolute()
    nearest = next(one for one in (folder, *folder.parents) if one.exists())
    return Check(
        name="data folder",
        found=str(folder),
        good=nearest.is_dir() and os.access(nearest, os.W_OK),
        remedy="set SMARTBANK_DATA_DIR to a folder that can be written",
        needed=True,
    )


def web_port(port: int) -> Check:
    """See whether the console's port is free."""
    return Check(
        name="web port",
        found=str(port),
        good=free_port(port) == port or not port,
        remedy="something holds it (a worker?); set SMARTBANK_WEB_PORT to another",
    )


def key(name: str, value: str) -> Check:
    """Judge a secret without showing it."""
    try:
        secret(value, name)
    except SettingError as error:
        remedy = f"{error}; `smartbank services up` and the demo make their own"
        return Check(name=name, found="", good=False, remedy=remedy, needed=bool(value))
    return Check(name=name, found="set", good=True, remedy="")


def token_key(settings: Settings) -> Check:
    """Judge the secret of tokens, or those between which it is changed."""
    if not settings.token_keys:
        return key("token_key", settings.token_key)
    try:
        tokens_of(settings)
    except SettingError as error:
        return Check(
            name="token_keys", found="", good=False, remedy=str(error), needed=True
        )
    return Check(name="token_keys", found="set", good=True, remedy="")


def server(name: str, address: str, *, up: bool) -> Check:
    """Say whether a server answers at its address."""
    return Check(
        name=name,
        found=address,
        good=up,
        remedy="no answer; start it with: smartbank services up",
    )
