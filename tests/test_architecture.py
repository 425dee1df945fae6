"""Imports point one way, and every module says in a sentence what it is."""

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("app", "tables", "agents", "web")

# Who may import whom at the top: each may import itself and those named.
MAY_IMPORT = {
    "app": {"app"},
    "tables": {"app", "tables"},
    "agents": {"app", "tables", "agents"},
    "web": {"app", "tables", "web"},
}
# Pure packages: each may import itself, those before it, errors, masking and misfits.
PURE = (
    "events",
    "features",
    "sensors",
    "rules",
    "scoring",
    "sketches",
    "privacy",
    "cases",
    "profiles",
)
# What touches the world; a pure package gets time and randomness as arguments.
WORLD = {
    "aiokafka",
    "asyncio",
    "dash",
    "elasticsearch",
    "fastapi",
    "faust",
    "httpx",
    "motor",
    "pymongo",
    "random",
    "socket",
    "time",
}

# Who makes producers, each once for all that it sends: never one a message.
PRODUCERS = {
    "app.engine.engine",
    "app.rekeying.listed",
    "app.sources.event_sender",
    "app.sources.sender",
    "web.outlet",
}

MODULES = sorted(path for name in OURS for path in (ROOT / name).rglob("*.py"))


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _imports(path: Path) -> Iterator[str]:
    """Give the dotted names that a module imports, in functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: say the whole name, not a relative one"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _our_imports(path: Path) -> list[list[str]]:
    parts = [name.split(".") for name in _imports(path)]
    return [one for one in parts if one[0] in OURS]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_imports_point_from_web_and_agents_to_tables_to_app(path: Path):
    allowed = MAY_IMPORT[path.relative_to(ROOT).parts[0]]

    imported = {parts[0] for parts in _our_imports(path)}

    assert imported <= allowed


@pytest.mark.parametrize(
    "path", [one for one in MODULES if "engine" in one.parts], ids=_name
)
def test_the_engine_knows_nothing_of_banks(path: Path):
    imported = {".".join(parts[:2]) for parts in _our_imports(path)}

    assert imported <= {"app.engine"}


@pytest.mark.parametrize(
    "path",
    [one for one in MODULES if one.relative_to(ROOT).parts[1] in PURE],
    ids=_name,
)
def test_pure_packages_import_only_downwards_and_never_the_world(path: Path):
    package = path.relative_to(ROOT).parts[1]
    allowed = {"errors", "masking", "misfits", *PURE[: PURE.index(package) + 1]}

    imported = {parts[1] for parts in _our_imports(path)}
    roots = {name.partition(".")[0] for name in _imports(path)}

    assert imported <= allowed
    assert not roots & WORLD


def test_producers_are_made_in_few_places_and_not_for_each_message():
    made = [
        _name(path)
        for path in MODULES
        if "bench" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and "AIOKafkaProducer" in ast.unparse(node.func)
    ]

    assert sorted(made) == sorted(PRODUCERS)


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_every_module_says_in_a_sentence_what_it_is(path: Path):
    source = path.read_text(encoding="utf-8")
    if path == ROOT / "app" / "__init__.py":
        assert not source  # empty, as Faust asks
        return

    first = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]

    assert first.endswith((".", ":", "?"))
    assert first[:1].isupper() or first[:1] == "`"


@pytest.mark.parametrize("name", ["tables", "agents"])
def test_tables_and_agents_are_ours_and_not_a_library_of_that_name(name: str):
    spec = find_spec(name)

    assert spec is not None
    assert spec.origin == str(ROOT / name / "__init__.py")
