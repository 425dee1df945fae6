"""Elasticsearch: a real 8.15 server from Maven jars, or noida-db without Java."""

from functools import partial
from importlib.resources import files
from pathlib import Path

import httpx

from app.local import maven, noida
from app.local.ports import LOOPBACK, free_port
from app.local.server import Server

VERSION = "8.15.0"
_MODULES = "org.elasticsearch.server,jdk.net,org.elasticsearch.preallocate"


def elastic_server(folder: Path, *, port: int = 0, outlives: bool = False) -> Server:
    """Prepare an Elasticsearch server whose data lives in `folder`.

    The first time it fetches Elasticsearch's jars into the user's cache and
    compiles a launcher. The jars have no data streams, ILM, ingest or scripts.
    """
    folder = folder.absolute()
    port = free_port(port)
    address = f"http://{LOOPBACK}:{port}"
    if gone := maven.missing("java", "javac", "mvn"):
        command = noida.command("elasticsearch", folder, port=port)
        stand_in = f"noida-db stands in for Elasticsearch ({gone} missing)"
    else:
        home = maven.kept(f"elasticsearch-{VERSION}", _make_home)
        command = _java(home, str(folder), str(port), str(free_port()))
        stand_in = ""
    return Server(
        name="elastic",
        address=address,
        folder=folder,
        command=command,
        answers=partial(answers, address),
        stand_in=stand_in,
        outlives=outlives,
    )


def _make_home(home: Path) -> None:
    """Lay out Elasticsearch's home as the server expects it."""
    ours = files("app.local")
    netty = home / "modules" / "transport-netty4"
    config = home / "config"
    for folder in (netty, config, home / "plugins", home / "logs"):
        folder.mkdir(parents=True)
    maven.copy_jars("elastic", home / "lib")
    maven.copy_jars("elastic-netty", netty)
    for source, target in (
        (
            "elastic-plugin-descriptor.properties",
            netty / "plugin-descriptor.properties",
        ),
        ("elastic.log4j2.properties", config / "log4j2.properties"),
        ("ElasticNode.java", home / "ElasticNode.java"),
    ):
        target.write_text((ours / source).read_text("utf-8"), encoding="utf-8")
    (config / "elasticsearch.yml").touch()
    maven.run(
        "javac",
        "-cp",
        f"{home}/lib/*",
        "-d",
        f"{home}/launcher",
        f"{home}/ElasticNode.java",
    )


def _java(home: Path, *arguments: str) -> list[str]:
    """Build the command; the jars go on the module path (Elasticsearch insists)."""
    return [
        "java",
        "-Xmx1g",
        f"-Des.path.home={home}",
        f"-Des.path.conf={home}/config",
        "-Djava.security.manager=allow",
        "-Dlog4j2.disable.jmx=true",
        "--add-opens=java.base/java.io=ALL-UNNAMED",
        "--module-path",
        f"{home}/lib",
        f"--add-modules={_MODULES}",
        "-cp",
        f"{home}/launcher",
        "ElasticNode",
        str(home),
        *arguments,
    ]


def answers(address: str) -> bool:
    """Whether the cluster has elected itself and takes writes."""
    try:
        reply = httpx.get(f"{address}/_cluster/health", timeout=2.0)
    except httpx.HTTPError:
        return False
    return reply.is_success and reply.json()["status"] != "red"
