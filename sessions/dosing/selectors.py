"""Questions about dosing: the facts that the gates look at, and the doses given."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, QuerySet, Sum
from django.db.models.functions import Coalesce

from kapclinic.practice.models import SessionKind
from screening import selectors as screening
from sessions.booking.models import Session
from sessions.dosing.gates import Facts, Judged, judge
from sessions.dosing.models import Administration, AdverseEvent, GateOverride, Order
from sessions.drugs import selectors as drugs
from sessions.integration import selectors as integration
from sessions.monitoring import selectors as monitoring

CONSENT = "kap_treatment"


def standing_doses(*, session_id: UUID) -> QuerySet[Administration]:
    """Doses of the session that were not voided, in order."""
    found: QuerySet[Administration] = Administration.objects.standing().filter(session_id=session_id)
    return found.order_by("administered_at", "created_at")


def first_dosed_at(*, session_id: UUID) -> datetime | None:
    """When the session's first standing dose was given."""
    return standing_doses(session_id=session_id).values_list("administered_at", flat=True).first()


def last_dosed_at(*, session_id: UUID) -> datetime | None:
    return standing_doses(session_id=session_id).values_list("administered_at", flat=True).last()


def given_total_mg(*, session_id: UUID) -> Decimal:
    """The sum of the session's standing doses in mg."""
    zero = Decimal(0)
    total = (
        standing_doses(session_id=session_id).order_by().aggregate(sum=Coalesce(Sum("dose_mg"), zero))["sum"]
    )
    return Decimal(total)


def doses_counted(program_ids: list[UUID]) -> QuerySet[Any, Any]:
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
    rows = Administration.objects.standing().filter(session__client_id=client_id, administered_at__lte=before)
    found: datetime | None = rows.exclude(session_id=but).aggregate(last=Max("administered_at"))["last"]
    return found


def valid_order(*, session_id: UUID, moment: datetime) -> Order | None:
    """The latest order of the session that is valid at `moment`."""
    found: QuerySet[Order] = Order.objects.filter(session_id=session_id, valid_until__gte=moment)
    return found.order_by("-created_at").first()


def overridden_gates(*, session_id: UUID) -> frozenset[str]:
    return frozenset(GateOverride.objects.filter(session_id=session_id).values_list("gate", flat=True))


def preparations_counted(program_ids: list[UUID]) -> QuerySet[Any, Any]:
    """Rows of `program_id` and `n`: its completed preparation sessions."""
    rows: QuerySet[Session] = Session.objects.filter(
        program_id__in=program_ids, kind=SessionKind.PREPARATION, status=Session.Status.COMPLETED
    )
    return rows.values("program_id").annotate(n=Count("pk"))


def preparations_done(program_ids: list[UUID]) -> dict[UUID, int]:
    """Completed preparation sessions per program."""
    return {row["program_id"]: row["n"] for row in preparations_counted(program_ids)}


def has_severe_event(*, client_id: UUID, grade: int) -> bool:
    rows = AdverseEvent.objects.filter(session__client_id=client_id)
    return bool(rows.filter(grade__gte=grade).exists() or rows.filter(serious=True).exists())


def open_draws(*, session_id: UUID) -> bool:
    """Is a draw of this session still unsettled, or a dose that runs on unfinished?"""
    running = standing_doses(session_id=session_id).filter(given_mg__isnull=True, finish__isnull=True)
    return running.exists() or drugs.open_draws(session_id=session_id).exists()


def gather(*, session: Session, moment: datetime, at: datetime, dosing_now: bool) -> Facts:
    """All facts of the gates for a dose at `moment`.

    `dosing_now` says that a dose is being recorded; looking at a session of the past (late entry), the age of its
    vital signs is not judged against the present.
    """
    program, protocol = session.program, session.program.protocol
    moment = moment.astimezone(session.location.zone)  # ages and clearances count by the clinic's own date
    clearance = screening.current_clearance(program_id=program.pk, at=moment)
    reading = monitoring.last_before_dose(session_id=session.pk, before=moment)
    return Facts(
        program_status=program.status,
        is_kap=protocol.owes_integration,
        modality=session.modality,
        home_dosing=protocol.home_dosing,
        min_preparations=protocol.min_preparations,
        min_gap_hours=protocol.min_gap_hours,
        vitals_max_age_min=protocol.limits["vitals_max_age_min"],
        needs_weight=protocol.dose["unit"] == "mg/kg",
        weight_days=protocol.limits["weight_days"],
        min_age_years=protocol.limits["min_age_years"],
        moment=moment,
        client_age=session.client.age_at(moment),
        cleared_until=clearance.expires_on if clearance else None,
        consented=screening.active_consent(program_id=program.pk, document=CONSENT, at=moment) is not None,
        preparations_done=preparations_done([program.pk]).get(program.pk, 0),
        has_order=valid_order(session_id=session.pk, moment=moment) is not None,
        bands=reading.bands if reading else None,
        vitals_at=reading.measured_at if reading else None,
        vitals_age_counts=dosing_now or session.ends_at >= at,
        escort=session.escort,
        client_location=session.client_location,
        weight_kg=session.weight_kg,
        weighed_at=session.weighed_at,
        earlier_integration_open=integration.earlier_open(program_id=program.pk, but=session.pk),
        last_dosed_at=last_dose_elsewhere(client_id=session.client_id, but=session.pk, before=moment),
        severe_event=has_severe_event(client_id=session.client_id, grade=protocol.limits["severe_grade"]),
        open_alerts=_count(screening.open_alerts(program_id=program.pk)),
    )


def readiness(*, session_id: UUID, at: datetime) -> list[Judged]:
    """Every gate of a dosing session as it stands now; for another kind of session there are none."""
    session = Session.objects.select_related("program__protocol", "client", "location").get(pk=session_id)
    if session.kind != SessionKind.DOSING:
        return []
    given = first_dosed_at(session_id=session_id)
    facts = gather(session=session, moment=given or at, at=at, dosing_now=given is not None)
    return judge(facts, overridden=overridden_gates(session_id=session_id))


def _count(rows: Any) -> int:
    return int(rows.count())
