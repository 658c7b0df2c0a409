"""The worklist over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.trail import rules, services
from kapclinic.trail.api import task_bodies
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from kapclinic.trail.models import Task
from kapclinic.trail.people import of_person


class TaskViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "task"
    client_path = "client"
    logged = frozenset()
    roles: ClassVar = {name: frozenset(rules.ALL_STAFF) for name in ("list", "retrieve", "done")}
    inputs: ClassVar = {"done": task_bodies.TaskDoneIn}
    output = task_bodies.TaskOut
    filters = (
        Param("state", choices=tuple(Task.State.values)),
        Param("kind"),
        Param("location", "uuid"),
        Param("client", "uuid", of_person("client")),
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
