"""What stands, and which of it needs somebody. Pure: the figures are handed in.

The bounds are of the machine, not of the clinic: how long a step, a message or an alarm may wait before somebody who
keeps the machine looks. deploy/alerts.yml holds the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

QUEUES = ("celery", "safety")
PERIODS = 2  # of its own that a step may be behind
QUEUE_SECONDS = 300.0
OUTBOX_SECONDS = 900.0
CHECK_SECONDS = 900.0
BACKUP_SECONDS = 172_800.0  # since the newest checked backup began
BACKUP_SILENCE = 300.0  # since its service last said how it is
NEAR, FAR = timedelta(minutes=5), timedelta(hours=1)  # an open alarm is new, waiting, or old
FULL = 0.8  # of the connections that the server takes

KINDS = {
    "checks": ("due", "late"),
    "alarms": ("new", "waiting", "old"),
    "alerts": ("overdue",),
    "obligations": ("due", "booked", "missed"),
    "tasks": ("overdue",),
    "outbox": ("email", "sms"),
    "retrying": ("email", "sms"),
    "dead": ("email", "sms"),
}


class Concern(StrEnum):
    """What somebody has to look at."""

    STEP = "step_late"
    BROKER = "broker_away"
    QUEUE = "queue_waits"
    CHECK = "checks_wait"
    ALARM = "alarms_wait"
    OUTBOX = "outbox_waits"
    DEAD = "messages_dead"
    CONNECTIONS = "connections_full"
    PARTITION = "partition_lacking"
    ANCHORS = "anchors_fail"
    KEYS = "field_keys_wrong"
    LOG = "database_log_tells"
    BACKUPS = "backups_fail"


@dataclass(frozen=True)
class Step:
    """A periodic step. `age_seconds` is since its last run began; None: it never ran."""

    name: str
    age_seconds: float | None
    period_seconds: int

    @property
    def is_late(self) -> bool:
        return self.age_seconds is None or self.age_seconds > PERIODS * self.period_seconds


@dataclass(frozen=True)
class Count:
    """How many of a kind wait, and for how many seconds the oldest does; None when none waits."""

    kind: str
    count: int
    oldest_seconds: float | None


@dataclass(frozen=True)
class Queue:
    """Messages that wait at the broker, and since how many seconds the next of them was sent (None: unknown)."""

    name: str
    messages: int
    oldest_seconds: float | None


@dataclass(frozen=True)
class Backups:
    """What the service of the backups last said: `told_seconds` ago (None: nothing that can be read), the newest
    checked backup began `newest_seconds` ago (None: there is none), and by its own word all was `ok`."""

    told_seconds: float | None = None
    newest_seconds: float | None = None
    ok: bool = False

    @property
    def is_well(self) -> bool:
        told, newest = self.told_seconds, self.newest_seconds
        silent = told is None or told > BACKUP_SILENCE
        return self.ok and not silent and newest is not None and newest <= BACKUP_SECONDS


@dataclass(frozen=True)
class Standing:
    """How the machine stands at `at`. `queues` is None while the broker does not answer, `backups` where nobody
    has ever told of them."""

    at: datetime
    steps: tuple[Step, ...]
    waiting: Mapping[str, tuple[Count, ...]]
    queues: tuple[Queue, ...] | None
    connections: Mapping[str, int]
    connections_max: int
    partitions_lacking: tuple[str, ...]
    parts: Mapping[str, bool]  # `anchors`, `field_keys`, `database_log`: is it well, as /readyz has it
    backups: Backups | None

    @property
    def concerns(self) -> list[Concern]:
        return concerns(self)


def _beyond(seconds: float | None, bound: float) -> bool:
    return seconds is not None and seconds > bound


def concerns(standing: Standing) -> list[Concern]:
    """What of it somebody has to look at, the most pressing first."""
    waiting, queues = standing.waiting, standing.queues
    is_so = {
        Concern.STEP: any(step.is_late for step in standing.steps),
        Concern.CHECK: any(_beyond(one.oldest_seconds, CHECK_SECONDS) for one in waiting["checks"]),
        Concern.ALARM: any(one.kind == "old" and one.count for one in waiting["alarms"]),
        Concern.BROKER: queues is None,
        Concern.QUEUE: any(_beyond(queue.oldest_seconds, QUEUE_SECONDS) for queue in queues or ()),
        Concern.DEAD: any(one.count for one in waiting["dead"]),
        Concern.OUTBOX: any(_beyond(one.oldest_seconds, OUTBOX_SECONDS) for one in waiting["outbox"]),
        Concern.CONNECTIONS: sum(standing.connections.values()) > FULL * standing.connections_max,
        Concern.PARTITION: bool(standing.partitions_lacking),
        Concern.ANCHORS: not standing.parts["anchors"],
        Concern.KEYS: not standing.parts["field_keys"],
        Concern.LOG: not standing.parts["database_log"],
        Concern.BACKUPS: standing.backups is not None and not standing.backups.is_well,
    }
    return [concern for concern, so in is_so.items() if so]
