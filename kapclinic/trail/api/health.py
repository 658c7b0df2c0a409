"""Whether the process and what it needs are well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from redis import Redis, RedisError

from kapclinic.core import clock
from kapclinic.trail import anchors, partitions, turns
from kapclinic.trail.keys import open_word
from kapclinic.trail.selectors import telling_log_settings


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


def _may_see_all(request: HttpRequest) -> bool:
    """An administrator who is signed in, or whoever brings METRICS_TOKEN."""
    brought = request.headers.get("Authorization", "").partition("Bearer ")[2]
    token = settings.METRICS_TOKEN
    if token and brought and constant_time_compare(brought, token):
        return True
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated and "admin" in user.role_set


@dataclass(frozen=True)
class State:
    """What is well and what is not. A stranger hears which parts fail; of what, and where, only who may see all."""

    parts: dict[str, bool]  # name -> is it well
    shown: dict[str, Any]  # to everybody
    details: dict[str, Any]

    @property
    def failing(self) -> list[str]:
        return [name for name, is_well in self.parts.items() if not is_well]

    @property
    def status(self) -> str:
        return "unavailable" if not self.parts["migrations"] else "degraded" if self.failing else "ok"


def _looked(*, at: datetime) -> State:
    """:raises DatabaseError: while the database is away"""
    migrated = not _pending_migrations()
    steps = turns.ages(at=at)
    months = partitions.months(at=at, ahead=1) if migrated else []
    kept = anchors.keeping(at=at) if migrated else None
    telling = telling_log_settings()
    known = [age for age, _ in steps.values() if age is not None]
    whole = bool(steps) and len(known) == len(steps)
    lacking = [str(month) for month in months if not month.is_there]
    parts = {
        "database": True,
        "migrations": migrated,
        "broker": _broker_answers(),
        "steps": whole and all(age <= 2 * period for age, period in steps.values() if age is not None),
        "partitions": not lacking,
        "anchors": kept is None or kept["failing_seconds"] is None,
        "database_log": not telling,
        "field_keys": open_word() if migrated else True,
    }
    shown = {
        "last_sweep_seconds": max(known) if whole else None,
        "sweep_every_seconds": settings.SWEEP_SECONDS,
        "steps": {
            name: {"age_seconds": age, "period_seconds": period} for name, (age, period) in steps.items()
        },
        "anchors": kept,
    }
    in_default = sorted({month.table for month in months if month.has_strays})
    details = {"partitions": {"lacking": lacking, "in_default": in_default}, "database_log": telling}
    return State(parts, shown, details)


def readyz(request: HttpRequest) -> HttpResponse:
    """Which part is well, and how long ago each periodic step ran.

    Degraded without the broker, when a step of the running code is two periods behind or never ran, when a table that
    is kept by the month lacks the partition of this month or the next, while the ends of the chains can't be kept
    outside (`anchors`; null where none are), when the database server would write clients'
    texts into its log, and when FIELD_KEYS are not those of the record (`failing` names the part).
    `last_sweep_seconds` is the age of the step that is furthest behind; null until all have run.
    """
    try:
        state = _looked(at=clock.now())
        details = state.details if _may_see_all(request) else {}
    except DatabaseError:
        away = {"status": "unavailable", "database": False, "failing": ["database"]}
        return JsonResponse(away, status=503)
    opening = _still_opening()
    body = {
        "status": "opening" if opening and state.parts["migrations"] else state.status,
        **{name: state.parts[name] for name in ("database", "migrations", "broker")},
        "failing": state.failing,
        **state.shown,
        **details,
    }
    return JsonResponse(body, status=200 if state.parts["migrations"] and not opening else 503)
