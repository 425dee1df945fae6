"""Files of app events: each row is checked, and what does not fit names its column."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.app_events import captured_app_event
from app.errors import ColumnMapError
from app.events.app_events import AppEvent
from app.privacy.tokens import Tokens
from app.sources.chunks import DueAppEvent
from app.sources.column_map import EventMap, load_any_map, load_map
from app.sources.event_files import BadRow, EventFile, read_events

HEADER = (
    "index,Login Timestamp,User ID,Round-Trip Time [ms],IP Address,Country,Region,City,"
    "ASN,User Agent String,Browser Name and Version,OS Name and Version,Device Type,"
    "Login Successful,Is Attack IP,Is Account Takeover"
)
CHROME = '"Mozilla/5.0  (Windows NT 10.0; WOW64) Chrome/79.0 Safari/537.36"'
ROW: dict[str, str] = {
    "index": "0",
    "time": "2020-02-03 12:43:30.772",
    "user": "-4324475583306591935",
    "trip": "41.0",
    "ip": "203.0.113.65",
    "country": "NO",
    "region": "-",
    "city": "-",
    "asn": "64512",
    "agent": CHROME,
    "browser": "Chrome 79.0",
    "system": "Windows 10",
    "device": "desktop",
    "successful": "True",
    "attack": "False",
    "takeover": "False",
}
ACTIONS = Path(__file__).parents[3] / "shared" / "data" / "bank-app-actions.csv"


def rba() -> EventMap:
    found = load_any_map("risk-based-authentication")
    assert isinstance(found, EventMap)
    return found


@pytest.fixture
def file(tmp_path: Path) -> Any:
    """Give what writes rows, each ROW but for what is named, and reads them."""

    def write(*rows: dict[str, str], **how: Any) -> EventFile:
        path = tmp_path / "log-ins.csv"
        lines = [",".join((ROW | row).values()) for row in rows]
        path.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
        return read_events(path, columns=rba(), **how)

    return write


def stated(row: Any) -> dict[str, Any]:
    assert isinstance(row, DueAppEvent), row
    found: dict[str, Any] = msgspec.json.decode(row.value)
    return found


def test_a_log_in_of_the_public_data_set_is_an_app_event(file: Any):
    (row,) = file({}).events()
    told = stated(row)

    assert told.pop("id") == row.id
    assert told == {
        "occurred_at": "2020-02-03T12:43:30.772000Z",
        "customer_id": "-4324475583306591935",
        "kind": "log-in",
        "outcome": "success",
        "ip": "203.0.113.65",
        "asn": 64512,
        "country": "NO",
        "user_agent": CHROME.strip('"'),
        "device_type": "desktop",
        "round_trip_ms": 41,
        "synthetic": True,
    }
    assert row.due == 1_580_733_810_772_000


def test_capture_takes_it_and_leaves_no_address(file: Any):
    (row,) = file({"successful": "false"}).events()
    now = datetime.now(UTC)
    tokens = Tokens(bytes(32), key_id="k1")

    event = captured_app_event(
        row.value, received_at=now, captured_at=now, tokens=tokens
    )

    assert isinstance(event, AppEvent)
    assert (event.outcome, event.browser) == ("failure", "Chrome on Windows")
    assert b"203.0.113" not in msgspec.json.encode(event)


def test_what_a_row_leaves_out_is_left_out(file: Any):
    empty = {"trip": "", "ip": "", "country": "-", "asn": "", "agent": ""}
    (row,) = file(empty).events()

    assert not stated(row).keys() & {"ip", "asn", "country", "user_agent"}
    assert "round_trip_ms" not in stated(row)


@pytest.mark.parametrize(
    ("wrong", "column", "got"),
    [
        ({"time": "yesterday"}, "Login Timestamp", ""),
        ({"time": ""}, "Login Timestamp", "nothing"),
        ({"user": ""}, "User ID", "nothing"),
        ({"trip": "soon"}, "Round-Trip Time [ms]", ""),
        ({"trip": "-5"}, "Round-Trip Time [ms]", ""),
        ({"ip": "1.2.3.4.5"}, "IP Address", "9 characters"),
        ({"country": "Norway"}, "Country", ""),
        ({"asn": "AS64512"}, "ASN", ""),
        ({"agent": "x" * 600}, "User Agent String", ""),
        ({"device": "fridge"}, "Device Type", "fridge"),
        ({"successful": "maybe"}, "Login Successful", "maybe"),
        ({"time": "1999-01-01 00:00:00"}, "Login Timestamp", "1999"),
    ],
)
def test_a_row_that_does_not_fit_names_its_column_and_the_rest_goes_on(
    file: Any, wrong: dict[str, str], column: str, got: str
):
    found = list(file({}, wrong, {"user": "2"}).events())

    (bad,) = [row for row in found if isinstance(row, BadRow)]
    assert bad.row == 2
    assert column in bad.why
    assert got in bad.why
    assert "1.2.3.4" not in bad.why
    assert sum(isinstance(row, DueAppEvent) for row in found) == 2


def test_rows_go_by_time_and_those_of_a_moment_as_the_file_has_them(file: Any):
    late, early = {"user": "1", "time": "2020-02-04 00:00:00"}, {"user": "2"}
    found = file(late, early, {"user": "3"})

    assert len(found) == 3
    assert [row.key for row in found.events()] == [b"2", b"3", b"1"]


def test_since_until_and_limit_cut_by_event_time(file: Any):
    days = [{"time": f"2020-02-0{day} 12:00:00", "user": f"{day}"} for day in (1, 2, 3)]

    def users(**how: Any) -> list[bytes]:
        return [row.key for row in file(*days, **how).events()]

    assert users(since=datetime(2020, 2, 2, tzinfo=UTC)) == [b"2", b"3"]
    assert users(until=datetime(2020, 2, 2, tzinfo=UTC)) == [b"1"]
    assert users(limit=2) == [b"1", b"2"]


def test_a_row_has_the_same_id_in_each_replay_and_another_row_another(file: Any):
    first = [row.id for row in file({}, {"user": "2"}).events()]
    again = [row.id for row in file({"user": "2"}, {}).events()]

    assert len(set(first)) == 2
    assert set(again) == set(first)


def test_times_with_a_zone_are_brought_to_utc(file: Any):
    (row,) = file({"time": "2020-02-03T14:43:30+02:00"}).events()

    assert stated(row)["occurred_at"] == "2020-02-03T12:43:30Z"


def test_a_column_that_is_missing_is_told_with_the_nearest(tmp_path: Path):
    path = tmp_path / "other.csv"
    path.write_text("Login Timestamps,User ID\n2020-02-03 12:43:30,1\n")

    with pytest.raises(ColumnMapError) as refused:
        read_events(path, columns=rba())
    assert "did it become 'Login Timestamps'?" in str(refused.value)


def test_a_file_that_is_no_table_is_refused(tmp_path: Path):
    path = tmp_path / "other.parquet"
    path.write_text("no table")

    with pytest.raises(ColumnMapError):
        read_events(path, columns=rba())


def test_a_map_of_app_events_is_none_of_payments():
    with pytest.raises(ColumnMapError) as refused:
        load_map("risk-based-authentication")
    assert "got one of app events, expected of payments" in str(refused.value)


def test_a_map_of_app_events_says_when_and_who(tmp_path: Path):
    path = tmp_path / "own.toml"
    path.write_text('record = "app-events"\n[columns]\noccurred_at = "At"\n')

    with pytest.raises(ColumnMapError) as refused:
        load_any_map(str(path))
    assert "nothing is said of 'customer_id'" in str(refused.value)


def actions(tmp_path: Path, names: list[str]) -> list[DueAppEvent | BadRow]:
    """Read a bank's log of calls with these names."""
    path = tmp_path / "calls.csv"
    lines = [f"2026-03-01T12:00:{i % 60:02},C1,{name}" for i, name in enumerate(names)]
    path.write_text("\n".join(["Time,Customer,Name", *lines, ""]), encoding="utf-8")
    columns = load_any_map("app-actions")
    assert isinstance(columns, EventMap)
    return list(read_events(path, columns=columns).events())


def test_a_call_is_an_action_with_or_without_its_slash(tmp_path: Path):
    found = actions(tmp_path, ["/CARDS/FETCHCARDS", "INFO/GETCOUNTRIES", "NOT A CALL"])

    assert [stated(row)["action"] for row in found[:2]] == [
        "/CARDS/FETCHCARDS",
        "/INFO/GETCOUNTRIES",
    ]
    assert isinstance(found[2], BadRow)
    assert "column 'Name'" in found[2].why


def test_every_call_of_a_bank_s_list_is_an_action(tmp_path: Path):
    if not ACTIONS.exists():
        pytest.skip("the list of a bank's calls is not there")
    names = ACTIONS.read_text("utf-8").split()[1:]

    found = actions(tmp_path, names)

    assert len(found) == len(names) > 1_000
    assert [row for row in found if isinstance(row, BadRow)] == []
