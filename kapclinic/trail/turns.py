"""Whose turn a periodic step is. One row a step: when it last ran to its end, and until when somebody is at it.

Several clocks may ask for the same step: beat through the broker, a ticker in each worker, a person by hand. The row
lets one of them at a time, and each step about once a period.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Value

from kapclinic.trail.models import Heartbeat

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
Periods: TypeAlias = Mapping[str, int]  # step -> its period in seconds

_steps: dict[str, Callable[[], Periods]] = {}


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


def take(name: str, *, at: datetime, seconds: int) -> bool:
    """Whether the step is the caller's now, for at most that many seconds; false when it ran just now, or runs."""
    rows = _free(at=at).filter(_ran_before(at, share=0.5), name=name)
    return bool(rows.update(busy_until=at + timedelta(seconds=seconds)))


def ended(name: str, *, began: datetime) -> None:
    """The run that began then has come to its end."""
    Heartbeat.objects.filter(name=name).update(beat_at=began, busy_until=None)


def failed(name: str, *, began: datetime) -> None:
    """The run came to no end. It is tried again a period after it began, and until then its age tells."""
    period = ExpressionWrapper(F("period_seconds") * Value(SECOND), output_field=DurationField())
    Heartbeat.objects.filter(name=name).update(busy_until=Value(began) + period)


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
