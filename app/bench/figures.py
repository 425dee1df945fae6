"""Figures: what was measured, one JSON line each."""

import sys

import msgspec
from msgspec import Struct


class Figure(Struct, frozen=True, omit_defaults=True):
    """One thing that was measured.

    Attributes:
        name: what, in kebab-case.
        value: how much, in `unit`.
        aim: what was aimed at; `at_least` tells on which side of it is good.
        parts: further numbers that belong to it.
    """

    name: str
    value: float
    unit: str
    aim: float | None = None
    at_least: bool = True
    parts: dict[str, float | str] = {}


def show(figure: Figure) -> None:
    """Print a figure as one line of JSON."""
    sys.stdout.write(msgspec.json.encode(figure).decode() + "\n")
    sys.stdout.flush()
