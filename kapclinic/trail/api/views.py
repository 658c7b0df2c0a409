"""The worklist over HTTP, and whether the house is awake."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis import Redis, RedisError
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core import clock
from kapclinic.core.http.params import Param
from kapclinic.trail import rules, selectors, services
from kapclinic.trail.api import serializers as s
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from kapclinic.trail.models import Task


class TaskViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "task"
    client_path = "client"
    logged = frozenset()
    roles: ClassVar = {name: frozenset(rules.ALL_STAFF) for name in ("list", "retrieve", "done")}
    inputs: ClassVar = {"done": s.TaskDoneIn}
    output = s.TaskOut
    filters = (
        Param("state", choices=tuple(Task.State.values)),
        Param("kind"),
        Param("location", "uuid"),
        Param("client", "uuid"),
        Param("subject", "uuid", "subject_id"),
    )
    orderings: ClassVar = {"due_at": "due_at", "created_at": "created_at", "escalation": "escalation"}
    default_order = ("due_at",)

    def get_queryset(self) -> QuerySet[Task]:
        return Task.objects.visible_to(self.user)

    def done(self, request: Request, pk: Any) -> Response:
        task = self.get_object()
        body = self.body()
        outcome = body["outcome"] or body["reason"]
        return self.answer(services.finish_task(task_id=task.pk, by=self.user, at=self.at, outcome=outcome))


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


def readyz(request: HttpRequest) -> HttpResponse:
    """Database, migrations, broker, and how long ago the last sweep ended; without the broker, degraded."""
    try:
        migrated = not _pending_migrations()
        age = selectors.age_of(name="sweep", at=clock.now())
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": False}, status=503)
    broker = _broker_answers()
    ready = "ok" if broker else "degraded"
    body = {
        "status": ready if migrated else "unavailable",
        "database": True,
        "migrations": migrated,
        "broker": broker,
        "last_sweep_seconds": None if age is None else round(age.total_seconds(), 1),
        "sweep_every_seconds": settings.SWEEP_SECONDS,
    }
    return JsonResponse(body, status=200 if migrated else 503)
