"""Metrics: a worker's figures as Prometheus reads them."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from app.counters import BOUNDS_MS
from app.quality import LATE, LATE_SECONDS
from app.scoring.registry import ROLES
from web.context import Context
from web.drifts import moved
from web.state import lag, state

COUNTS = {
    "captured": "Payments that passed validation",
    "duplicates": "Payments that were sent twice",
    "dead_letters": "Records that could not be handled",
    "decided": "Payments decided",
    "delivered": "Decisions brought to the stores",
    "labels": "Labels learnt",
    "unplaced_labels": "Labels that came before their payment, or over 31 days late",
    "app_events": "App events that passed validation",
    "late_app_events": "App events that came too late to say anything",
}
STATES = ("starting", "recovering", "running", "standby")


class Figures(Collector):
    """Collects when it is asked, so that counting stays as cheap as it is."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def collect(self) -> Iterator[Metric]:
        """Yield every figure of this worker."""
        counters = self._context.counters
        for name, meaning in COUNTS.items():
            value = getattr(counters, name)
            yield CounterMetricFamily(f"smartbank_{name}", meaning, value=value)
        outcomes = CounterMetricFamily(
            "smartbank_outcomes", "Payments decided, by outcome", labels=["outcome"]
        )
        for outcome, count in counters.outcomes.items():
            outcomes.add_metric([outcome], count)
        yield outcomes
        yield from self._rules()
        yield from self._models()
        yield from self._drift()
        yield from self._quality()
        yield self._latency()
        yield from self._engine()

    def _rules(self) -> Iterator[Metric]:
        counters, rules = self._context.counters, self._context.rules
        hits = CounterMetricFamily(
            "smartbank_rule_hits",
            "Payments that a rule hit; a rule in shadow counts for nothing",
            labels=["rule", "state"],
        )
        for state_of, counts in (("live", counters.hits), ("shadow", counters.shadows)):
            for name, count in counts.items():
                hits.add_metric([name, state_of], count)
        yield hits
        yield GaugeMetricFamily(
            "smartbank_rules_revision",
            "The newest change of the rules that this worker has heard of",
            value=rules.book.head.number,
        )
        yield GaugeMetricFamily(
            "smartbank_rules_unfit",
            "1 when the newest rules do not fit this release, and older ones decide",
            value=float(rules.present.rules.ruleset != rules.book.head.ruleset),
        )

    def _models(self) -> Iterator[Metric]:
        models = self._context.models
        named = GaugeMetricFamily(
            "smartbank_model", "1 for the model in a role", labels=["role", "version"]
        )
        for role, version in zip(ROLES, models.present.versions, strict=True):
            if version:
                named.add_metric([role, version], 1.0)
        yield named
        yield GaugeMetricFamily(
            "smartbank_models_revision",
            "The newest appointment of models that this worker has heard of",
            value=models.registry.head.number,
        )
        yield GaugeMetricFamily(
            "smartbank_models_refused",
            "Models that this worker cannot use",
            value=len(models.refused),
        )

    def _drift(self) -> Iterator[Metric]:
        models = self._context.models
        index = GaugeMetricFamily(
            "smartbank_stability_index",
            "How far a feature has moved from what the live model learnt from (PSI)",
            labels=["feature"],
        )
        means = GaugeMetricFamily(
            "smartbank_drift_mean", "A mean that is watched, now", labels=["of"]
        )
        changes = CounterMetricFamily(
            "smartbank_drift_changes", "Changes of that mean (ADWIN)", labels=["of"]
        )
        drifted = self._context.counters.drift.read()
        if drifted and models.present.live:
            for one in moved([drifted], models.present.live.facts):
                if one.index is not None:
                    index.add_metric([one.feature], one.index)
            watched = {"score": drifted.score, "frauds": drifted.frauds}
            for name, mean in watched.items():
                means.add_metric([name], mean.mean)
                changes.add_metric([name], mean.changes)
        yield from (index, means, changes)

    def _quality(self) -> Iterator[Metric]:
        counters = self._context.counters
        told = counters.quality.read(replayed=self._context.app.engine.repeats)
        for name, meaning, label, counts in (
            ("taken", "Records sent to a raw topic", "topic", told.taken),
            ("refused", "Records of it that did not fit", "topic", told.refused),
            ("replayed", "Records that came again, by origin", "topic", told.replayed),
            (
                "partition_records",
                "Records of the customers' log",
                "partition",
                {str(load.partition): load.records for load in told.loads},
            ),
        ):
            family = CounterMetricFamily(f"smartbank_{name}", meaning, labels=[label])
            for value, count in counts.items():
                family.add_metric([value], count)
            yield family
        total, buckets = 0, []
        for bound, label in zip((*LATE_SECONDS, "+Inf"), LATE, strict=True):
            total += told.late_by.get(label, 0)
            buckets.append((str(bound), total))
        yield HistogramMetricFamily(
            "smartbank_late_seconds",
            "Payments behind a newer one of their customer, in event time",
            buckets=buckets,
            sum_value=None,
        )

    def _latency(self) -> Metric:
        counters = self._context.counters
        bounds = [*(str(bound / 1000) for bound in BOUNDS_MS), "+Inf"]
        total, buckets = 0, []
        for bound, count in zip(bounds, counters.latency, strict=True):
            total += count
            buckets.append((bound, total))
        return HistogramMetricFamily(
            "smartbank_decision_seconds",
            "From the payment in Kafka to its decision",
            buckets=buckets,
            sum_value=counters.latency_sum_ms / 1000,
        )

    def _engine(self) -> Iterator[Metric]:
        app, engine = self._context.app, self._context.app.engine
        yield GaugeMetricFamily(
            "smartbank_checkpoint_seconds",
            "How long the last checkpoint of all partitions took",
            value=engine.checkpoint_seconds,
        )
        busy = CounterMetricFamily(
            "smartbank_stage_cpu_seconds",
            "CPU time that the stage behind a topic has taken",
            labels=["topic"],
        )
        for topic, seconds in engine.busy.items():
            busy.add_metric([topic], seconds)
        yield busy
        yield GaugeMetricFamily(
            "smartbank_restored_rows",
            "Rows that the last restore of state read",
            value=engine.restored_rows,
        )
        yield GaugeMetricFamily(
            "smartbank_restore_seconds",
            "How long the last restore of state took",
            value=engine.restore_seconds,
        )
        yield GaugeMetricFamily(
            "smartbank_stuck_partitions",
            "Partitions with work that have not moved for 30 s",
            value=len(self._context.health.stuck),
        )
        waiting = GaugeMetricFamily(
            "smartbank_lag_records", "Records not yet dealt with", labels=["topic"]
        )
        for topic, count in lag(app).items():
            waiting.add_metric([topic], count)
        yield waiting
        now = state(app)
        states = GaugeMetricFamily(
            "smartbank_state", "1 for the state it is in", labels=["state"]
        )
        for name in STATES:
            states.add_metric([name], float(name == now))
        yield states


def registry(context: Context) -> CollectorRegistry:
    """Return a registry with a worker's figures and nothing else."""
    found = CollectorRegistry(auto_describe=False)
    found.register(Figures(context))
    return found
