"""The rows of a file, each by the same verb as its POST; and all of them taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import transaction

from kapclinic.core.errors import ClinicError
from kapclinic.practice import services as practice
from kapclinic.practice.models import Client, Role, User
from programs.models import Program
from screening import services as screening
from screening.models import Measure
from screening.services.courses import Read
from screening.services.measures import Answered
from sessions.booking.models import Session
from sessions.booking.services.bookings import Ask
from sessions.imports.models import ImportKind
from sessions.imports.rules.packing import Body
from sessions.visits import services as visits

ASK = ("kind", "modality", "starts_at", "ends_at", "room", "staff", "override_reason", "client_location")
AT_ONCE = 500  # measures that are read for by three statements
Brought = tuple[UUID, UUID]  # the new row, and whose it is
Tried = Brought | ClinicError


def acting(user: User) -> User:
    """An administrator for whose import the roles of the desk and of a clinician are lent: for its rows alone."""
    lent = copy(user)
    lent.roles = [*user.roles, Role.FRONT_DESK, Role.THERAPIST]
    return lent


def _tried(verb: Callable[[Body], Brought], body: Body) -> Tried:
    try:
        return verb(body)
    except ClinicError as exc:
        return exc


def _clients(bodies: Sequence[Body], *, by: User, at: datetime) -> Iterator[Tried]:
    @transaction.atomic  # a verb that refuses leaves its caller's transaction to be undone
    def registered(body: Body) -> Brought:
        made = practice.save_client(client=None, values=cast("practice.ClientFields", body), by=by, at=at)
        return made.pk, made.pk

    return (_tried(registered, body) for body in bodies)


def _appointments(bodies: Sequence[Body], *, by: User, at: datetime) -> Iterator[Tried]:
    rows = [
        (body["program"], Ask(**{name: body[name] for name in ASK if name in body}), body.get("obligation"))
        for body in bodies
    ]
    for made in visits.book_list(rows, by=by, at=at):
        yield made if isinstance(made, ClinicError) else (made.pk, made.client_id)


def _measures(bodies: Sequence[Body], *, by: User, at: datetime) -> Iterator[Tried]:
    for begin in range(0, len(bodies), AT_ONCE):
        some = bodies[begin : begin + AT_ONCE]
        course = Read(
            program_ids={body["program"] for body in some},
            instruments={body["instrument"] for body in some},
            by=by,
        )

        def recorded(body: Body, course: Read = course) -> Brought:
            made = screening.record_measure(values=cast("Answered", body), course=course, by=by, at=at)
            return made.pk, made.program.client_id

        yield from (_tried(recorded, body) for body in some)


BRING: Mapping[str, Callable[..., Iterator[Tried]]] = {
    ImportKind.CLIENTS: _clients,
    ImportKind.APPOINTMENTS: _appointments,
    ImportKind.MEASURES: _measures,
}


def bring(kind: str, bodies: Sequence[Body], *, by: User, at: datetime) -> Iterator[Tried]:
    """Each row by the verb of its POST, in their order: what it became, or why it is refused.

    What many rows have to know is asked for some hundred at once, and they are written together. A fault of the
    database is then told of a row behind the one that it is about: `bring_alone` knows which.
    """
    return BRING[kind](bodies, by=by, at=at)


def bring_alone(kind: str, bodies: Sequence[Body], *, by: User, at: datetime) -> Iterator[Tried]:
    """The same, each row asked for and written by itself."""
    for body in bodies:
        with transaction.atomic():
            told = list(BRING[kind]([body], by=by, at=at))
        yield from told


# --- taken back ------------------------------------------------------------------------------------------------------


def hold(kind: str, keys: Sequence[UUID]) -> None:
    """Lock the rows, so that nothing new comes to hang on them meanwhile; a course before its session."""
    if kind == ImportKind.APPOINTMENTS:
        courses = Program.objects.filter(pk__in=Session.objects.filter(pk__in=keys).values("program"))
        list(courses.select_for_update().order_by("pk").values_list("pk", flat=True))
    rows = {ImportKind.CLIENTS: Client.objects, ImportKind.APPOINTMENTS: Session.objects}.get(
        ImportKind(kind)
    )
    if rows is not None:
        list(rows.filter(pk__in=keys).select_for_update().order_by("pk").values_list("pk", flat=True))


def take_back(kind: str, keys: Sequence[UUID], *, reason: str, by: User, at: datetime) -> list[UUID]:
    """Withdraw clients, cancel appointments, void measures; returns whose they are."""
    if kind == ImportKind.CLIENTS:
        practice.withdraw_clients(client_ids=keys, by=by, at=at)
        return list(keys)
    if kind == ImportKind.APPOINTMENTS:
        whose = Session.objects.filter(pk__in=keys).values_list("client", flat=True)
        for key in keys:
            visits.end(session_id=key, move="cancel", reason=reason, by=by, at=at)
        return list(whose)
    for key in keys:
        screening.void_measure(measure_id=key, reason=reason, by=by, at=at)
    return list(Measure.objects.filter(pk__in=keys).values_list("program__client", flat=True))
