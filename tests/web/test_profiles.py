"""Profiles: from here and elsewhere, by role, and with a half missing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pymongo.errors import ServerSelectionTimeoutError

from app.events.payments import Payment, Place
from app.events.readings import Fix, Fixes
from app.features.customers import CustomerRow
from tests.features.builders import used
from tests.web.pulses import a_decision
from tests.web.site import Site, key_in
from tests.web.test_entities import two_sites
from web.users import Role

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
VIENNA = {"latitude": 48.2, "longitude": 16.37}
SECRETS = ("48.2", "16.37", "phone-1", "d-1", 'failed_log_ins":1', "IT")


def archived(identity: str, customer: str, **fields: Any) -> dict[str, Any]:
    payment = {
        "customer_id": customer,
        "country": "AT",
        "device_id": "d-1",
        "place": Place(**VIENNA),
    }
    made = a_decision(identity, payment=payment | fields)
    kept: dict[str, Any] = msgspec.to_builtins(made)
    return kept


def row(customer: str) -> CustomerRow:
    found = CustomerRow()
    found.profile(Payment("T0", AT, customer, "P1", 1250, "EUR", AT, AT))
    found.fixes(Fixes(customer, "phone-1", AT, [Fix(AT, 48.2, 16.37, 10.0)]))
    found.use(used(0, "log-in", outcome="failure"))
    return found


def filled(site: Site, customer: str = "C1") -> Site:
    """Have a customer who lives in Austria and pays in Italy."""
    for number in range(8):
        away = {"country": "IT"} if number > 6 else {}
        at = AT - timedelta(days=8 - number)
        identity = f"T{number}"
        kept = archived(identity, customer, occurred_at=at, **away)
        site.archive.kept[identity] = kept
    site.table.rows[customer.encode()] = row(customer)
    return site


class Away:
    """An archive that does not answer."""

    async def decision(self, _: str) -> dict[str, Any] | None:
        message = "away"
        raise ServerSelectionTimeoutError(message)

    async def of_customer(self, _: str, __: int) -> list[dict[str, Any]]:
        message = "away"
        raise ServerSelectionTimeoutError(message)

    async def close(self) -> None:
        """Do nothing."""


async def asked(site: Site, path: str, name: str = "ann") -> Any:
    async with site.client(name) as client:
        return await client.get(path)


async def test_a_profile_is_made_of_the_archive_and_the_live_state(site: Site):
    told = (await asked(filled(site), "/v1/customers/C1/profile")).json()

    assert (told["id"], told["payments"], told["missing"]) == ("C1", 8, [])
    assert told["lifetime"] == {"payments": 1, "frauds": 0}
    assert told["habits"]["payments"] == 8
    assert told["whereabouts"]["home"] == "AT"
    assert told["whereabouts"]["phones"][0]["place"] == VIENNA
    assert told["whereabouts"]["sessions"][0]["failed_log_ins"] == 1
    assert [one["kind"] for one in told["services"]] == ["travel-notice"]


@pytest.mark.parametrize(
    ("name", "role"), [("vic", "viewer"), ("ann", "analyst"), ("mia", "manager")]
)
async def test_where_somebody_is_is_for_analysts_and_above(
    site: Site, name: str, role: Role
):
    answers = [
        (await asked(filled(site), path, name)).text
        for path in ("/v1/customers/C1/profile", "/v1/customers/C1")
    ]

    seen = [secret for secret in SECRETS if any(secret in text for text in answers)]
    assert seen == ([] if role == "viewer" else list(SECRETS))


async def test_the_row_may_be_kept_elsewhere(tmp_path: Path):
    one, two = two_sites(tmp_path)
    identity = key_in(3)
    two.table.rows[identity.encode()] = row(identity)
    for name in ("vic", "ann"):
        told = (await asked(one, f"/v1/customers/{identity}/profile", name)).json()

        assert told["lifetime"]["payments"] == 1
        assert (told["whereabouts"] is None) == (name == "vic")


async def test_what_does_not_answer_is_missing_and_the_rest_is_told(site: Site):
    filled(site)
    site.engine.sought = False
    no_state = (await asked(site, "/v1/customers/C1/profile")).json()
    site.engine.sought = True
    object.__setattr__(site.context, "archive", Away())
    no_archive = (await asked(site, "/v1/customers/C1/profile")).json()
    site.engine.sought = False
    neither = await asked(site, "/v1/customers/C1/profile")

    assert (no_state["missing"], no_state["lifetime"]) == (["state"], None)
    assert (no_archive["missing"], no_archive["habits"]) == (["archive"], None)
    assert neither.status_code == 503


async def test_of_nobody_there_is_no_profile(site: Site):
    answer = await asked(site, "/v1/customers/nobody/profile")

    assert answer.status_code == 404
    assert "remembered or archived" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("identity", "pages"),
    [("T3", ["transactions"]), ("C1", ["customers"]), ("nobody", [])],
)
async def test_an_id_leads_to_its_pages(site: Site, identity: str, pages: list[str]):
    told = (await asked(filled(site), f"/v1/find/{identity}", "vic")).json()

    assert told == {"id": identity, "pages": pages}
