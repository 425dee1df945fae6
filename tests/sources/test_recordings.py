"""Recordings of the Sensor Logger app: folder, zip and JSON give the same messages."""

import zipfile
from pathlib import Path

import msgspec
import pytest

from app.errors import ColumnMapError
from app.sources.recordings import messages, read

LOCATION = """time,seconds_elapsed,speed,longitude,latitude
1764585556005611800,-108.2,0.59,11.668248979300474,47.059618201633896
1764585664320805000,0.08,0.59,11.668248979300474,47.059618201633896
1764585665964758000,1.72,2.85,11.669327465293387,47.0600310235481
"""
BAROMETER = """time,seconds_elapsed,relativeAltitude,pressure
1764585663780992300,-0.45,0,703.3601379394531
1764585664785728300,0.54,0.058,703.35
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "drive"
    made.mkdir()
    (made / "Location.csv").write_text(LOCATION)
    (made / "Barometer.csv").write_text(BAROMETER)
    (made / "Metadata.csv").write_text("version,device name\n3,iPhone\n")
    return made


def test_a_folder_a_zip_and_a_json_file_are_the_same_recording(
    folder: Path, tmp_path: Path
):
    with zipfile.ZipFile(tmp_path / "drive.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"2025/{file.name}")
    (tmp_path / "drive.json").write_bytes(msgspec.json.encode(read(folder).rows))

    found = [read(folder), read(tmp_path / "drive.zip"), read(tmp_path / "drive.json")]

    assert found[0] == found[1] == found[2]
    assert len(found[0].rows) == 5
    assert found[0].start_ns == 1764585664320805000


def test_messages_are_a_second_each_and_cached_fixes_come_with_the_first(folder: Path):
    found = [(due, msgspec.json.decode(body)) for due, body in messages(read(folder))]

    assert [due for due, _ in found] == [0.0, 1.0]
    assert [body["messageId"] for _, body in found] == [1, 2]
    assert [one["name"] for one in found[0][1]["payload"]] == [
        "location",
        "barometer",
        "location",
        "barometer",
    ]
    assert found[0][1]["payload"][0]["time"] == 1764585556005611800
    assert found[0][1]["payload"][0]["values"]["latitude"] == 47.059618201633896


def test_times_can_be_moved_and_the_moved_recording_is_another_session(folder: Path):
    (_, first), _ = messages(read(folder), shift_ns=10**9)
    (_, plain), _ = messages(read(folder))
    moved, whole = msgspec.json.decode(first), msgspec.json.decode(plain)

    assert moved["payload"][0]["time"] == whole["payload"][0]["time"] + 10**9
    assert moved["sessionId"] != whole["sessionId"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "[]"),
        ("a.json", "{"),
        ("a.json", '[{"sensor":"x"}]'),
        ("a.json", '[{"sensor":"x","time":null}]'),
        ("a.json", f'[{{"sensor":"x","time":"{"9" * 5_000}"}}]'),
        ("a.json", '[{"sensor":"x","time":"1","seconds_elapsed":"soon"}]'),
        ("a.json", '[{"time":"1"}]'),
        ("a.json", "[" * 5_000),
        ("a.zip", "x"),
    ],
)
def test_what_is_no_recording_is_refused_by_name_in_a_line(
    tmp_path: Path, name: str, text: str
):
    (tmp_path / name).write_text(text)

    with pytest.raises(ColumnMapError, match=name) as refused:
        read(tmp_path / name)

    assert len(str(refused.value)) < 200


def test_a_row_with_more_cells_than_columns_is_told_by_its_number(folder: Path):
    (folder / "Barometer.csv").write_text(BAROMETER + "1764585664785728300,1,2,3,4\n")

    with pytest.raises(ColumnMapError, match=r"Barometer\.csv, row 3 with more cells"):
        read(folder)


def test_a_second_of_many_readings_goes_in_messages_that_every_broker_takes(
    folder: Path,
):
    rows = [f"{1764585664320805000 + n},0,{n / 7!r}\n" for n in range(1_100)]
    (folder / "Gravity.csv").write_text("time,seconds_elapsed,x\n" + "".join(rows))

    found = [(due, body) for due, body in messages(read(folder)) if due == 0.0]

    assert len(found) == 3
    assert max(len(body) for _, body in found) < 96 * 1024  # sealed a third more
