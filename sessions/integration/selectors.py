"""Questions about integration."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, UUIDField, Value
from django.db.models.functions import Coalesce

from kapclinic.practice.models import Role, User
from kapclinic.practice.selectors import person
from programs.models import Program
from sessions.booking.models import Session
from sessions.booking.rules import Slot
from sessions.booking.selectors.availability import free_slots
from sessions.integration import rules
from sessions.integration.models import Obligation


def given_up(*, dose: Session) -> list[tuple[datetime, datetime]]:
    """Times at which this dose's integration was cancelled or missed."""
    ended = [Session.Status.CANCELLED, Session.Status.NO_SHOW]
    rows = Session.objects.filter(for_dose=dose, status__in=ended).exclude(reason=rules.HOLD_FREED)
    return list(rows.values_list("starts_at", "ends_at"))


def candidates(
    *, program: Program, dose: Session, start: datetime, end: datetime, at: datetime, others: bool = True
) -> list[Slot]:
    """The slots of the best tier that has any, best first.

    Tiers: the assigned therapist in each modality that the client accepts, in their order; then any other
    KAP-trained therapist of the location, likewise. At least the protocol's notice from now.
    """
    notice = timedelta(minutes=int(program.protocol.limits["notice_min"]))
    earliest = max(start, at + notice)
    avoid = given_up(dose=dose)
    for therapists in _tiers(program, others=others):
        for modality in rules.modalities(program):
            slots = free_slots(
                program=program,
                kind="integration",
                at=at,
                modality=modality,
                start=earliest,
                before=end,
                only={str(Role.THERAPIST): therapists},
            )
            found = rules.ranked(rules.apart(slots, avoid), program, program.location.zone)
            if found:
                return found
    return []


def _tiers(program: Program, *, others: bool) -> list[list[UUID]]:
    tiers = [[program.therapist_id]] if program.therapist_id else []
    if others:
        trained = User.objects.filter(
            is_active=True,
            kap_trained=True,
            roles__contains=[str(Role.THERAPIST)],
            locations__contains=[program.location_id],
        )
        tiers.append([pk for pk in trained.values_list("pk", flat=True) if pk != program.therapist_id])
    return [tier for tier in tiers if tier]


def waiting(*, at: datetime) -> QuerySet[Obligation]:
    """Obligations that a sweep must look at: unbooked ones, and booked ones that ended a day ago, not written up."""
    ended = Q(state=Obligation.State.BOOKED, integration_session__ends_at__lt=at - timedelta(hours=24))
    found: QuerySet[Obligation] = Obligation.objects.filter(Q(state=Obligation.State.DUE) | ended)
    return found.order_by("window_end", "pk")


def earlier_open(*, client_id: UUID, but: UUID) -> bool:
    """Is an integration of another dose of this client still owed, in whatever program (R5)?"""
    return bool(
        Obligation.objects.open().filter(client__in=person(client_id)).exclude(dosing_session_id=but).exists()
    )


def counted(program_ids: list[UUID]) -> QuerySet[Obligation, tuple[UUID, str, int]]:
    """(program, state, how many), as rows that a union takes."""
    rows: QuerySet[Obligation] = Obligation.objects.filter(program_id__in=program_ids)
    counts = rows.values("program_id", "state").annotate(n=Count("pk"))
    return counts.values_list("program_id", "state", "n")


# Any: a row by column
def obligation_rows(queryset: QuerySet[Obligation]) -> QuerySet[Obligation, Any]:
    """Obligations as plain rows, straight from SQL, with the ids of what they are about.

    `about_session` is the integration once there is one, else the dose.
    """
    return queryset.values(
        "id",
        "version",
        "created_at",
        "dosing_session",
        "program",
        "client",
        "therapist",
        "dosed_at",
        "window_start",
        "window_end",
        "state",
        "integration_session",
        "escalations",
        about_session=Coalesce("integration_session", "dosing_session", output_field=UUIDField()),
        about_client=Value(None, output_field=UUIDField()),
        about_assigned=F("therapist"),
    )
