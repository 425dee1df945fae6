"""Schemas: what travels on each topic, as JSON Schema files that others can read.

`python -m app.schemas` writes the files from the types. A file whose readers or
records of yesterday would no longer fit is left as it is, and the next version is
written beside it: raise the topic's `VERSIONS` then, and say so in the changelog.
"""

import inspect
import json
from pathlib import Path
from typing import Any

import msgspec

from app import topics
from app.compatibility import breaks
from app.events.activities import CustomerActivity, TerminalActivity
from app.events.app_events import AppEvent, StatedAppEvent
from app.events.decisions import Decision
from app.events.devices import Device
from app.events.groups import Behaviour, GroupAlert
from app.events.labels import Label, TransactionLabel
from app.events.payments import Transaction
from app.events.pulses import Pulse
from app.events.readings import Push, Readings
from app.rules.lists import Entry
from app.rules.rulebook import Backfilled, Backtested, Revision
from app.scoring.registry import Appointment, Upload

FOLDER = Path(__file__).parent / "events" / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

TYPES: dict[str, Any] = {
    topics.TRANSACTIONS.name: Transaction,
    topics.LABELS.name: Label,
    topics.LABELS_BY_TRANSACTION.name: TransactionLabel,
    topics.SENSOR_READINGS.name: Push,
    topics.READINGS.name: Readings,
    topics.CUSTOMER_ACTIVITY.name: CustomerActivity,
    topics.TERMINAL_ACTIVITY.name: TerminalActivity,
    topics.APP_EVENTS.name: StatedAppEvent,
    topics.DECISIONS.name: Decision,
    topics.LABELS_APPLIED.name: Label,
    topics.APP_EVENTS_APPLIED.name: AppEvent,
    topics.BEHAVIOURS.name: Behaviour,
    topics.GROUP_ALERTS.name: GroupAlert,
    topics.LISTS.name: Entry,
    topics.DEVICES.name: Device,
    topics.PULSE.name: Pulse,
    f"{topics.RULES.name}-revision": Revision,
    f"{topics.RULES.name}-backtest": Backtested,
    f"{topics.RULES.name}-backfill": Backfilled,
    f"{topics.MODELS.name}-upload": Upload,
    f"{topics.MODELS.name}-appointment": Appointment,
}
"""By topic; dead letters are bytes as they came. `rules` has three and `models` two, by
their keys."""

VERSIONS: dict[str, int] = {}
"""The present version where it is not the first."""


def path(name: str) -> Path:
    """Return where a schema's present version is kept."""
    return FOLDER / f"{name}-v{VERSIONS.get(name, 1)}.json"


def schema(name: str) -> dict[str, Any]:
    """Return a schema as the types have it now."""
    about = {"$schema": DIALECT, "$id": path(name).name}
    return {**about, **_clean(msgspec.json.schema(TYPES[name]))}


def text(name: str) -> str:
    """Return a schema as its file has it."""
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"


def _clean(node: Any) -> Any:
    """Return a schema with the line breaks of its docstrings in order."""
    if isinstance(node, dict):
        return {
            key: inspect.cleandoc(value)
            if key == "description" and isinstance(value, str)
            else _clean(value)
            for key, value in node.items()
        }
    return [_clean(part) for part in node] if isinstance(node, list) else node


def main() -> None:
    """Write every file that has changed."""
    for name in TYPES:
        file = path(name)
        if file.exists() and (
            why := breaks(json.loads(file.read_text()), schema(name))
        ):
            file = file.with_name(f"{name}-v{VERSIONS.get(name, 1) + 1}.json")
            print(f"{name} breaks: {'; '.join(why)}")  # noqa: T201 - a program's output
        if not file.exists() or file.read_text("utf-8") != text(name):
            file.write_text(text(name), encoding="utf-8")
            print(f"wrote {file.name}")  # noqa: T201


if __name__ == "__main__":
    main()
