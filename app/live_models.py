"""Live models: the registry as it is now, and the models that score, made ready."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from app.engine.batches import Record
from app.errors import ModelError
from app.features.catalogue import NAMES
from app.scoring.model import Model
from app.scoring.registry import Registry, Role, Upload, unpack
from app.scoring.scorers import Scorers

log = logging.getLogger(__name__)

READY = 4
"""So many of the newest models are made ready when they come, not when appointed."""


class LiveModels:
    """Hears the topic `models`; `present` is what scores.

    A stage reads `present` once a batch. A model is made ready in a thread when it
    comes, while payments are scored by those there were; an appointment then only has
    to name it. Where the newest appointment's cannot be used, `refused` says why by
    version, and the newest that can be goes on.
    """

    def __init__(self) -> None:
        self.registry = Registry()
        self.present = Scorers()
        self.refused: dict[str, str] = {}
        self._ready: dict[str, tuple[Upload, Model]] = {}
        self._changed = False
        self._loading: asyncio.Task[None] | None = None

    def hear(self, records: Sequence[Record]) -> None:
        """Take records of the topic; one that cannot be read is passed over."""
        for record in records:
            at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
            try:
                self.registry.apply(record.key or b"", record.value or b"", at=at)
            except ModelError as error:
                # Written by another release: what it says is not for this worker.
                log.warning("%s", error)
        self._changed = True
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._load())

    async def settled(self) -> None:
        """Wait until what was heard scores, or is refused."""
        while self._loading is not None and not self._loading.done():
            await asyncio.wait([self._loading])

    async def ready(self, version: str) -> Model:
        """Return a model that was brought in, made ready to score.

        Raises:
            ModelError: it was not, or cannot be used.
        """
        upload = self.registry.uploads.get(version)
        if upload is None:
            message = "it was appointed, and never uploaded"
            raise ModelError(message)
        made_of, model = self._ready.get(version, (None, None))
        if model is None or made_of is not upload:
            model = await asyncio.to_thread(_made_ready, upload)
            self._ready[version] = upload, model
        return model

    async def _load(self) -> None:
        while self._changed:
            self._changed = False
            refused: dict[str, str] = {}
            present = Scorers(
                live=await self._newest("live", refused),
                shadow=await self._newest("shadow", refused),
            )
            if present != self.present:
                log.info("models: live %s, shadow %s", *present.versions)
            self.present = present
            newest = [*self.registry.uploads][-READY:]
            for version in newest:
                await self._attempt(version, refused)
            for version in refused.keys() - self.refused.keys():
                log.error("model %s is not used: %s", version, refused[version])
            self.refused = refused
            kept = {*newest, *present.versions}
            self._ready = {v: one for v, one in self._ready.items() if v in kept}

    async def _newest(self, role: Role, refused: dict[str, str]) -> Model | None:
        """Return the model of the newest appointment to a role that can be used."""
        for appointment in reversed(self.registry.appointments):
            version = getattr(appointment, role)
            if version is None:
                return None
            if model := await self._attempt(version, refused):
                return model
        return None

    async def _attempt(self, version: str, refused: dict[str, str]) -> Model | None:
        if version in refused:
            return None
        try:
            return await self.ready(version)
        except ModelError as error:
            refused[version] = str(error)
            return None


def _made_ready(upload: Upload) -> Model:
    model = unpack(upload)
    model.contributions([[None] * len(NAMES)])  # what is slow the first time
    return model
