"""Live lists: whom to block and whom to let through, as it is now."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from app.engine.batches import Record
from app.errors import RuleError
from app.rules.lists import Lists

log = logging.getLogger(__name__)


class LiveLists:
    """Hears the topic `lists`; a stage asks `present` once a payment."""

    def __init__(self) -> None:
        self.present = Lists()

    def hear(self, records: Sequence[Record]) -> None:
        """Take records of the topic; one that cannot be read is passed over."""
        for record in records:
            at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
            try:
                self.present.apply(record.key or b"", record.value or b"", at=at)
            except RuleError as error:
                # Written by another release: what it says is not for this worker.
                log.warning("%s", error)
