"""Steps: counts how customers of the made-up bank go from one step to another.

`python -m app.simulate.steps` writes `app/features/steps.json`, which says how
unlikely a session is for everybody; a bank counts its own sessions instead.
"""

import json
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path

from app import features
from app.events.app_events import StatedAppEvent
from app.features.clock import microseconds
from app.features.sessions import GAP
from app.features.steps import name_of
from app.simulate.app_sessions import AppSessions
from app.simulate.bank import START, Bank, random_of
from app.simulate.payments import midnight

CUSTOMERS, DAYS, SEED = 1_000, 30, 7_001


def counted() -> dict[str, dict[str, int]]:
    """Count what follows what among honest customers; '' is before the first."""
    bank = Bank(seed=SEED, customers=CUSTOMERS, fraud=False)
    app = AppSessions(random_of(f"app {SEED}"), bank.customers, bank.name)
    end = midnight(START + timedelta(days=DAYS))
    last: dict[str, tuple[int, str]] = {}
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for order in bank.orders():
        if order.at >= end:
            break
        for event in app.before(order):
            _count(event, last, counts)
    return {
        before: dict(sorted(following.items()))
        for before, following in sorted(counts.items())
    }


def _count(
    event: StatedAppEvent,
    last: dict[str, tuple[int, str]],
    counts: defaultdict[str, Counter[str]],
) -> None:
    at, step = microseconds(event.occurred_at), name_of(event.kind, event.action)
    then, before = last.get(event.customer_id, (at - 2 * GAP, ""))
    counts[before if at - then <= GAP else ""][step] += 1
    last[event.customer_id] = at, step


if __name__ == "__main__":
    file = Path(features.__path__[0]) / "steps.json"
    file.write_text(json.dumps(counted(), indent=1) + "\n", encoding="utf-8")
