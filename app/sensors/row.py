"""Rows: what is remembered of a device between its messages."""

from datetime import datetime, timedelta
from typing import Self

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from app.events.readings import Fix
from app.features.clock import CLOCKS
from app.sensors.fixes import teleported
from app.sensors.heights import Climb
from app.sensors.machines import Rest
from app.sensors.reporting import is_news

WINDOW = 1_024
"""Messages behind a session's newest among which a repeat is recognised."""
SESSIONS = 32
"""Sessions of a device whose messages are remembered, the newest ones."""
_MASK = (1 << WINDOW) - 1


class Session(Struct, array_like=True):
    """The newest message of a session, and which of those behind it came (bits)."""

    name: bytes
    newest: int
    came: bytes


class Kept(Struct, array_like=True):
    """A device's row as it is stored."""

    version: int
    sessions: list[Session]
    last: Fix | None
    reported: Fix | None
    messages: int
    repeats: int
    readings: int
    rest: Rest | None = None
    climb: Climb | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode
VERSION = 1


class DeviceRow:
    """Which messages of a device have come, its last fixes, and how it is at rest.

    Only of a cash machine `rest` is known, and only of a phone with a barometer that
    tells altitudes the heights of its `climb`.
    """

    __slots__ = (
        "_last",
        "_reported",
        "_sessions",
        "climb",
        "messages",
        "readings",
        "repeats",
        "rest",
    )

    def __init__(self) -> None:
        self._sessions: dict[bytes, tuple[int, int]] = {}  # newest, bits from it down
        self._last: Fix | None = None
        self._reported: Fix | None = None
        self.messages = 0
        self.repeats = 0
        self.readings = 0
        self.rest: Rest | None = None
        self.climb = Climb()

    def repeated(self, session: bytes, number: int) -> bool:
        """Whether a message came before; remembers that it has come.

        A repeat is told within `WINDOW` messages of a session's newest, in the
        device's last `SESSIONS` sessions. One further behind counts as new.
        """
        known = self._sessions.pop(session, None)
        self.messages += 1
        if known is None:
            newest, came, before = number, 1, False
        else:
            newest, came = known
            ahead = number - newest
            if ahead > 0:
                came = ((came << ahead) & _MASK) | 1 if ahead < WINDOW else 1
                newest, before = number, False
            elif -ahead < WINDOW:
                bit = 1 << -ahead
                before = bool(came & bit)
                came |= bit
            else:
                before = False
        self._sessions[session] = newest, came
        while len(self._sessions) > SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        self.repeats += before
        return before

    def learn(self, fixes: list[Fix], *, received_at: datetime) -> list[Fix]:
        """Learn a message's fixes, by time; return them with what they raise together.

        One that no airliner could have come to from the one before is `teleported`.
        """
        found = []
        for fix in fixes:
            last = _believed(self._last, fix, received_at)
            if last is not None and teleported(last, fix):
                fix = replace(fix, doubts=(*fix.doubts, "teleported"))  # noqa: PLW2901
            if last is None or fix.occurred_at > last.occurred_at:
                self._last = fix
            found.append(fix)
        return found

    def news(self, fixes: list[Fix], *, received_at: datetime) -> list[Fix]:
        """Return those fixes that say something new; the last one is remembered."""
        found = []
        for fix in fixes:
            if is_news(_believed(self._reported, fix, received_at), fix):
                self._reported = fix
                found.append(fix)
        return found

    def encode(self) -> bytes:
        """Return the row's bytes."""
        sessions = [
            Session(name, newest, came.to_bytes((came.bit_length() + 7) // 8, "little"))
            for name, (newest, came) in self._sessions.items()
        ]
        return _encode(
            Kept(
                VERSION,
                sessions,
                self._last,
                self._reported,
                self.messages,
                self.repeats,
                self.readings,
                self.rest,
                self.climb if self.climb.heights else None,
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the row that `encode` made the bytes from.

        Raises:
            ValueError: the bytes are of another version.
        """
        kept = _decode(data)
        if kept.version != VERSION:
            message = f"device row: got version {kept.version}, expected {VERSION}"
            raise ValueError(message)
        row = cls()
        row._sessions = {
            one.name: (one.newest, int.from_bytes(one.came, "little"))
            for one in kept.sessions
        }
        row._last, row._reported = kept.last, kept.reported
        row.messages, row.repeats = kept.messages, kept.repeats
        row.readings, row.rest = kept.readings, kept.rest
        row.climb = kept.climb or Climb()
        return row

    def view(self) -> dict[str, object]:
        """Return the row as REST shows it."""
        return {
            "messages": self.messages,
            "repeats": self.repeats,
            "readings": self.readings,
            "last_fix": self._last,
        }


def _believed(last: Fix | None, fix: Fix, received_at: datetime) -> Fix | None:
    """Return the last fix; None where a clock that went ahead told it.

    It did where an older fix comes while the last one is still in the future.
    """
    latest = max(fix.occurred_at, received_at + timedelta(microseconds=CLOCKS))
    return None if last and last.occurred_at > latest else last
