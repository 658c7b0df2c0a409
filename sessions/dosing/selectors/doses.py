"""Questions about doses: what was given, when, how much, and what came before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet

from kapclinic.core.asking import Questions
from kapclinic.practice.models import SessionKind
from programs.models import Route
from sessions.booking.models import Session
from sessions.dosing.models import Administration, Discharge
from sessions.dosing.rules import amounts
from sessions.drugs import selectors as drugs
from sessions.monitoring import selectors as monitoring

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


def is_to_be_put_right(*, session_id: UUID) -> bool:
    """Was a dose of this session voided, and none entered in its place?"""
    doses = Administration.objects.filter(session_id=session_id)
    return amounts.is_to_be_put_right(doses.values_list("recorded_at", "void__created_at"))


def last_dosed_at(*, session_id: UUID) -> datetime | None:
    return standing_doses(session_id=session_id).values_list("administered_at", flat=True).last()


def stayed_until(*, session_id: UUID) -> datetime | None:
    """Until when the client was there at least: the discharge, or the last dose."""
    left = Discharge.objects.filter(session_id=session_id).values_list("discharged_at", flat=True).first()
    moments = [left, last_dosed_at(session_id=session_id)]
    return max((moment for moment in moments if moment is not None), default=None)


def for_a_reading(*, session_id: UUID) -> Questions:
    """The session; when its standing doses were given, the first one first; when the client left; and what a reading
    of it is judged beside (`monitoring.beside`). For who has locked the session.
    """
    return (
        Session.objects.filter(pk=session_id),
        standing_doses(session_id=session_id).values_list("administered_at", flat=True),
        Discharge.objects.filter(session_id=session_id).values_list("discharged_at", flat=True),
        *monitoring.beside(session_id=session_id),
    )


def doses_with_ends(*, session_id: UUID) -> QuerySet[Administration]:
    """`standing_doses`, each with its `finish`, if it has one."""
    return standing_doses(session_id=session_id).select_related("finish")


def total_mg(doses: Iterable[Administration], *, but: UUID | None = None) -> Decimal:
    """The sum of doses (with their `finish`) in mg, without `but`; each by what was given, where that is known."""
    return sum((_went_in(dose) for dose in doses if dose.pk != but), Decimal(0))


def said_end(dose: Administration) -> datetime | None:
    """When a dose that ran on was said to have ended; None for any other. Read with its `finish`."""
    return dose.finish.ended_at if hasattr(dose, "finish") else None


def is_over(dose: Administration) -> bool:
    """Is this an infusion that has ended? Read with its `finish`."""
    return hasattr(dose, "finish") or (dose.route == Route.INTRAVENOUS and dose.given_mg is not None)


def _went_in(dose: Administration) -> Decimal:
    if hasattr(dose, "finish"):
        return dose.finish.given_mg
    return dose.dose_mg if dose.given_mg is None else dose.given_mg


def doses_counted(program_ids: list[UUID]) -> QuerySet[Administration, DosesCounted]:
    """Rows of `session__program_id` and `n`: how many of its sessions had a standing dose."""
    rows: QuerySet[Administration] = Administration.objects.standing().filter(
        session__program_id__in=program_ids
    )
    return rows.values("session__program_id").annotate(n=Count("session_id", distinct=True))


def doses_given(program_ids: list[UUID]) -> dict[UUID, int]:
    """How many sessions of each program had a standing dose."""
    return {row["session__program_id"]: row["n"] for row in doses_counted(program_ids)}


def preparations_completed() -> QuerySet[Session]:
    """The preparation sessions that took place."""
    found: QuerySet[Session] = Session.objects.filter(
        kind=SessionKind.PREPARATION, status=Session.Status.COMPLETED
    )
    return found


def preparations_counted(program_ids: list[UUID]) -> QuerySet[Session, PreparationsCounted]:
    """Rows of `program_id` and `n`: its completed preparation sessions."""
    rows = preparations_completed().filter(program_id__in=program_ids)
    return rows.values("program_id").annotate(n=Count("pk"))


def preparations_done(program_ids: list[UUID]) -> dict[UUID, int]:
    """Completed preparation sessions per program."""
    return {row["program_id"]: row["n"] for row in preparations_counted(program_ids)}


def open_draws(*, session_id: UUID) -> bool:
    """Is a draw of this session still unsettled, or a dose that runs on unfinished?"""
    running = standing_doses(session_id=session_id).filter(given_mg__isnull=True, finish__isnull=True)
    return running.exists() or drugs.open_draws(session_id=session_id).exists()
