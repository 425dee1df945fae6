"""The models that score follow the topic, and a bad one changes nothing."""

import zlib
from typing import Any

import msgspec

from app.live_models import LiveModels
from app.scoring.registry import Appointment, Upload
from tests.scoring.builders import a_model
from tests.scoring.test_registry import an_appointment, an_upload
from tests.web.site import a_record

GOOD, OTHER = a_model().version, a_model(rounds=30).version


async def hear(models: LiveModels, *told: Upload | Appointment | bytes) -> Any:
    """Have records heard and settled; return the versions that score now."""
    models.hear(
        [
            a_record("models", b"?", one)
            if isinstance(one, bytes)
            else a_record("models", one.key, msgspec.json.encode(one))
            for one in told
        ]
    )
    await models.settled()
    present = models.present
    return tuple(one and one.version for one in (present.live, present.shadow))


def another(**fields: Any) -> Upload:
    model = a_model(rounds=30)
    return an_upload(version=model.version, trees=_deflated(model.trees), **fields)


def _deflated(trees: str) -> bytes:
    return zlib.compress(trees.encode())


async def test_a_model_scores_from_its_appointment_on_and_no_longer_than_it():
    models = LiveModels()

    assert await hear(models, an_upload(), another()) == (None, None)
    assert await hear(models, an_appointment(live=GOOD)) == (GOOD, None)
    assert await hear(models, an_appointment(number=2, live=OTHER, shadow=GOOD)) == (
        OTHER,
        GOOD,
    )
    assert await hear(models, an_appointment(number=3)) == (None, None)


async def test_a_model_that_cannot_be_used_leaves_the_one_before_it_and_is_told():
    models = LiveModels()
    await hear(models, an_upload(), an_appointment(live=GOOD))

    broken = another()
    bad = msgspec.structs.replace(broken, trees=_deflated("no trees"))
    now = await hear(models, bad, an_appointment(number=2, live=OTHER))

    assert now == (GOOD, None)
    assert "expected " + OTHER in models.refused[OTHER]
    assert await hear(models, broken) == (OTHER, None)
    assert models.refused == {}


async def test_a_model_that_nobody_uploaded_and_records_of_no_sense_change_nothing():
    models = LiveModels()
    await hear(models, an_upload(), an_appointment(live=GOOD, shadow=GOOD))

    now = await hear(models, b"nonsense", an_appointment(number=2, live="f" * 12))

    assert now == (GOOD, None)
    assert "never uploaded" in models.refused["f" * 12]


async def test_what_is_heard_while_a_model_is_made_ready_counts_too():
    models = LiveModels()
    for one in (an_upload(), another(), an_appointment(live=GOOD)):
        models.hear([a_record("models", one.key, msgspec.json.encode(one))])
    newest = an_appointment(number=2, live=OTHER)

    assert await hear(models, newest) == (OTHER, None)
