"""Questions about doses: what was given, when, how much, and what came before."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from django.db.models import Count, Max, Min, OuterRef, QuerySet, Sum
from django.db.models.functions import Coalesce

from kapclinic.practice.models import SessionKind
from kapclinic.practice.selectors import person
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.drugs import selectors as drugs

CONSENT = "kap_treatment"


class DosesCounted(TypedDict):
    session__program_id: UUID
    n: int


class PreparationsCounted(TypedDict):
    program_id: UUID
    n: int


def standing_doses(*, session_id: UUID | OuterRef) -> QuerySet[Administration]:
    """Doses of the session, or of the one of an outer query, that were not voided, in order."""
    found: QuerySet[Administration] = Administration.objects.standing().filter(session_id=session_id)
    return found.order_by("administered_at", "created_at")


def first_dosed_at(*, session_id: UUID) -> datetime | None:
    """When the session's first standing dose was given."""
    return standing_doses(session_id=session_id).values_list("administered_at", flat=True).first()


def last_dosed_at(*, session_id: UUID) -> datetime | None:
    return standing_doses(session_id=session_id).values_list("administered_at", flat=True).last()


def given_total_mg(*, session_id: UUID, but: UUID | None = None) -> Decimal:
    """The sum of the session's standing doses in mg, without `but`; each by what was given, where that is known."""
    went_in = Coalesce("finish__given_mg", "given_mg", "dose_mg")
    doses = standing_doses(session_id=session_id).order_by()
    if but is not None:
        doses = doses.exclude(pk=but)
    return Decimal(doses.aggregate(sum=Coalesce(Sum(went_in), Decimal(0)))["sum"])


def doses_counted(program_ids: list[UUID]) -> QuerySet[Administration, DosesCounted]:
    """Rows of `session__program_id` and `n`: how many of its sessions had a standing dose."""
    rows: QuerySet[Administration] = Administration.objects.standing().filter(
        session__program_id__in=program_ids
    )
    return rows.values("session__program_id").annotate(n=Count("session_id", distinct=True))


def doses_given(program_ids: list[UUID]) -> dict[UUID, int]:
    """How many sessions of each program had a standing dose."""
    return {row["session__program_id"]: row["n"] for row in doses_counted(program_ids)}


def last_dose_elsewhere(*, client_id: UUID, but: UUID, before: datetime) -> datetime | None:
    """The client's last standing dose in another session, up to `before`."""
    rows = Administration.objects.standing().filter(
        session__client__in=person(client_id), administered_at__lte=before
    )
    found: datetime | None = rows.exclude(session_id=but).aggregate(last=Max("administered_at"))["last"]
    return found


def next_dose_elsewhere(*, client_id: UUID, but: UUID, after: datetime) -> datetime | None:
    """The client's first standing dose in another session after `after`: there is one only beside a late entry."""
    rows = Administration.objects.standing().filter(
        session__client__in=person(client_id), administered_at__gt=after
    )
    found: datetime | None = rows.exclude(session_id=but).aggregate(first=Min("administered_at"))["first"]
    return found


def preparations_counted(program_ids: list[UUID]) -> QuerySet[Session, PreparationsCounted]:
    """Rows of `program_id` and `n`: its completed preparation sessions."""
    rows: QuerySet[Session] = Session.objects.filter(
        program_id__in=program_ids, kind=SessionKind.PREPARATION, status=Session.Status.COMPLETED
    )
    return rows.values("program_id").annotate(n=Count("pk"))


def preparations_done(program_ids: list[UUID]) -> dict[UUID, int]:
    """Completed preparation sessions per program."""
    return {row["program_id"]: row["n"] for row in preparations_counted(program_ids)}


def open_draws(*, session_id: UUID) -> bool:
    """Is a draw of this session still unsettled, or a dose that runs on unfinished?"""
    running = standing_doses(session_id=session_id).filter(given_mg__isnull=True, finish__isnull=True)
    return running.exists() or drugs.open_draws(session_id=session_id).exists()
