"""Docs: the OpenAPI document as a page, made on the server, without a script."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import msgspec

from web.problems import KINDS

Json = Mapping[str, Any]

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} API</title>
<link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="/static/docs.css">
</head>
<body>
<nav aria-label="Contents"><a class="home" href="/">{title}</a>{contents}</nav>
<main>
<h1>{title} API <small>{version}</small></h1>
{description}
<p><a href="/openapi.json">openapi.json</a></p>
{operations}
<h2 id="problems">Problems</h2>
<dl class="problems">{problems}</dl>
<h2 id="schemas">Schemas</h2>
{schemas}
</main>
</body>
</html>
"""


def page(document: Json) -> str:
    """Return the page of an OpenAPI document."""
    operations = list(_operations(document))
    schemas = document["components"]["schemas"]
    described = document["info"].get("description", "").split("\n\n")
    return PAGE.format(
        title=escape(document["info"]["title"]),
        version=escape(document["info"]["version"]),
        description="".join(f"<p>{_prose(text)}</p>" for text in described),
        contents="".join(_link(method, path) for method, path, _ in operations)
        + '<a href="#problems">Problems</a><a href="#schemas">Schemas</a>',
        operations="".join(_section(*operation) for operation in operations),
        problems="".join(
            f'<dt id="{kind}"><code>/docs#{kind}</code></dt><dd>{escape(words)}</dd>'
            for kind, words in KINDS.items()
        ),
        schemas="".join(_schema(name, schemas[name]) for name in sorted(schemas)),
    )


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _anchor(method: str, path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"{method} {path}".lower()).strip("-")


def _link(method: str, path: str) -> str:
    name = f'<b class="{method.lower()}">{method}</b> {escape(path)}'
    return f'<a href="#{_anchor(method, path)}">{name}</a>'


def _section(method: str, path: str, operation: Json) -> str:
    parts = [
        f'<section id="{_anchor(method, path)}">',
        f'<h2><b class="{method.lower()}">{method}</b> <code>{escape(path)}</code>',
        f"</h2><p><strong>{escape(operation.get('summary', ''))}.</strong> ",
        f"{_prose(operation.get('description', ''))}</p>",
    ]
    if parameters := operation.get("parameters"):
        parts += [_table(_parameter(one) for one in parameters)]
    if asked := operation.get("requestBody"):
        parts += ["<h3>Request</h3>", *_contents(asked.get("content", {}))]
    for status, answer in operation.get("responses", {}).items():
        if status != "default":
            words = escape(answer.get("description", ""))
            contents = "".join(_contents(answer.get("content", {})))
            parts += [f"<h3><code>{status}</code> {words}</h3>{contents}"]
    return "".join([*parts, "</section>"])


def _parameter(one: Json) -> tuple[str, str, str]:
    where = f"{one['in']}{', required' if one.get('required') else ''}"
    return one["name"], f"{where}, {_kind(one['schema'])}", one.get("description", "")


def _contents(content: Json) -> Iterator[str]:
    for media, one in content.items():
        yield f"<p>{escape(media)}: {_kind(one.get('schema', {})) or 'text'}</p>"
        if "example" in one:
            encoded = msgspec.json.format(msgspec.json.encode(one["example"]), indent=2)
            yield f'<pre tabindex="0"><code>{escape(encoded.decode())}</code></pre>'


def _schema(name: str, schema: Json) -> str:
    rows = _table(
        (
            field,
            _kind(one) + ("" if field in schema.get("required", ()) else ", optional"),
            one.get("description", ""),
        )
        for field, one in schema.get("properties", {}).items()
    )
    described = "".join(
        f"<p>{_prose(text)}</p>"
        for text in schema.get("description", "").split("\n\n")
        if text
    )
    return f'<section id="{name}"><h3>{name}</h3>{described}{rows}</section>'


def _table(rows: Iterator[tuple[str, str, str]]) -> str:
    """Return a table of names, kinds (HTML) and descriptions."""
    cells = "".join(
        f"<tr><th scope=row><code>{escape(name)}</code></th>"
        f"<td>{kind}</td><td>{_prose(words)}</td></tr>"
        for name, kind, words in rows
    )
    return f'<div class="wide"><table>{cells}</table></div>' if cells else ""


def _kind(schema: Json) -> str:
    """Say a JSON Schema in a few words, as HTML."""
    if ref := schema.get("$ref"):
        name = escape(ref.rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_kind(one) for one in several))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in values)
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {})) or 'anything'}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"map to {_kind(schema['additionalProperties'])}"
    limits = [
        f"{word} {schema[name]}"
        for name, word in (
            ("minimum", "from"),
            ("maximum", "to"),
            ("minLength", "at least"),
            ("maxLength", "at most"),
            ("pattern", "like"),
            ("format", ""),
        )
        if name in schema
    ]
    return escape(" ".join([str(kind), *limits]))


def _prose(text: str) -> str:
    """Escape a text; what is between backquotes becomes code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
