"""Verbs of a client's death: it ends every course of theirs, frees what is booked, and lets no message leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, Invalid
from kapclinic.practice import persons
from kapclinic.practice import selectors as practice
from kapclinic.practice.models import SYSTEM, Actor, Client, Death, User
from kapclinic.practice.rules import BOOKERS
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Task
from programs import services as programs
from programs.models import Program
from programs.rules import LIVE, PROGRAM_MOVES
from sessions.booking.models import Session
from sessions.booking.rules import MOVABLE
from sessions.course.services.programs import free_future
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.visits.services.freed_slots import give_away
from sessions.waitlist import services as waitlist
from sessions.waitlist.models import WaitlistEntry
from sessions.waitlist.rules import Freed

REASON = "The client has died."


class AlreadyDeceased(Conflict):
    code, title = "already_deceased", "This client's death is written down already"


class NotDeceased(Conflict):
    code, title = "not_deceased", "No death of this client is written down"


@dataclass(frozen=True)
class Outcome:
    """The client, with the programs that were ended or go on, the sessions that were freed, the obligations that were
    voided or are owed again."""

    client: Client
    programs: list[UUID] = field(default_factory=list)
    sessions: list[UUID] = field(default_factory=list)
    obligations: list[UUID] = field(default_factory=list)


@transaction.atomic
def note_death(*, client: Client, died_on: date, source: str, by: User, at: datetime) -> Outcome:
    """Write down that a client has died, and end at once all that is still to come for them, at every location.

    Programs are discontinued, waits withdrawn, what is owed is voided, what is booked from now on is freed. A session
    that has begun stays, so that it can be written up, and so does one whose time is over.

    :raises Invalid: for a day to come, or before the client's birth
    :raises AlreadyDeceased: when it is written down already
    """
    transitions.require_role(by, BOOKERS, what="Writing down a death")
    if not client.date_of_birth <= died_on <= practice.last_day(client, at=at):
        raise Invalid.field("died_on", "A day since the client's birth, and none to come, is expected.")
    ids = practice.person_ids(client.pk)
    courses = lock_courses(ids)
    booked = list(
        Session.objects.filter(program__in=courses, status__in=MOVABLE).values_list("pk", flat=True)
    )
    live = {str(course.pk): course.status for course in courses if course.status in LIVE}
    actor: Actor = by if by.role_set & PROGRAM_MOVES["discontinue"].roles else SYSTEM
    for course in courses:
        if course.status in LIVE:
            programs.move_program(program_id=course.pk, move="discontinue", reason=REASON, by=actor, at=at)
    _withdraw(ids, by=by, at=at)
    voided = [pk for course in courses for pk in _void_owed(course, at=at)]
    for course in courses:
        free_future(program_id=course.pk, by=by, at=at)
    _call_nobody(ids, at=at)
    rows = persons.lock_clients(ids)
    if any(row.died_on is not None for row in rows):
        raise AlreadyDeceased
    ended = {"programs": live, "obligations": [str(pk) for pk in voided]}
    persons.keep_death(client=client, rows=rows, died_on=died_on, source=source, ended=ended, by=by, at=at)
    gone = Session.objects.filter(pk__in=booked, status=Session.Status.CANCELLED).order_by("starts_at")
    freed = list(gone.values_list("pk", flat=True))
    return Outcome(_shown(client), [UUID(pk) for pk in live], freed, voided)


def lock_courses(client_ids: Sequence[UUID]) -> list[Program]:
    """Every course of the person, locked in one order."""
    ids = Program.objects.filter(client__in=client_ids).order_by("pk").values_list("pk", flat=True)
    return [programs.lock_program(pk) for pk in ids]


def _withdraw(client_ids: Sequence[UUID], *, by: User, at: datetime) -> None:
    waiting = WaitlistEntry.objects.waiting().filter(program__client__in=client_ids).order_by("pk")
    for entry in waiting:
        waitlist.withdraw(entry_id=entry.pk, reason=REASON, by=by, at=at)


def _call_nobody(client_ids: Sequence[UUID], *, at: datetime) -> None:
    """Take the calls about a session that was moved or cancelled before off the worklist; nobody has called."""
    calls = Task.objects.open().filter(kind=Kind.CLIENT_UNTOLD, client__in=client_ids)
    for subject in calls.values_list("subject_id", flat=True):
        trail.settle_tasks(kind=Kind.CLIENT_UNTOLD, subject_id=subject, by=SYSTEM, at=at, outcome=REASON)


def _void_owed(course: Program, *, at: datetime) -> list[UUID]:
    """Void what the course's doses still owe, and put the slots that were booked for it to use."""
    found = []
    owed = Obligation.objects.open().filter(program=course).select_related("dosing_session")
    for obligation in owed.order_by("pk"):
        dose = obligation.dosing_session
        standing = Session.objects.standing().filter(for_dose=dose)
        before = list(standing.values_list("pk", flat=True))
        if obligation.integration_session_id is not None:
            before.append(obligation.integration_session_id)
        integration.void_obligation(dose=dose, reason=REASON, by=SYSTEM, at=at)
        gone = Session.objects.filter(pk__in=before, status=Session.Status.CANCELLED)
        give_away(freed=[Freed.of(session) for session in gone.order_by("starts_at")], by=SYSTEM, at=at)
        found.append(obligation.pk)
    return found


@transaction.atomic
def void_death(*, client: Client, reason: str, by: User, at: datetime) -> Outcome:
    """The client lives: messages leave again, the courses that it ended go on, what their doses owe is owed again.

    What was booked stays free: the answer of the death names the sessions. A course stays ended when the client has
    another live one by now.

    :raises NotDeceased: when no death of theirs stands
    """
    transitions.require_role(by, BOOKERS, what="Voiding a death")
    ids = practice.person_ids(client.pk)
    courses = {course.pk: course for course in lock_courses(ids)}
    rows = persons.lock_clients(ids)
    deaths = practice.standing_deaths(ids)
    if not deaths:
        raise NotDeceased
    persons.void_deaths(deaths=deaths, rows=rows, reason=reason, by=by, at=at)
    again = _reinstate(deaths, courses, at=at)
    due = _owe_again(deaths, at=at)
    return Outcome(_shown(client), again, [], due)


def _reinstate(deaths: Iterable[Death], courses: Mapping[UUID, Program], *, at: datetime) -> list[UUID]:
    found = []
    for pk, status in [row for death in deaths for row in death.ended["programs"].items()]:
        course = courses[UUID(pk)]
        goes_on = any(other.status in LIVE for other in courses.values())
        if course.status == Program.Status.DISCONTINUED and not goes_on:
            found.append((course, status))
    return [programs.reinstate(program=course, status=was, at=at).pk for course, was in found]


def _owe_again(deaths: Iterable[Death], *, at: datetime) -> list[UUID]:
    ids = [pk for death in deaths for pk in death.ended["obligations"]]
    owed = Obligation.objects.filter(
        pk__in=ids,
        state=Obligation.State.VOIDED,
        dosing_session__outcome=Session.Outcome.DOSED,  # a dose that was voided since owes nothing
    )
    rows = list(owed.select_related("dosing_session", "program__protocol").order_by("pk"))
    for row in rows:
        integration.owe_integration(
            dose=row.dosing_session, program=row.program, dosed_at=row.dosed_at, by=SYSTEM, at=at
        )
    return [row.pk for row in rows]


def _shown(client: Client) -> Client:
    """The client as the row is now."""
    found: Client = Client.objects.with_merges().get(pk=client.pk)
    return found
