"""Recovery: Faust's own, with the engine's restore in the place of its replay."""

from typing import Any

from faust.tables.manager import TableManager as FaustTableManager
from faust.tables.recovery import Recovery as FaustRecovery
from faust.types import TP


class Recovery(FaustRecovery):
    """Restores checkpointed tables before the streams resume."""

    def add_active(self, table: Any, tp: TP) -> None:
        """Leave a changelog out of Faust's replay: the engine reads it itself."""

    def add_standby(self, table: Any, tp: TP) -> None:
        """Keep no standby copies: a checkpoint restores faster than they help."""

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """Restore rows, then seek and resume; given up if another rebalance starts."""
        consumer = self.app.consumer
        await self._wait(self.app.engine.restore(consumer.assignment()))
        await super().on_recovery_completed(generation_id)


class TableManager(FaustTableManager):
    """Faust's table manager with the engine's recovery."""

    _recovery: Recovery | None

    @property
    def recovery(self) -> Recovery:
        """The recovery service, made on first use."""
        if self._recovery is None:
            self._recovery = Recovery(
                self.app, self, beacon=self.beacon, loop=self.loop
            )
        return self._recovery
