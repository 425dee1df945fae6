"""State: what a worker is doing, as its pulse and its health say it."""

from app.engine.application import Application


def state(app: Application) -> str:
    """Return `starting`, `recovering`, `running` or, without partitions, `standby`.

    A worker is starting until Kafka is there, and recovering whenever partitions
    change hands.
    """
    if not app.engine.started:
        return "starting"
    if not app.engine.sought:
        return "recovering"
    return "running" if app.engine.positions else "standby"


def owned(app: Application) -> dict[str, list[int]]:
    """Return the partitions that this worker works on now, by topic."""
    found: dict[str, list[int]] = {}
    if app.engine.sought:
        for topic, partition in sorted(app.engine.positions):
            found.setdefault(topic, []).append(partition)
    return found


def lag(app: Application) -> dict[str, int]:
    """Return the records not yet dealt with, by topic, as far as Kafka has told."""
    return app.engine.lag(app.consumer) if app.engine.sought else {}
