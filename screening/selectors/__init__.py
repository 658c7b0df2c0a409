"""Questions to screening."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject

from kapclinic.practice.selectors import ExistsOfPerson, person, person_at, person_of
from programs import policy
from programs.models import Program
from programs.policy import limit
from screening.models import (
    AlertRelease,
    Clearance,
    Finding,
    Measure,
    Medication,
    MedicationMapping,
    SafetyAlert,
    Screening,
    Suspension,
)
from screening.models.alerts import HOLDING
from screening.rules.instruments import CSSRS
from screening.rules.medicines import Listed
from screening.rules.suspensions import names_in_all
from screening.selectors.clearances import clearances_in_force as clearances_in_force
from screening.selectors.clearances import current_clearance as current_clearance
from screening.selectors.clearances import current_clearances as current_clearances
from screening.selectors.clearances import current_of as current_of
from screening.selectors.clearances import decided_at as decided_at
from screening.selectors.clearances import decided_by as decided_by
from screening.selectors.clearances import decisions_of as decisions_of
from screening.selectors.clearances import open_reasons as open_reasons
from screening.selectors.clearances import open_reasons_of as open_reasons_of
from screening.selectors.clearances import suspended_by as suspended_by
from screening.selectors.clearances import to_review as to_review
from screening.selectors.consents import DocumentText as DocumentText
from screening.selectors.consents import active_consent as active_consent
from screening.selectors.consents import consent_documents as consent_documents
from screening.selectors.consents import consent_of as consent_of
from screening.selectors.consents import consents_at as consents_at
from screening.selectors.consents import document_in_force as document_in_force
from screening.selectors.consents import once_signed as once_signed
from screening.selectors.consents import signed_consents as signed_consents
from screening.selectors.labs import last_tests as last_tests


def screenings_with_findings() -> QuerySet[Screening]:
    """Screenings with what an answer shows: one query, and one for the findings of their last weighing."""
    found: QuerySet[Screening] = Screening.objects.select_related(
        "program__location", "clearance__program__location"
    )
    shown = Finding.objects.filter(weighing=F("screening__weighing")).order_by("created_at", "id")
    found = found.annotate(reasons=_reasons_of("clearance"))
    return found.prefetch_related(Prefetch("findings", queryset=shown))


def clearances_with_reasons() -> QuerySet[Clearance]:
    """Clearances with `reasons`, the oldest first: what came after them, each with its answer or null."""
    found: QuerySet[Clearance] = Clearance.objects.select_related("program__location")
    return found.annotate(reasons=_reasons_of("pk"))


def _reasons_of(clearance: str) -> ArraySubquery:
    shown = JSONObject(
        id="pk",
        code="fact__code",
        subject_type="fact__subject_type",
        subject_id="fact__subject_id",
        at="fact__at",
        resolution="uphold__resolution",
        upheld_by="uphold__created_by",
        upheld_at="uphold__created_at",
    )
    rows = Suspension.objects.filter(clearance=OuterRef(clearance)).order_by("fact__at", "pk")
    return ArraySubquery(rows.values(row=shown))


def standing_clearances(*, client_id: UUID, moment: datetime) -> list[Clearance]:
    """The client's clearances, of every program, that were neither voided nor over by the local day of `moment`."""
    rows = Clearance.objects.filter(
        program__client__in=person(client_id), decision=Clearance.Decision.CLEARED, voided_at__isnull=True
    )
    found = rows.select_related("program__protocol", "program__location", "screening").order_by("pk")
    return [
        row
        for row in found
        if row.expires_on and row.expires_on >= moment.astimezone(row.program.location.zone).date()
    ]


def weighed_names(
    screening: Screening, *, clearance_id: UUID | None = None, but: UUID | None = None
) -> frozenset[str]:
    """The ingredients that the screening weighed when it was submitted, and those that were upheld of its clearance.

    Each entry is read with what it was mapped to at that moment. A text that was not understood in full stands among
    them as it was written. `but` is the entry or the mapping that is asked about: it does not count.
    """
    client_id, moment = screening.program.client_id, screening.submitted_at
    seen = person_at(client_id, moment) if moment else [client_id]  # whose list was looked at
    taken = Medication.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=screening.submitted_at),
        client__in=seen,
        created_at__lte=screening.submitted_at,
    )
    weighed = [
        _as_mapped(row, by=screening.submitted_at, but=but)
        for row in medications_with_mappings(taken)
        if row.pk != but
    ]
    answers = Suspension.objects.filter(
        clearance=clearance_id, uphold__isnull=False, fact__subject_type="medication"
    ).values_list("fact__subject_id", "uphold__created_at")
    rows = medications_with_mappings(Medication.objects.filter(pk__in={pk for pk, _ in answers}))
    by_id = {row.pk: row for row in rows}
    upheld = [_as_mapped(by_id[pk], by=moment, but=but) for pk, moment in answers]
    return names_in_all([*weighed, *upheld])


