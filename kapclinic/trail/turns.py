"""Whose turn a periodic step is. One row a step: when it last ran to its end, and until when somebody is at it.

Several clocks may ask for the same step: beat through the broker, a ticker in each worker, a person by hand. The row
lets one of them at a time, and each step about once a period.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from time import sleep
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Value

from kapclinic.trail.models import Heartbeat
from kapclinic.trail.sql import GIVE_TURN, TAKE_TURN

logger = logging.getLogger(__name__)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
Periods: TypeAlias = Mapping[str, int]  # step -> its period in seconds

TRIES, BETWEEN = 4, 0.05  # seconds
_steps: dict[str, Callable[[], Periods]] = {}
_ran_without: dict[str, datetime] = {}  # step -> when it last ran in this process without its turn


def declare(steps: Callable[[], Periods]) -> None:
    """Make known which steps the running code has; at the start of the process, once."""
    _steps["periods"] = steps


def expect(*, at: datetime) -> None:
    """Let each step of the running code have its row. Whoever runs steps says so again each period.

    Another release may run beside this one, so what only that one knows goes when nobody was at it for a day.
    """
    periods = _steps["periods"]()
    there = dict(Heartbeat.objects.values_list("name", "period_seconds"))
    rows = [
        Heartbeat(name=name, period_seconds=seconds)
        for name, seconds in sorted(
            periods.items()
        )  # always in one order: two at once wait, and don't deadlock
        if there.get(name) != seconds
    ]
    Heartbeat.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["name"], update_fields=["period_seconds"]
    )
    if unknown := there.keys() - periods.keys():
        begun, busy = (
            Q(**{name: None}) | Q(**{f"{name}__lt": at - DAY}) for name in ("beat_at", "busy_until")
        )
        Heartbeat.objects.filter(begun & busy, name__in=unknown).delete()


def _free(*, at: datetime) -> QuerySet[Heartbeat]:
    return Heartbeat.objects.filter(Q(busy_until=None) | Q(busy_until__lte=at))


def _ran_before(moment: datetime, *, share: float) -> Q:
    """Steps whose last run is at least that share of their period before `moment`, or that never ran."""
    period = ExpressionWrapper(F("period_seconds") * Value(SECOND * share), output_field=DurationField())
    return Q(beat_at=None) | Q(beat_at__lte=Value(moment) - period)


def take(name: str, *, at: datetime, seconds: int, regardless: bool = False) -> bool:
    """Whether the step is the caller's now, for at most that many seconds; false when it ran just now, or runs.

    A row is written in a moment, so one that is locked for longer is held by a transaction that is stuck. With
    `regardless` the step is the caller's then too, though nobody else is told: about once a period in each process.
    """
    values = {"name": name, "at": at, "until": at + timedelta(seconds=seconds)}
    if _write(TAKE_TURN, values):
        return True
    return regardless and _is_due(name, at=at) and (_write_soon(TAKE_TURN, values) or _go_ahead(name, at=at))


def _write(statement: str, values: Mapping[str, Any], *, rows: int = 1) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount >= rows)


def _write_soon(statement: str, values: Mapping[str, Any], *, rows: int = 1) -> bool:
    """Write, also when somebody else is just writing one of the rows; false when they do not let go of it."""
    for _ in range(TRIES):
        if _write(statement, values, rows=rows):
            return True
        sleep(BETWEEN)
    return False


def _is_due(name: str, *, at: datetime) -> bool:
    return _free(at=at).filter(_ran_before(at, share=0.5), name=name).exists()


def _go_ahead(name: str, *, at: datetime) -> bool:
    """May the step run without its turn? It may while it is due, if it did not do so a moment ago in this process."""
    half = SECOND * _steps["periods"]()[name] / 2
    if not _is_due(name, at=at) or (name in _ran_without and at - _ran_without[name] < half):
        return False
    _ran_without[name] = at
    logger.warning("the turn of step %s is held by a transaction: it runs without one", name)
    return True


def ended(*names: str, began: datetime, taken: bool = True) -> None:
    """The runs that began then have come to their end. A row that is held keeps its turn to its end.

    :param taken: False for runs by hand, which took no turn: whoever has it meanwhile keeps it
    """
    if names:
        values = {"names": list(names), "began": began, "failed": False, "taken": taken}
        _write_soon(GIVE_TURN, values, rows=len(names))


def failed(name: str, *, began: datetime) -> None:
    """The run came to no end. It is tried again a period after it began, and until then its age tells."""
    _write_soon(GIVE_TURN, {"names": [name], "began": began, "failed": True, "taken": True})


def last_run(name: str) -> datetime | None:
    """When the last run of the step that came to its end had begun; None when none did."""
    begun: datetime | None = Heartbeat.objects.filter(name=name).values_list("beat_at", flat=True).first()
    return begun


def overdue(names: Collection[str], *, at: datetime, grace: timedelta) -> list[str]:
    """Those of the steps that nobody ran within their period and `grace`, and that nobody is at."""
    rows = _free(at=at).filter(_ran_before(at - grace, share=1), name__in=names)
    found = set(rows.values_list("name", flat=True))
    return [name for name in names if name in found]


def ages(*, at: datetime) -> dict[str, tuple[float | None, int]]:
    """Step of the running code -> seconds since its last run began (None: never, or no row), and its period in seconds.

    What only another release knows is not told, and one that lacks its row is.
    """
    begun = dict(Heartbeat.objects.values_list("name", "beat_at"))
    ages: dict[str, tuple[float | None, int]] = {}
    for name, period in sorted(_steps["periods"]().items()):
        beat_at = begun.get(name)
        ages[name] = (None if beat_at is None else round((at - beat_at).total_seconds(), 1), period)
    return ages
