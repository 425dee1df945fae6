"""Models: what the API takes and answers, beside the words on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response

from app.customer_keys import Erasure
from app.events.decisions import Decision
from app.events.devices import Kind as DeviceKind
from app.events.labels import Kind, Remark
from app.events.payments import Id, Place
from app.events.readings import Alarm, Fix
from app.profiles.past import AppUse, KnownFraud, Lifetime, Phone
from app.rules.changes import Change
from app.rules.errors import Fault
from app.rules.lists import Entry
from app.rules.rulebook import Backtested
from app.scoring.decide import Evaluation
from app.scoring.model import Facts
from app.scoring.registry import Role as ModelRole
from app.scoring.report import Report
from web.declaring import AggregateState
from web.users import Role


class Accepted(Struct, frozen=True):
    """Payments that Kafka has, by id, in the order of the request."""

    accepted: list[str]


class Verdict(Struct, frozen=True, forbid_unknown_fields=True):
    """What is learnt about a payment; who says so and when is known by the log-in."""

    transaction_id: Id
    fraud: bool
    kind: Kind = "verdict"
    scenario: Annotated[Remark, Meta(description="Which fraud, in a word.")] | None = (
        None
    )


class Decided(Struct, frozen=True):
    """The decisions on the payments of a request, in its order."""

    decisions: list[Decision]


class Window(Struct, frozen=True):
    """Payments of a span of days up to the last one; `amount` in minor units."""

    count: int
    amount: int


class CustomerState(Struct, frozen=True):
    """What is remembered of a customer; windows are as of the last payment.

    Where the phones were is for analysts and above.
    """

    id: str
    worker: str
    payments: int
    last_payment_at: datetime | None = None
    last_place: Place | None = None
    last_place_at: datetime | None = None
    windows: dict[str, Window] = {}
    phones: list[Phone] = []
    lifetime: Lifetime | None = None
    frauds: list[KnownFraud] = []
    app: AppUse | None = None


class Found(Struct, frozen=True):
    """What there is of an id, by the names of its pages."""

    id: str
    pages: list[Literal["transactions", "customers"]]


class TerminalState(Struct, frozen=True):
    """What is remembered of a terminal."""

    id: str
    worker: str
    payments: int
    frauds: int
    last_payment_at: datetime | None = None
    last_fraud_at: datetime | None = None
    alarms: list[Alarm] = []


class Worker(Struct, frozen=True):
    """A worker that is alive: its newest pulse, without the decisions."""

    worker: str
    role: str
    url: str
    at: datetime
    state: str
    owned: dict[str, list[int]]
    lag: dict[str, int]
    decided: int
    captured: int
    duplicates: int
    dead_letters: int
    delivered: int
    outcomes: dict[str, int]


class Workers(Struct, frozen=True):
    """The workers that are alive."""

    workers: list[Worker]


class RevisionSummary(Struct, frozen=True):
    """A change of the rules: which version it made, who, when and why."""

    number: int
    version: str
    author: str
    comment: str
    at: datetime | None
    changes: list[Change]


class History(Struct, frozen=True):
    """Every change of the rules, newest first."""

    revisions: list[RevisionSummary]


class Checked(Struct, frozen=True):
    """Rules that can be evaluated; `unproven` must be backtested to go live."""

    version: str
    unproven: list[str]
    changes: list[Change]


class Differences(Struct, frozen=True):
    """What differs between two versions."""

    before: str
    after: str
    changes: list[Change]


class Backtests(Struct, frozen=True):
    """The newest backtest of each rule as it was tried."""

    backtests: list[Backtested]


class Tried(Struct, frozen=True):
    """A ruleset tried on the archive; `recorded` may go live now, as it was tried."""

    recorded: list[str]
    report: Report


class Aggregates(Struct, frozen=True):
    """What is aggregated, in the order of the vector."""

    aggregates: list[AggregateState]


class Listed(Struct, frozen=True):
    """Entries of the lists."""

    entries: list[Entry]


class Erasures(Struct, frozen=True):
    """Customers whose keys were destroyed."""

    erasures: list[Erasure]


class DeviceSummary(Struct, frozen=True):
    """A registered device; `active` while what it sends is taken."""

    id: str
    kind: DeviceKind
    customer_id: str | None
    name: str
    keep_raw: bool
    synthetic: bool
    active: bool
    author: str
    reason: str
    at: datetime | None
    terminal_id: str | None = None


class DeviceList(Struct, frozen=True):
    """The registered devices."""

    devices: list[DeviceSummary]


class NewDevice(Struct, frozen=True):
    """A device's address to push to, with its secret, which is shown this once."""

    id: str
    token: str
    path: str
    at: datetime
    customer_id: str | None = None


class DeviceState(Struct, frozen=True):
    """What is remembered of a device: counts since its first message, its last fix."""

    id: str
    worker: str
    messages: int
    repeats: int
    readings: int
    last_fix: Fix | None = None


class Taken(Struct, frozen=True):
    """Kafka has a device's message."""

    device: str


class Reevaluated(Struct, frozen=True):
    """A decision as it was made, and what a ruleset makes of the same payment."""

    id: str
    ruleset: str
    decision: Decision
    evaluation: Evaluation


class ModelSummary(Struct, frozen=True):
    """A model that was brought in, what it does on this worker, or why it cannot."""

    version: str
    roles: list[ModelRole]
    learnt_until: str
    features: int
    author: str
    comment: str
    at: datetime | None
    refused: str | None = None


class Appointed(Struct, frozen=True):
    """Which model is live and which in shadow from a revision on; who, when, why."""

    revision: int
    live: str | None
    shadow: str | None
    author: str
    comment: str
    at: datetime | None


class Models(Struct, frozen=True):
    """Models and appointments, newest first."""

    revision: int
    live: str | None
    shadow: str | None
    models: list[ModelSummary]
    appointments: list[Appointed]


class ModelCard(Struct, frozen=True):
    """A model, and the card that was written when it was made."""

    model: ModelSummary
    facts: Facts
    card: dict[str, Any] | None


class TokenRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """How long a token is to last, and what it may do: at most what its maker may."""

    hours: Annotated[int, Meta(ge=1, le=24 * 90)] = 8
    role: Role | None = None


class Token(Struct, frozen=True):
    """A token for `Authorization: Bearer`; it ends early if the password changes."""

    token: str
    name: str
    role: Role
    expires_at: datetime


class Health(Struct, frozen=True):
    """Whether a worker gets anywhere; `stuck` names partitions that do not."""

    status: str
    stuck: list[str] = []


class Readiness(Struct, frozen=True):
    """A worker that is ready: `state` is `running` or `standby`."""

    state: str
    worker: str
    role: str
    owned: dict[str, list[int]] = {}


class WrongField(Struct, frozen=True, omit_defaults=True):
    """What is wrong with one field of a record; `index` where several were sent."""

    field: str
    got: str
    expected: str
    index: int | None = None


class ProblemDetails(Struct, frozen=True, omit_defaults=True):
    """An error, by RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[WrongField] = []
    pending: list[str] = []
    faults: list[Fault] = []
    unproven: list[str] = []


def answer(body: Any, status: int = 200) -> Response:
    """Answer with a body as JSON."""
    encoded = msgspec.json.encode(body)
    return Response(encoded, status, media_type="application/json")
