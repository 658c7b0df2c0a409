"""The worklist and the safety alerts over HTTP, with names. They stand here because their rows tell of sessions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from kapclinic.trail.api.tasks import TaskViewSet
from kapclinic.trail.models import Task
from screening.api.safety_alerts import SafetyAlertViewSet
from screening.models import SafetyAlert
from sessions.boards.api import worklist_bodies
from sessions.boards.selectors import worklists
from sessions.booking.http import InNames
from sessions.booking.selectors.about import Ref


class ListedTaskViewSet(InNames, TaskViewSet):
    output = worklist_bodies.ListedTaskOut

    def represent(self, row: Any, *, many: bool = False) -> Any:
        rows: list[Task] = row if many else [row]
        self.session_of = worklists.sessions_of((task.subject_type, task.subject_id) for task in rows)
        return super().represent(row, many=many)

    def ref(self, row: Task) -> Ref:
        session = self.session_of.get(row.subject_id)
        return Ref(row=row.pk, client=row.client, session=session, assigned=row.assignee)


class ListedSafetyAlertViewSet(InNames, SafetyAlertViewSet):
    output = worklist_bodies.ListedSafetyAlertOut

    def get_queryset(self) -> QuerySet[SafetyAlert]:
        return super().get_queryset().annotate(session_id=worklists.session_of_the_day())

    def represent(self, row: Any, *, many: bool = False) -> Any:
        # What a move answers with comes from the service, without the session beside it.
        if not many and not hasattr(row, "session_id"):
            row = self.get_queryset().get(pk=row.pk)
        return super().represent(row, many=many)

    def ref(self, row: Any) -> Ref:
        client, clinician = row.program.client_id, row.clinician_id
        return Ref(row=row.pk, client=client, session=row.session_id, assigned=clinician)
