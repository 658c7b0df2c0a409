"""The figures as Prometheus reads them: what the database and the broker say now, and what the processes counted.

No label holds an id, a name or an address. https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf, nan

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from kapclinic.core import metrics
from sessions.status.rules import Count, Standing

CONTENT_TYPE = CONTENT_TYPE_LATEST
NAME = "kapclinic_"


def _family(
    name: str, says: str, label: str | None = None, rows: Iterable[tuple[str, float]] = ()
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(NAME + name, says, labels=[label] if label else None)
    for value, figure in rows:
        family.add_metric([value] if label else [], figure)
    return family


def _of(name: str, says: str, label: str, counts: Iterable[Count]) -> Iterator[GaugeMetricFamily]:
    """How many wait, and for how long the oldest does; 0 seconds while none does."""
    rows = list(counts)
    yield _family(name, says, label, ((one.kind, one.count) for one in rows))
    oldest = ((one.kind, one.oldest_seconds or 0.0) for one in rows)
    yield _family(f"{name}_oldest_seconds", f"Age of the oldest: {says}", label, oldest)


def _steps(standing: Standing) -> Iterator[GaugeMetricFamily]:
    never_is_old = [
        (step.name, inf if step.age_seconds is None else step.age_seconds) for step in standing.steps
    ]
    yield _family(
        "step_age_seconds", "Since the last run of a step of the sweep began.", "step", never_is_old
    )
    periods = [(step.name, float(step.period_seconds)) for step in standing.steps]
    yield _family("step_period_seconds", "How often it should run.", "step", periods)


def _queues(standing: Standing) -> Iterator[GaugeMetricFamily]:
    queues = standing.queues or ()
    yield _family(
        "broker_up", "1 while the broker answers.", None, [("", float(standing.queues is not None))]
    )
    depth = [(queue.name, float(queue.messages)) for queue in queues]
    yield _family("queue_messages", "Messages that wait for a worker.", "queue", depth)
    ages = [(queue.name, queue.oldest_seconds or 0.0) for queue in queues]
    yield _family("queue_oldest_seconds", "Since the next of them was sent.", "queue", ages)


def _rest(standing: Standing) -> Iterator[GaugeMetricFamily]:
    waiting = standing.waiting
    yield from _of("checks_waiting", "Vital signs that are due and not taken.", "state", waiting["checks"])
    yield from _of("alarms_open", "Alarms that nobody acknowledged, by age.", "age", waiting["alarms"])
    yield from _of(
        "safety_alerts", "Safety alerts past the time to acknowledge them.", "state", waiting["alerts"]
    )
    yield from _of(
        "obligations", "Integrations that are owed; age is past the window.", "state", waiting["obligations"]
    )
    yield from _of("tasks", "Rows of the worklist past their time.", "state", waiting["tasks"])
    yield from _of("outbox_waiting", "Messages that should have left.", "channel", waiting["outbox"])
    yield from _of(
        "outbox_retrying", "Messages whose sending failed at least once.", "channel", waiting["retrying"]
    )
    yield from _of("messages_dead", "Messages that were given up.", "channel", waiting["dead"])
    states = [(state, float(many)) for state, many in sorted(standing.connections.items())]
    yield _family("database_connections", "Connections to the database by state.", "state", states)
    most = [("", float(standing.connections_max))]
    yield _family("database_connections_max", "Connections that the server takes.", None, most)
    lacking = [("", float(len(standing.partitions_lacking)))]
    yield _family("partitions_lacking", "Months whose partition is missing.", None, lacking)
    well = [(name, float(is_well)) for name, is_well in standing.parts.items()]
    yield _family("part_well", "1 while a part of /readyz is well.", "part", well)


def _backups(standing: Standing) -> Iterator[GaugeMetricFamily]:
    """No alert fires on what is not a number: where nobody tells of the backups, `backups_known` alone says so."""
    found = standing.backups
    yield _family(
        "backups_known",
        "1 where the service of the backups has said anything.",
        None,
        [("", float(found is not None))],
    )
    well = nan if found is None else float(found.is_well)
    yield _family("backups_well", "1 while they come and the newest is not old.", None, [("", well)])
    ages = (None, None) if found is None else (found.newest_seconds, found.told_seconds)
    newest, told = (nan if found is None else inf if age is None else age for age in ages)
    yield _family("backup_age_seconds", "Since the newest checked backup began.", None, [("", newest)])
    yield _family("backups_told_seconds", "Since their service last said how it is.", None, [("", told)])


class Standings(Collector):
    """One look at the machine; without one, the database did not answer."""

    def __init__(self, standing: Standing | None) -> None:
        self.standing = standing

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = float(self.standing is not None)
        yield _family("database_up", "1 while the database answers.", None, [("", up)])
        if self.standing is not None:
            yield from _steps(self.standing)
            yield from _queues(self.standing)
            yield from _rest(self.standing)
            yield from _backups(self.standing)


def page(standing: Standing | None) -> bytes:
    """All figures, as text."""
    now = CollectorRegistry()
    now.register(Standings(standing))
    return generate_latest(now) + generate_latest(metrics.registry())
