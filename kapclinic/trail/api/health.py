"""Whether the process and what it needs are well."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis import Redis, RedisError

from kapclinic.core import clock
from kapclinic.trail import anchors, partitions, turns


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def _broker_answers() -> bool:
    try:
        with Redis.from_url(settings.VALKEY_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            return bool(client.ping())
    except (RedisError, OSError, ValueError):
        return False


def _pending_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _still_opening() -> bool:
    """Is the demo's story still being played? What a visitor counts on is there when it is over."""
    return bool(settings.OPENING_FILE) and Path(settings.OPENING_FILE).exists()


def readyz(request: HttpRequest) -> HttpResponse:
    """Database, migrations, broker, and how long ago each periodic step ran.

    Degraded without the broker, when a step of the running code is two periods behind or never ran, when a table
    that is kept by the month lacks the partition of this month or the next, and while the ends of the chains can't be
    kept outside (`anchors`; null where none are).
    `last_sweep_seconds` is the age of the step that is furthest behind; null until all have run.
    """
    try:
        migrated = not _pending_migrations()
        steps = turns.ages(at=clock.now())
        months = partitions.months(at=clock.now(), ahead=1) if migrated else []
        kept = anchors.keeping(at=clock.now()) if migrated else None
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": False}, status=503)
    broker = _broker_answers()
    opening = _still_opening()
    known = [age for age, _ in steps.values() if age is not None]
    whole = bool(steps) and len(known) == len(steps)
    on_time = whole and all(age <= 2 * period for age, period in steps.values() if age is not None)
    anchored = kept is None or kept["failing_seconds"] is None
    lacking = [str(month) for month in months if not month.is_there]
    ready = "opening" if opening else "ok" if broker and on_time and not lacking and anchored else "degraded"
    body = {
        "status": ready if migrated else "unavailable",
        "database": True,
        "migrations": migrated,
        "broker": broker,
        "last_sweep_seconds": max(known) if whole else None,
        "sweep_every_seconds": settings.SWEEP_SECONDS,
        "steps": {
            name: {"age_seconds": age, "period_seconds": period} for name, (age, period) in steps.items()
        },
        "partitions": {
            "lacking": lacking,
            "in_default": sorted({month.table for month in months if month.has_strays}),
        },
        "anchors": kept,
    }
    return JsonResponse(body, status=200 if migrated and not opening else 503)
