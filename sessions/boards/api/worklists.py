"""The worklist and the safety alerts over HTTP, with names. They stand here because their rows tell of sessions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from kapclinic.core import transitions
from kapclinic.core.http.lists import Path
from kapclinic.trail.api.tasks import TaskViewSet
from kapclinic.trail.models import Task
from kapclinic.trail.rules import TASK_MOVES
from screening.api.safety_alerts import SafetyAlertViewSet
from screening.models import SafetyAlert
from sessions.boards.api import worklist_bodies
from sessions.boards.selectors import worklists
from sessions.booking.http import InNames, NamedList
from sessions.booking.selectors.about import Ref


class _WithSession(InNames):
    """Rows that are read with the session that they are about beside them."""

    def represent(self, row: Any, *, many: bool = False) -> Any:
        # What a move answers with comes from the service, without the session beside it.
        if not many and not hasattr(row, "session_id"):
            row = self.get_queryset().get(pk=row.pk)
        return super().represent(row, many=many)


class ListedTaskViewSet(NamedList, _WithSession, TaskViewSet):
    logged = frozenset({"list", "retrieve"})  # the rows name clients (R10)
    output = worklist_bodies.ListedTaskOut

    @classmethod
    def visible(cls, user: Any, path: Path) -> QuerySet[Task]:
        return Task.objects.visible_to(user)

    @classmethod
    def columns(cls, queryset: QuerySet[Task], user: Any) -> QuerySet[Task, Any]:
        return worklists.task_rows(queryset)

    def in_words(self, row: Any) -> dict[str, Any]:
        return {
            "label": worklist_bodies.of_task(row["kind"], row["state"]),
            "allowed_moves": transitions.allowed(TASK_MOVES, state=row["state"], by=self.user),
        }

    def get_queryset(self) -> QuerySet[Task]:
        return super().get_queryset().annotate(session_id=worklists.session_of_the_subject())

    def ref(self, row: Any) -> Ref:
        return Ref(row=row.pk, client=row.client, session=row.session_id, assigned=row.assignee)


class ListedSafetyAlertViewSet(_WithSession, SafetyAlertViewSet):
    output = worklist_bodies.ListedSafetyAlertOut

    def get_queryset(self) -> QuerySet[SafetyAlert]:
        return super().get_queryset().annotate(session_id=worklists.session_of_the_day())

    def ref(self, row: Any) -> Ref:
        client, clinician = row.program.client_id, row.clinician_id
        return Ref(row=row.pk, client=client, session=row.session_id, assigned=clinician)