def _as_mapped(row: Medication, *, by: datetime | None = None, but: UUID | None = None) -> Listed:
    """An entry with what a prescriber last mapped it to, by that moment; `but` is a mapping that does not count."""
    said = [m for m in row.mappings.all() if m.pk != but and (by is None or m.created_at <= by)]
    return Listed(row.pk, row.text, frozenset(said[-1].ingredients if said else ()))


def alerts_with_releases() -> QuerySet[SafetyAlert]:
    """Alerts with `release_rows`, the oldest first; `fell_at`: the safety plan or measure of the release was voided."""
    shown = JSONObject(
        id="pk",
        rationale="rationale",
        safety_plan="safety_plan_id",
        not_alone="not_alone",
        measure="measure_id",
        by="created_by",
        at="created_at",
        fell_at=Coalesce("safety_plan__void__created_at", "measure__void__created_at"),
    )
    rows = AlertRelease.objects.filter(alert=OuterRef("pk")).order_by("created_at", "pk")
    found: QuerySet[SafetyAlert] = SafetyAlert.objects.select_related("program")
    return found.annotate(release_rows=ArraySubquery(rows.values(row=shown)))


def alerts_of(*, client_id: UUID) -> QuerySet[SafetyAlert]:
    """Every alert of the client, in whatever program, with its measure, its void and its standing release, if any."""
    standing = AlertRelease.objects.standing().filter(alert=OuterRef("pk")).order_by("-created_at", "-pk")
    found: QuerySet[SafetyAlert] = SafetyAlert.objects.filter(program__client__in=person(client_id))
    return found.select_related("measure__void").annotate(
        release=Subquery(standing.values("pk")[:1]),
        released_at=Subquery(standing.values("created_at")[:1]),
        released_by=Subquery(standing.values("created_by")[:1]),
    )


def open_alerts(*, client_id: UUID) -> QuerySet[SafetyAlert]:
    """Alerts of the client that nobody has acknowledged, the most urgent first."""
    found: QuerySet[SafetyAlert] = SafetyAlert.objects.filter(
        program__client__in=person(client_id), status=SafetyAlert.Status.OPEN
    )
    return found.order_by("acknowledge_by", "pk")


def unreleased() -> Q:
    """Alerts that hold every dose of their client: of such a cause, and without a release that stands."""
    standing = AlertRelease.objects.standing().filter(alert=OuterRef("pk"))
    return ~Exists(standing) & Q(cause__in=HOLDING)


def that_hold(rows: QuerySet[SafetyAlert], *, value: bool) -> QuerySet[SafetyAlert]:
    """Those of `rows` that hold doses, or those that don't."""
    return rows.filter(unreleased()) if value else rows.exclude(unreleased())


def to_attend() -> Q:
    """Alerts that nobody has acknowledged, or that hold every dose of their client."""
    return Q(status=SafetyAlert.Status.OPEN) | unreleased()


def holding_alerts(*, client_id: UUID) -> QuerySet[SafetyAlert]:
    """What holds the client's doses, in whatever program, the oldest first."""
    found: QuerySet[SafetyAlert] = SafetyAlert.objects.filter(
        unreleased(), program__client__in=person(client_id)
    )
    return found.order_by("created_at", "pk")


def tiered_screeners(*, client_id: UUID) -> QuerySet[Measure]:
    """The client's C-SSRS with a tier, in whatever program, the first one first."""
    found: QuerySet[Measure] = Measure.objects.standing().filter(
        program__client__in=person(client_id), instrument=CSSRS, band__isnull=False
    )
    return found.order_by("taken_at", "created_at", "pk")


def complete_screeners(*, client_id: UUID) -> QuerySet[Measure]:
    """Those of them that leave no asked item open."""
    return tiered_screeners(client_id=client_id).exclude(flags__contains=["incomplete"])


def instruments_completed(*, client_id: UUID, since: datetime, until: datetime) -> int:
    """How many instruments the person filled in whole from `since` to before `until`, each counted once."""
    rows = Measure.objects.standing().filter(
        program__client__in=person(client_id), taken_at__gte=since, taken_at__lt=until
    )
    whole = rows.exclude(flags__contains=["incomplete"])
    return int(whole.aggregate(n=Count("instrument", distinct=True))["n"])


