"""The house keeps its word: locks, settings, topics and containers as documented."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from app.settings import PREFIX, Settings
from app.topics import TOPICS

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "docker/requirements.lock")
README = (ROOT / "README.md").read_text(encoding="utf-8")
VARIABLES = {
    PREFIX + field.name.upper(): field for field in msgspec.structs.fields(Settings)
}


def _pins(lock: str) -> set[str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return set(re.findall(r"^([\w.-]+(?:\[[\w,-]+\])?==[\w.]+)", text, re.MULTILINE))


def _compose() -> dict[str, Any]:
    """Read the compose file, its merged parts merged."""
    text = (ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_contains_no_address(lock: str):
    assert "://" not in (ROOT / lock).read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_hash_for_every_package(lock: str):
    text = (ROOT / lock).read_text(encoding="utf-8")

    packages = re.split(r"\n(?=\S)", text.strip())

    assert len(packages) == len(_pins(lock))
    assert all("--hash=sha256:" in package for package in packages)


def test_the_image_holds_what_is_tested():
    assert _pins("docker/requirements.lock") < _pins("requirements.lock")


def test_every_setting_is_documented_with_its_default():
    rows = dict(
        re.findall(r"^\| `(SMARTBANK_\w+)` \| `?([^`|]*?)`? \|", README, re.MULTILINE)
    )

    assert rows == {
        name: str(field.default) or "none" for name, field in VARIABLES.items()
    }


def test_every_topic_is_documented_as_the_catalogue_has_it():
    rows = set(
        re.findall(r"^\| `([a-z-]+)` \| ([a-z ]+) \| (.+) \|$", README, re.MULTILINE)
    )

    assert rows == {(topic.name, topic.key, topic.purpose) for topic in TOPICS}


def test_containers_are_given_settings_that_exist():
    used = set(_compose()["x-worker"]["environment"])

    assert {name.removesuffix("_FILE") for name in used} <= VARIABLES.keys()


def test_containers_listen_on_this_machine_only():
    ports = [
        port
        for service in _compose()["services"].values()
        for port in service.get("ports", ())
    ]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_containers_name_the_version_of_what_they_run():
    images = {service["image"] for service in _compose()["services"].values()}

    assert all(":" in image for image in images - {"smartbank"})


def test_the_architecture_names_every_topic_and_every_agent():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    sources = (path.read_text(encoding="utf-8") for path in ROOT.glob("agents/*.py"))
    agents = {
        name
        for source in sources
        for name in re.findall(r"@app\.agent\(.*\)\nasync def (\w+)", source)
    }

    assert set(re.findall(r'\[\("([a-z-]+)"\)\]', text)) == {t.name for t in TOPICS}
    assert agents
    assert agents <= set(re.findall(r'^ +(\w+)\["', text, re.MULTILINE))


@pytest.mark.parametrize(
    "page",
    [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))],
    ids=lambda page: page.name,
)
def test_links_in_the_docs_lead_somewhere(page: Path):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    missing = [link for link in links if not (page.parent / link).exists()]

    assert missing == []


def test_tests_that_the_docs_name_exist():
    docs = "".join(p.read_text("utf-8") for p in (ROOT / "docs").glob("*.md"))
    tests = "".join(p.read_text("utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", docs))

    assert named
    assert {name for name in named if f"def {name}(" not in tests} == set()
