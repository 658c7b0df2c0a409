"""Of which session the rows of the worklists are, whatever they are about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Case, F, Model, OuterRef, QuerySet, Subquery, UUIDField, When

from kapclinic.trail.models import Task
from screening.models import SafetyAlert
from sessions.booking.models import Session
from sessions.dosing.models import AdverseEvent
from sessions.dosing.rems.models import RemsRecord
from sessions.integration.models import Obligation
from sessions.monitoring.models import Alarm
from sessions.notes.models import Note, OwedNote, RecordEntry

EARLY, LATE = timedelta(hours=3), timedelta(hours=12)  # how far around a session its alerts are raised
# What a row of the worklist is about -> where its session stands.
SUBJECTS: Mapping[str, tuple[type[Model], str]] = {
    "session": (Session, "pk"),
    "obligation": (Obligation, "dosing_session"),
    "alarm": (Alarm, "session"),
    "adverse_event": (AdverseEvent, "session"),
    "note": (Note, "session"),
    "owed_note": (OwedNote, "session"),
    "record_entry": (RecordEntry, "session"),
    "rems_record": (RemsRecord, "session"),
}


def session_of_the_day() -> Subquery:
    """The latest session of a row's program that was on when the row was made; nothing for a day without one."""
    made = OuterRef("created_at")
    rows = Session.objects.standing().filter(program=OuterRef("program"), starts_at__lte=made + EARLY)
    return Subquery(rows.filter(ends_at__gte=made - LATE).order_by("-starts_at").values("pk")[:1])


def session_of_the_subject() -> Case:
    """The session of what a row of the worklist is about, where it is about one."""
    of_kind = [
        When(
            subject_type=kind,
            then=Subquery(
                model._default_manager.filter(pk=OuterRef("subject_id")).order_by().values(path)[:1]
            ),
        )
        for kind, (model, path) in SUBJECTS.items()
    ]
    alerts = SafetyAlert.objects.filter(pk=OuterRef("subject_id")).annotate(session_id=session_of_the_day())
    of_kind.append(
        When(subject_type="safety_alert", then=Subquery(alerts.order_by().values("session_id")[:1]))
    )
    return Case(*of_kind, output_field=UUIDField())


# Any: a row by column
def task_rows(queryset: QuerySet[Task]) -> QuerySet[Task, Any]:
    """Rows of the worklist as plain ones, straight from SQL, with the ids of what they are about."""
    return queryset.values(
        "id",
        "version",
        "created_at",
        "kind",
        "roles",
        "assignee",
        "location",
        "client",
        "subject_type",
        "subject_id",
        "due_at",
        "escalation",
        "state",
        "done_at",
        "done_by",
        "outcome",
        about_session=session_of_the_subject(),
        about_client=F("client"),
        about_assigned=F("assignee"),
    )
