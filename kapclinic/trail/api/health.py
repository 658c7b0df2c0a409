"""Whether the process and what it needs are well."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis import Redis, RedisError

from kapclinic.core import clock
from kapclinic.trail import selectors


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
    """Database, migrations, broker, and how long ago the last sweep ended; without the broker, degraded."""
    try:
        migrated = not _pending_migrations()
        age = selectors.age_of(name="sweep", at=clock.now())
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": False}, status=503)
    broker = _broker_answers()
    opening = _still_opening()
    ready = "opening" if opening else "ok" if broker else "degraded"
    body = {
        "status": ready if migrated else "unavailable",
        "database": True,
        "migrations": migrated,
        "broker": broker,
        "last_sweep_seconds": None if age is None else round(age.total_seconds(), 1),
        "sweep_every_seconds": settings.SWEEP_SECONDS,
    }
    return JsonResponse(body, status=200 if migrated and not opening else 503)
