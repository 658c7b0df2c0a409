"""The worklist over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.trail import rules, services
from kapclinic.trail.api import task_bodies
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from kapclinic.trail.models import Task
from kapclinic.trail.people import of_person


def _mine(rows: QuerySet[Task], value: str, user: Any) -> QuerySet[Task]:
    """What is for the asker, of all that the director may see."""
    return rows.filter(Q(roles__overlap=sorted(user.role_set)) | Q(assignee=user.pk))


class TaskViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "task"
    client_path = "client"
    logged = frozenset()
    roles: ClassVar = {name: frozenset(rules.ALL_STAFF) for name in ("list", "retrieve", "done")}
    inputs: ClassVar = {"done": task_bodies.TaskDoneIn}
    output = task_bodies.TaskOut
    filters = (
        Param("state", choices=tuple(Task.State.values), several=True),
        Param("kind", several=True),
        Param("role", lookup=_mine, choices=("me",), doc="me: for one of my roles, or for me by name"),
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