def unasked_screeners() -> QuerySet[Measure]:
    """Measures in which the client spoke of wanting to die and after which no C-SSRS has a tier, while care goes on."""
    later = Measure.objects.standing().filter(
        program__client__in=person_of("program__client"),
        instrument=CSSRS,
        band__isnull=False,
        taken_at__gte=OuterRef("taken_at"),
    )
    alerts = SafetyAlert.objects.filter(measure=OuterRef("pk"), cause__in=policy.suicide_causes())
    live = Program.objects.filter(
        client__in=person_of("program__client"), status__in=[Program.Status.ACTIVE, Program.Status.ON_HOLD]
    )
    found: QuerySet[Measure] = Measure.objects.standing().filter(
        ~ExistsOfPerson(later), Exists(alerts), ExistsOfPerson(live)
    )
    return found


def overdue_alerts(*, at: datetime) -> QuerySet[SafetyAlert]:
    found: QuerySet[SafetyAlert] = SafetyAlert.objects.filter(
        status=SafetyAlert.Status.OPEN, acknowledge_by__lte=at
    )
    return found.order_by("acknowledge_by", "pk")


def listed_medicines(client_id: UUID) -> list[Listed]:
    """All that the client takes, oldest first, each with what a prescriber last mapped it to."""
    rows = Medication.objects.current().filter(client__in=person(client_id)).order_by("created_at", "id")
    return [_as_mapped(row) for row in medications_with_mappings(rows)]


def medications_with_mappings(rows: QuerySet[Medication]) -> QuerySet[Medication]:
    """Medications with their `mappings`, the oldest first: one query more."""
    in_order = MedicationMapping.objects.order_by("created_at", "id")
    found: QuerySet[Medication] = rows.prefetch_related(Prefetch("mappings", queryset=in_order))
    return found


def medications_unmapped(client_id: UUID) -> QuerySet[Medication]:
    """What the client takes that is not understood in full, and that no prescriber has mapped or reviewed in words."""
    found: QuerySet[Medication] = Medication.objects.current().filter(
        client__in=person(client_id), is_mapped=False, review=""
    )
    return found.order_by("created_at")


def latest_measure(*, program_id: UUID, instrument: str, at: datetime) -> Measure | None:
    """The last filling-in of `instrument` by `at`."""
    found: QuerySet[Measure] = Measure.objects.standing().filter(
        program_id=program_id, instrument=instrument, taken_at__lte=at
    )
    return found.order_by("-taken_at", "-created_at").first()


def latest_measures(*, client_id: UUID, instruments: Sequence[str], at: datetime) -> Mapping[str, Measure]:
    """The client's last filling-in by `at` of each of these instruments, in whatever program."""
    latest = latest_rows(client_id=client_id, instruments=instruments, at=at)
    return {row.instrument: row for row in latest}


def latest_rows(*, client_id: UUID, instruments: Sequence[str], at: datetime) -> QuerySet[Measure]:
    """The rows of `latest_measures`."""
    rows: QuerySet[Measure] = Measure.objects.standing().filter(
        program__client__in=person(client_id), instrument__in=instruments, taken_at__lte=at
    )
    return rows.order_by("instrument", "-taken_at", "-created_at", "-pk").distinct("instrument")


def recent_measures(*, program: Program, at: datetime) -> Mapping[str, Measure]:
    """The client's latest of each instrument, in whatever program, in the protocol's `instrument_days` before `at`."""
    since = at - timedelta(days=limit(program.protocol.limits, "instrument_days"))
    rows = Measure.objects.standing().filter(
        program__client__in=person(program.client_id), taken_at__gte=since, taken_at__lte=at
    )
    latest = rows.order_by("instrument", "-taken_at", "-created_at").distinct("instrument")
    return {row.instrument: row for row in latest.prefetch_related("alerts")}


def other_pressures(screening: Screening) -> list[Mapping[str, object]]:
    """The pressures of the person's other screenings, those that were submitted."""
    rows = Screening.objects.filter(
        program__client__in=person(screening.program.client_id), submitted_at__isnull=False
    ).exclude(pk=screening.pk)
    return [row for readings in rows.values_list("blood_pressures", flat=True) for row in readings]


def raised_alert(measure: Measure | None, *, cause: str) -> bool:
    """Did this filling-in raise an alert whose cause begins with `cause`?"""
    return measure is not None and measure.alerts.filter(cause__startswith=cause).exists()
