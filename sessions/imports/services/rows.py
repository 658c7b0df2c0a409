"""One row of a file, by the same verb as its POST; and all of them taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import transaction

from kapclinic.practice import services as practice
from kapclinic.practice.models import Client, Role, User
from programs.models import Program
from screening import services as screening
from screening.models import Measure
from screening.services.measures import Answered
from sessions.booking.models import Session
from sessions.booking.services.bookings import Ask
from sessions.imports.models import ImportKind
from sessions.imports.rules.packing import Body
from sessions.visits import services as visits

ASK = ("kind", "modality", "starts_at", "ends_at", "room", "staff", "override_reason", "client_location")
Brought = tuple[UUID, UUID]  # the new row, and whose it is


def acting(user: User) -> User:
    """An administrator for whose import the roles of the desk and of a clinician are lent: for its rows alone."""
    lent = copy(user)
    lent.roles = [*user.roles, Role.FRONT_DESK, Role.THERAPIST]
    return lent


def _client(body: Body, *, by: User, at: datetime) -> Brought:
    made = practice.save_client(client=None, values=cast("practice.ClientFields", body), by=by, at=at)
    return made.pk, made.pk


@transaction.atomic  # a booking that is refused leaves its caller's transaction to be undone
def _appointment(body: Body, *, by: User, at: datetime) -> Brought:
    made = visits.book(
        program_id=body["program"],
        ask=Ask(**{name: body[name] for name in ASK if name in body}),
        obligation_id=body.get("obligation"),
        by=by,
        at=at,
    )
    return made.pk, made.client_id


def _measure(body: Body, *, by: User, at: datetime) -> Brought:
    made = screening.record_measure(values=cast("Answered", body), by=by, at=at)
    return made.pk, made.program.client_id


BRING: Mapping[str, Callable[..., Brought]] = {
    ImportKind.CLIENTS: _client,
    ImportKind.APPOINTMENTS: _appointment,
    ImportKind.MEASURES: _measure,
}


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
