"""Live devices: which devices may send, as it is now."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from app.engine.batches import Record
from app.errors import BadRecord
from app.sensors.registry import Devices

log = logging.getLogger(__name__)


class LiveDevices:
    """Hears the topic `devices`; whoever takes readings asks `present`."""

    def __init__(self) -> None:
        self.present = Devices()

    def hear(self, records: Sequence[Record]) -> None:
        """Take records of the topic; one that cannot be read is passed over."""
        for record in records:
            at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
            try:
                self.present.apply(record.value or b"", at=at)
            except BadRecord as error:
                # Written by another release: what it says is not for this worker.
                log.warning("%s", error)
