"""Questions of the reports: the rows of a period, put beside each other, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from django.db import models
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from kapclinic.core.statements import Row
from kapclinic.practice.selectors import LocalDay
from programs.policy import limit
from sessions.booking.models import Session
from sessions.integration.models import Obligation
from sessions.monitoring.models import Alarm
from sessions.notes.models import Note, OwedNote
from sessions.notes.rules import SIGNED_BY_SOMEBODY
from sessions.reports import rules
from sessions.reports.rules import Asked, Due

M = TypeVar("M", bound=models.Model)
UNWRITTEN = "unwritten"


@dataclass(frozen=True)
class Report:
    """The rows, the newest first; what all of them come to; and the groups that they fall into."""

    rows: Sequence[Row]
    totals: Row
    groups: Sequence[Row]


def _within(rows: QuerySet[M], asked: Asked, *, day: LocalDay) -> QuerySet[M]:
    """Those whose `day` is of the period."""
    return rows.filter(GreaterThanOrEqual(day, asked.first), LessThanOrEqual(day, asked.last))


# --- integration ------------------------------------------------------------------------------------------------


def integration(asked: Asked) -> Report:
    """The doses of the period that owe an integration, by the week of the dose: how many were met inside the window,
    and the hours from the dose to where the integration began. A voided dose owes none.
    """
    owed = Obligation.objects.filter(program__location__in=asked.places).exclude(
        state=Obligation.State.VOIDED
    )
    day = LocalDay(F("dosed_at"), F("program__location__time_zone"))
    began = Coalesce("integration_session__started_at", "integration_session__checked_in_at")
    rows = _within(owed, asked, day=day).order_by("-dosed_at", "pk").values(
        "client", "program", "dosing_session", "integration_session", "therapist",
        "dosed_at", "window_start", "window_end", "state", day=day, began=began,
        obligation=F("pk"), mrn=F("client__mrn"), location=F("program__location"),
    )  # fmt: skip
    found: list[Row] = [dict(row) for row in rows]
    for row in found:
        row["hours"] = _hours_to(row)
    facts = [rules.Integration(row["day"], row["state"], row["hours"]) for row in found]
    weeks = rules.grouped(facts, lambda row: rules.week_of(row.day))
    return Report(
        rows=found,
        totals={"doses": len(facts)} | rules.told(facts, rules.integration_figures),
        groups=[
            {"week": week, "doses": len(some)} | rules.told(some, rules.integration_figures)
            for week, some in weeks.items()
        ],
    )


def _hours_to(row: Row) -> float | None:
    """Of an integration that took place; one that is booked has not begun, or has not counted."""
    took_place = (
        row["state"] in {Obligation.State.MET, Obligation.State.MET_LATE} and row["began"] is not None
    )
    return rules.hours(row["dosed_at"], row["began"]) if took_place else None


# --- what is due ------------------------------------------------------------------------------------------------


def _judged(rows: Iterable[Row], *, at: datetime) -> None:
    for row in rows:
        due = _due(row)
        row["hours"], row["in_time"] = rules.hours_of(due, at=at), rules.in_time(due, at=at)


def _due(row: Row) -> Due:
    return Due(since=row["since"], due_at=row["due_at"], done_at=row["done_at"])


def _of_due(found: list[Row], *, count: str, group: str, beside: Sequence[str], at: datetime) -> Report:
    """`found` with its hours, by the column `group`; `beside` are columns that each row of a group shares."""
    _judged(found, at=at)
    figures = partial(rules.due_figures, at=at)
    groups = []
    for key, some in rules.grouped(found, lambda row: row[group]).items():
        shared = {name: some[0][name] for name in beside}
        told = rules.told([_due(row) for row in some], figures)
        groups.append({group: key} | shared | {count: len(some)} | told)
    totals = {count: len(found)} | rules.told([_due(row) for row in found], figures)
    return Report(rows=found, totals=totals, groups=groups)


# --- notes ------------------------------------------------------------------------------------------------------


def notes(asked: Asked) -> Report:
    """The notes of the sessions that were completed in the period, by who writes them: how long from the end of the
    session to their signature, or so far. One that is owed and not begun is a row without a note.
    """
    written = _notes(asked)
    begun = {(row["session"], row["clinician"]) for row in written}
    owed = [row for row in _owed(asked) if (row["session"], row["clinician"]) not in begun]
    found = [row | {"due_at": row["since"] + _note_hours(row)} for row in written + owed]
    found.sort(key=lambda row: (row["since"], str(row["session"]), str(row["clinician"])), reverse=True)
    return _of_due(found, count="notes", group="clinician", beside=("clinician_name",), at=asked.at)


def _note_hours(row: Row) -> timedelta:
    kept: Row = {} if row["note_hours"] is None else {"note_hours": row["note_hours"]}
    return timedelta(hours=float(limit(kept, "note_hours")))


COMPLETED_ON = LocalDay(F("session__completed_at"), F("session__location__time_zone"))
_SESSION = {
    "client": F("session__client"),
    "mrn": F("session__client__mrn"),
    "location": F("session__location"),
    "session_kind": F("session__kind"),
    "since": F("session__completed_at"),
    "note_hours": F("session__program__protocol__limits__note_hours"),
    "day": COMPLETED_ON,
}


def _of_completed(rows: QuerySet[M], asked: Asked) -> QuerySet[M]:
    completed = rows.filter(
        session__location__in=asked.places, session__status=Session.Status.COMPLETED
    ).order_by()
    return _within(completed, asked, day=COMPLETED_ON)


def _notes(asked: Asked) -> list[Row]:
    rows = _of_completed(Note.objects.exclude(status=Note.Status.DISCARDED), asked)
    about = {"note": F("pk"), "clinician": F("author"), "clinician_name": F("author__name")}
    told = rows.values("session", "kind", "status", done_at=F("signed_at"), **about, **_SESSION)
    return [dict(row) for row in told]


def _owed(asked: Asked) -> list[Row]:
    """Sessions that somebody was to write up, by whom; but for those that a colleague wrote up in their place."""
    signed = Note.objects.filter(session=OuterRef("session"), status__in=SIGNED_BY_SOMEBODY)
    rows = _of_completed(OwedNote.objects.filter(~Exists(signed.exclude(covering_reason=""))), asked)
    nothing: Row = {"note": None, "kind": None, "status": UNWRITTEN, "done_at": None}
    told = rows.values("session", "clinician", clinician_name=F("clinician__name"), **_SESSION)
    return [dict(row) | nothing for row in told]


# --- alarms -----------------------------------------------------------------------------------------------------


def alarms(asked: Asked) -> Report:
    """The alarms that were raised in the period, by cause: acknowledged within the protocol's `alarm_minutes`?"""
    raised = Alarm.objects.filter(location__in=asked.places)
    day = LocalDay(F("created_at"), F("location__time_zone"))
    rows = _within(raised, asked, day=day).order_by("-created_at", "pk").values(
        "session", "location", "cause", "trigger", "state", day=day,
        alarm=F("pk"), client=F("session__client"), mrn=F("session__client__mrn"),
        since=F("created_at"), done_at=F("acknowledged_at"),
        minutes=F("session__program__protocol__limits__alarm_minutes"),
    )  # fmt: skip
    found: list[Row] = [dict(row) for row in rows]
    for row in found:
        kept: Row = {} if row["minutes"] is None else {"alarm_minutes": row["minutes"]}
        row["due_at"] = row["since"] + timedelta(minutes=float(limit(kept, "alarm_minutes")))
    return _of_due(found, count="alarms", group="cause", beside=(), at=asked.at)
