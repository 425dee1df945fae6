"""Parts of a page: their words, and the components that they are made of."""

from collections.abc import Iterator
from typing import Any

from dash.development.base_component import Component


def words(part: Any) -> str:
    """Return all text of a part of a page."""
    if isinstance(part, str | int | float):
        return str(part)
    if isinstance(part, list | tuple):
        return " ".join(words(one) for one in part)
    return words(part.children) if getattr(part, "children", None) is not None else ""


def components(part: Any) -> Iterator[Component]:
    """Yield a part's components, itself first."""
    if isinstance(part, list | tuple):
        for one in part:
            yield from components(one)
    elif isinstance(part, Component):
        yield part
        yield from components(getattr(part, "children", None))


def named(part: Any, identity: str) -> Component:
    """Return the component of an id."""
    return next(one for one in components(part) if getattr(one, "id", "") == identity)
