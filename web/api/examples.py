"""Examples: one true answer of each kind, for the documentation page."""

TRANSACTION = {
    "id": "T000001",
    "occurred_at": "2026-03-01T12:00:00Z",
    "customer_id": "C000123",
    "terminal_id": "P000042",
    "amount": 1250,
    "currency": "EUR",
    "channel": "pos",
}
APP_EVENT = {
    "id": "E000001",
    "occurred_at": "2026-03-01T11:58:00Z",
    "customer_id": "C000123",
    "kind": "log-in",
    "action": "/AUTHENTICATION/LOGON",
    "outcome": "success",
    "ip": "198.51.100.7",
    "asn": 64512,
    "country": "DE",
    "user_agent": "BankApp/5.2 (Android 14)",
    "device_id": "phone-5f0e5f31a2c4",
    "device_type": "mobile",
    "round_trip_ms": 41,
}
APP_EVENT_ACCEPTED = {"accepted": ["E000001"]}
VERDICT = {"transaction_id": "T000001", "fraud": True, "scenario": "card stolen"}
ACCEPTED = {"accepted": ["T000001"]}
DECISION = {
    "id": "T000001",
    "outcome": "approve",
    "score": 0.0,
    "hits": [],
    "features": {"amount": 12.5, "is_weekend": 1.0, "is_night": 0.0},
    "versions": {"ruleset": "0c1f5f3d2a9b", "features": "5f0e5f31", "model": None},
    "timings": {
        "received_at": "2026-03-01T12:00:00.100Z",
        "captured_at": "2026-03-01T12:00:00.101Z",
        "profiled_at": "2026-03-01T12:00:00.103Z",
    },
    "payment": {
        "type": "payment",
        **TRANSACTION,
        "received_at": "2026-03-01T12:00:00.100Z",
        "captured_at": "2026-03-01T12:00:00.101Z",
    },
}
MODEL = {
    "version": "9095921083f1",
    "roles": ["live"],
    "learnt_until": "2026-02-15",
    "features": 12,
    "author": "mia",
    "comment": "learnt from the winter",
    "at": "2026-03-01T09:00:00Z",
    "refused": None,
}
APPOINTED = {
    "revision": 1,
    "live": "9095921083f1",
    "shadow": None,
    "author": "mia",
    "comment": "two weeks in shadow, better in both",
    "at": "2026-03-01T09:00:01Z",
}
MODELS = {
    "revision": 1,
    "live": "9095921083f1",
    "shadow": None,
    "models": [MODEL],
    "appointments": [APPOINTED],
}
FACTS = {
    "features": ["amount", "amount_to_customer_usual"],
    "learnt_until": "2026-02-15",
    "calibration": {"slope": 0.97, "offset": -0.2},
}
CARD = {"model": MODEL, "facts": FACTS, "card": None}
MODEL_FILE = {"version": "9095921083f1", "facts": FACTS, "trees": "tree\nversion=v4\n"}
DRIFTS = {
    "model": "9095921083f1",
    "payments": 66120,
    "features": [
        {"feature": "amount", "index": 0.004, "payments": 66120, "then": [], "now": []}
    ],
    "score": {"mean": 0.0083, "payments": 62000, "changes": 0, "changed_at": None},
    "frauds": {"mean": 0.0081, "payments": 62000, "changes": 0, "changed_at": None},
}
QUALITY = {
    "workers": ["worker-1", "worker-2"],
    "sources": [{"topic": "transactions", "taken": 10500, "refused": 12}],
    "repeats": {
        "payments": 10488,
        "payments_dropped": 52,
        "app_events": 0,
        "app_events_dropped": 0,
        "by_origin": {"terminal-activity": 311},
    },
    "order": {
        "in_order": 10400,
        "late": [{"up_to": 1, "payments": 0}, {"up_to": 60, "payments": 36}],
        "too_late": 0,
        "app_events_too_late": 0,
    },
    "skew": {
        "records": 10488,
        "fullest_to_mean": 1.31,
        "partitions": [
            {
                "partition": 0,
                "records": 6871,
                "hot": [{"key": "C000123", "records": 1412, "unsure": 0}],
            }
        ],
    },
}
REEVALUATED = {
    "id": "T000001",
    "ruleset": "7d5a1c0e9b42",
    "decision": DECISION,
    "evaluation": {"outcome": "approve", "score": 0.0, "hits": [], "shadows": []},
}
DECIDED = {"decisions": [DECISION]}
CUSTOMER = {
    "id": "C000123",
    "worker": "worker-1",
    "payments": 1,
    "last_payment_at": "2026-03-01T12:00:00Z",
    "last_place": None,
    "last_place_at": None,
    "windows": {
        "1d": {"count": 1, "amount": 1250},
        "7d": {"count": 1, "amount": 1250},
        "30d": {"count": 1, "amount": 1250},
    },
    "phones": [],
    "lifetime": {"payments": 1, "frauds": 0},
    "frauds": [],
    "app": {
        "last_event_at": "2026-03-01T11:58:00Z",
        "events": 1,
        "known": {"devices": 1, "countries": 1, "networks": 1},
        "sessions": [
            {
                "started_at": "2026-03-01T11:58:00Z",
                "ended_at": "2026-03-01T11:58:00Z",
                "events": 1,
                "failed_log_ins": 0,
            }
        ],
    },
}
FOUND = {"id": "C000123", "pages": ["customers"]}
PROFILE = {
    "id": "C000123",
    "as_of": "2026-03-01T12:00:00Z",
    "payments": 214,
    "lifetime": {"payments": 230, "frauds": 1},
    "segments": [
        {
            "name": "traveller",
            "reason": "paid in 4 countries in 30 days, 3 make a traveller",
            "private": True,
        }
    ],
    "habits": {
        "currency": "EUR",
        "payments": 212,
        "foreign": 0,
        "since": "2026-01-02T08:10:00Z",
        "weeks": [{"until": "2026-03-01T12:00:00Z", "payments": 25, "amount": 61250}],
        "usual_week": 30420,
        "usual_payment": 1250,
        "highest": 24900,
        "hours": [0] * 24,
        "weekdays": [30, 31, 29, 33, 35, 32, 22],
        "channels": [{"name": "pos", "payments": 180, "amount": 310000}],
        "categories": [{"name": "5411", "payments": 96, "amount": 120000}],
        "merchants": [{"name": "M000042", "payments": 40, "amount": 50000}],
    },
    "risk": {
        "scored": [
            {
                "id": "T000001",
                "occurred_at": "2026-03-01T12:00:00Z",
                "score": 45.0,
                "outcome": "review",
                "amount": 24900,
                "currency": "EUR",
                "fraud": False,
                "reason": "249.00 EUR, usual is 12.50",
            }
        ],
        "outcomes": {"approve": 212, "review": 2},
        "rules": [{"name": "amount-out-of-pattern", "payments": 2, "amount": 37000}],
        "frauds": [],
    },
    "services": [
        {
            "kind": "spending-alert",
            "title": "Spending alert",
            "reason": "612.50 EUR in the last 7 days, usual is 304.20 EUR, the mean of "
            "7 weeks before",
            "private": False,
            "amount": None,
        }
    ],
    "whereabouts": None,
    "app": None,
    "missing": [],
}
TERMINAL = {
    "id": "P000042",
    "worker": "worker-2",
    "payments": 1,
    "frauds": 0,
    "last_payment_at": "2026-03-01T12:00:00Z",
    "last_fraud_at": None,
    "alarms": [{"occurred_at": "2026-03-01T11:25:00Z", "kind": "tilt", "value": 14.0}],
}
RULE = {
    "name": "many-payments-in-a-day",
    "expression": "customer_count_1d > 10",
    "score": 40.0,
    "reason": "{value:.0f} payments in a day, more than {threshold:.0f}",
    "action": "score",
    "state": "live",
}
RULESET = {
    "bands": {"review_from": 40.0, "decline_from": 80.0},
    "rules": [{**RULE, "version": 2, "author": "mia"}],
    "version": "0c1f5f3d2a9b",
    "author": "mia",
}
CHANGES = [
    {
        "name": "many-payments-in-a-day",
        "kind": "changed",
        "fields": {
            "state": {"before": "shadow", "after": "live"},
            "version": {"before": 1, "after": 2},
        },
    }
]
REVISION = {
    "number": 3,
    "version": "0c1f5f3d2a9b",
    "author": "mia",
    "comment": "a week in shadow, 4 of 5 hits were fraud",
    "at": "2026-03-01T12:00:00Z",
    "changes": CHANGES,
}
HISTORY = {"revisions": [REVISION]}
CHECKED = {"version": "0c1f5f3d2a9b", "unproven": [], "changes": CHANGES}
DIFFERENCES = {
    "before": "7d5a1c0e9b42",
    "after": "0c1f5f3d2a9b",
    "changes": CHANGES,
}
BACKTESTS = {
    "backtests": [
        {
            "substance": "5b1d0c7a9e34",
            "name": "many-payments-in-a-day",
            "since": "2026-02-01T00:00:00Z",
            "until": "2026-03-01T00:00:00Z",
            "payments": 268112,
            "frauds": 2244,
            "hits": 310,
            "caught": 248,
            "author": "mia",
            "at": "2026-03-01T11:58:00Z",
        }
    ]
}
FIGURES = {
    "hits": 310,
    "share": 0.00116,
    "caught": 248,
    "precision": 0.8,
    "recall": 0.11,
    "stopped": 2480000,
    "bothered": 311050,
    "customers": 301,
}
TRIED = {
    "recorded": ["many-payments-in-a-day"],
    "report": {
        "before": "7d5a1c0e9b42",
        "after": "0c1f5f3d2a9b",
        "since": "2026-02-01T00:00:03Z",
        "until": "2026-02-28T23:59:57Z",
        "payments": 268112,
        "frauds": 2244,
        "labelled": 2301,
        "flagged": {"before": FIGURES, "after": FIGURES},
        "declined": {"before": FIGURES, "after": FIGURES},
        "rules": [
            {
                "name": "many-payments-in-a-day",
                "state": "live",
                "figures": {"before": None, "after": FIGURES},
            }
        ],
        "moved": [
            {
                "before": "approve",
                "after": "review",
                "payments": 310,
                "frauds": 248,
                "amount": 2791050,
            }
        ],
        "examples": [],
    },
}
AGGREGATE = {
    "name": "card_declined_1h",
    "entity": "card",
    "aggregate": "count",
    "window": "1h",
    "condition": "channel = 'online' AND outcome = 'decline'",
}
AGGREGATES = {
    "aggregates": [
        {
            "aggregate": {**AGGREGATE, "author": "mia"},
            "state": "live",
            "rules": ["many-declines-in-an-hour"],
            "backfill": {
                "name": "card_declined_1h",
                "revision": 4,
                "payments": 812,
                "since": "2026-02-27T23:00:00Z",
                "at": "2026-03-01T12:00:09Z",
            },
        }
    ]
}
POINT = {
    "threshold": 45.0,
    "cards_per_day": 24.6,
    "caught": 686,
    "stopped": 15841223,
    "missed": 4106719,
    "cost": 4475719,
}
POLICY = {
    "by": "score",
    "since": "2026-01-22T00:00:03Z",
    "until": "2026-02-20T23:59:57Z",
    "days": 30,
    "payments": 268112,
    "ranked": 268112,
    "frauds": 1290,
    "at_risk": 19947942,
    "capacity": 100,
    "review_cost": 500,
    "present": POINT,
    "by_capacity": POINT,
    "by_cost": POINT,
    "curve": [POINT],
}
LISTING = {
    "kind": "customer",
    "value": "C000123",
    "verdict": "block",
    "reason": "account taken over, as the customer says",
    "until": "2026-03-08T12:00:00Z",
}
LISTED = {
    "entries": [{**LISTING, "author": "mia", "at": "2026-03-01T12:00:00Z"}],
}
ERASURE = {
    "customer_id": "C000123",
    "erased_at": "2026-03-01T12:00:00Z",
    "author": "mia",
    "reason": "the customer asked for it in writing",
}
ERASURES = {"erasures": [ERASURE]}
REGISTRATION = {"customer_id": "C000123", "name": "Ann's iPhone"}
DEVICE = {
    "id": "phone-5f0e5f31a2b4",
    "kind": "phone",
    **REGISTRATION,
    "keep_raw": False,
    "synthetic": False,
    "active": True,
    "author": "mia",
    "reason": "",
    "at": "2026-03-01T12:00:00Z",
}
DEVICES = {"devices": [DEVICE]}
NEW_DEVICE = {
    "id": "phone-5f0e5f31a2b4",
    "token": "phone-5f0e5f31a2b4.c2hvd24gdGhpcyBvbmNl",
    "path": "/v1/sensors/phone-5f0e5f31a2b4.c2hvd24gdGhpcyBvbmNl",
    "at": "2026-03-01T12:00:00Z",
    "customer_id": "C000123",
}
FIX = {
    "occurred_at": "2026-03-01T12:00:00Z",
    "latitude": 47.0596182,
    "longitude": 11.6682489,
    "accuracy_m": 3.5,
    "speed_mps": 12.4,
}
DEVICE_STATE = {
    "id": "phone-5f0e5f31a2b4",
    "worker": "worker-1",
    "messages": 60,
    "repeats": 1,
    "readings": 12060,
    "last_fix": FIX,
}
PUSHED = {
    "messageId": 7,
    "sessionId": "5b1d0c7a",
    "deviceId": "eeaf6dad",
    "payload": [
        {
            "name": "location",
            "time": 1772366400000000000,
            "values": {
                "latitude": 47.0596182,
                "longitude": 11.6682489,
                "horizontalAccuracy": 3.5,
                "speed": 12.4,
            },
        }
    ],
}
TAKEN = {"device": "phone-5f0e5f31a2b4"}
WORKER = {
    "worker": "worker-1",
    "role": "score",
    "url": "http://127.0.0.1:8080",
    "at": "2026-03-01T12:00:00.250Z",
    "state": "running",
    "owned": {"customer-activity": [0, 1], "terminal-activity": [0, 1]},
    "lag": {"customer-activity": 0, "terminal-activity": 0},
    "decided": 1,
    "captured": 1,
    "duplicates": 0,
    "dead_letters": 0,
    "delivered": 0,
    "outcomes": {"approve": 1},
}
WORKERS = {"workers": [WORKER]}
STRATUM = {
    "segment": "regular",
    "outcome": "decline",
    "channel": "online",
    "since": "2026-01-19T00:00:00Z",
    "seen": 96,
    "kept": 32,
}
SKETCHED = {
    "partitions": 4,
    "answered": 4,
    "filters": [
        {
            "kind": "device",
            "by_segment": False,
            "blocks": 44,
            "bytes": 697_312,
            "things": 24_120,
            "capacity": 200_024,
            "fill": 0.08,
            "configured": 0.01,
            "expected": 0.00002,
            "measured": 0.00005,
            "probes": 80_000,
            "since": "2026-03-01T12:00:00Z",
        }
    ],
    "strata": [STRATUM],
}
SEEN = {
    "kind": "place",
    "value": "48.2082,16.3738",
    "known_as": "871e15b71ffffff",
    "segment": None,
    "seen": True,
    "error": 0.01,
}
SAMPLED_PAYMENT = {
    "id": "T000042",
    "stands_for": 3.0,
    "payment": {
        "occurred_at": "2026-03-01T12:00:00Z",
        "amount": 48_000,
        "currency": "EUR",
        "outcome": "decline",
        "score": 85.0,
        "channel": "online",
        "segment": "regular",
        "terminal_id": "P000042",
        "country": "AT",
        "place": {"latitude": 48.2082, "longitude": 16.3738},
        "reason": "amount 480.00, 12 times the usual 40.00",
    },
}
SAMPLES = {
    "partitions": 4,
    "answered": 4,
    "strata": [STRATUM],
    "payments": [SAMPLED_PAYMENT],
    "weighted": [SAMPLED_PAYMENT],
}
TOKEN = {
    "token": "eyJuYW1lIjoiYW5uIn0.c2lnbmVk",
    "name": "ann",
    "role": "analyst",
    "expires_at": "2026-03-01T20:00:00Z",
}
READINESS = {
    "state": "running",
    "worker": "worker-1",
    "role": "score",
    "owned": {"terminal-activity": [0, 1]},
}
PROBLEM = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "no decision on a payment 'T000009' is in the archive",
}
PUBLISHED: dict[str, object] = {
    "publication": {
        "day": "2026-03-01",
        "of": "declined",
        "by": "channel",
        "epsilon": 1.0,
        "most": 5,
        "error": 5.0,
        "counts": {"pos": 112, "online": 341, "atm": 0, "transfer": 27, "other": 3},
        "published_at": "2026-03-02T08:15:00Z",
    },
    "left": 3.0,
}
TRADEOFF: dict[str, object] = {
    "rows": 2000,
    "people": 812,
    "quasi": ["hour", "amount"],
    "sensitive": "outcome",
    "points": [
        {
            "k": 5,
            "loss": 0.143,
            "measured": {
                "rows": 2000,
                "classes": 298,
                "k": 5,
                "l": {"outcome": 1},
                "t": {"outcome": 0.38},
                "risk": 0.149,
                "at_risk": 0.0,
                "sizes": [0, 0, 0, 290, 8, 0, 0, 0],
            },
        }
    ],
    "refused": [],
    "unfinished": [],
}
GROUP = {
    "id": "C000123.17",
    "since": "2026-03-01T12:00:00Z",
    "at": "2026-03-01T12:04:00Z",
    "size": 3,
    "frauds": 1,
    "members": ["C000123", "C000401", "C000977"],
    "why": [{"members": 3, "reason": "3 of 3 pay A000000042 for the first time"}],
    "links": [{"one": "C000123", "other": "C000401"}],
    "synthetic": False,
}
GROUPS = {"known": 1, "groups": [GROUP]}
