"""The application that `faust -A app.main worker` runs, by role.

Role `score` decides payments; role `deliver` brings decisions to the stores; role
`sketch` keeps small summaries of them. Each is a consumer group of its own, so that
neither a slow store nor a summary ever holds up a decision.
"""

import mode.loop

from app import topics
from app.counters import Counters
from app.customer_keys import CustomerKeys
from app.engine.application import Application
from app.engine.follower import Follower
from app.live_devices import LiveDevices
from app.live_lists import LiveLists
from app.live_models import LiveModels
from app.live_rules import LiveRules
from app.settings import load
from app.waiters import Waiters

AGENTS = {
    "score": [
        "agents.capture",
        "agents.customers",
        "agents.terminals",
        "agents.devices",
        "agents.bridge",
        "web.mount",
    ],
    "deliver": [
        "agents.deliver",
        "agents.labels",
        "agents.series",
        "agents.backfill",
        "agents.retention",
        "web.mount",
    ],
    "sketch": [
        "agents.sketches",
        "agents.behaviours",
        "agents.groups",
        "web.mount",
    ],
}

mode.loop.use("uvloop")
settings = load()
counters = Counters()
waiters = Waiters()
keys = CustomerKeys(settings)
rules = LiveRules()
rules_follower = Follower(settings.kafka, topics.RULES.name, hear=rules.hear)
models = LiveModels()
models_follower = Follower(settings.kafka, topics.MODELS.name, hear=models.hear)
lists = LiveLists()
lists_follower = Follower(settings.kafka, topics.LISTS.name, hear=lists.hear)
devices = LiveDevices()
devices_follower = Follower(settings.kafka, topics.DEVICES.name, hear=devices.hear)


async def prepare() -> None:
    """Have topics, rules, models, lists and devices before anything is decided."""
    await topics.ensure_topics(settings)
    await rules_follower.catch_up()
    await models_follower.catch_up()
    await lists_follower.catch_up()
    await devices_follower.catch_up()
    await models.settled()


app = Application(
    f"{settings.database}-{settings.role}",
    brokers=settings.kafka,
    worker=settings.worker,
    partitions=settings.partitions,
    outputs=[topic.name for topic in topics.TOPICS],
    checkpoint_interval=settings.checkpoint_interval,
    prepare=prepare,
    datadir=f"{settings.data_dir}/faust-{settings.worker}-{settings.role}",
    autodiscover=AGENTS[settings.role],
)
app.first += [rules_follower, models_follower, lists_follower, devices_follower]
