"""Questions to the estimates."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    CharField,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, JSONObject

from billing.coverages.models import Coverage
from billing.estimates import rules, sql
from billing.estimates.models import Estimate, EstimateLine, EstimateQuerySet
from billing.estimates.rules import Billed, Excess, Expected
from billing.estimates.sql import Unestimated
from billing.ledger import selectors as ledger
from billing.ledger.models import Charge
from kapclinic.core import money
from kapclinic.practice.models import User
from kapclinic.practice.selectors import LocalDate, person
from programs.models import Program

_MONEY: DecimalField[Decimal, Decimal] = DecimalField(max_digits=14, decimal_places=2)
_AMOUNT = Cast(F("quantity"), _MONEY) * F("unit_amount")
Status = Estimate.Status
SELF_PAYING = (Coverage.Intent.SELF_PAY, Coverage.Intent.UNINSURED)  # whom 45 CFR 149.610 is about


def _next_editions() -> QuerySet[Estimate]:
    """Issued editions that take the place of the outer row."""
    found: QuerySet[Estimate] = Estimate.objects.filter(
        supersedes=OuterRef("pk"), issue__isnull=False, voiding__isnull=True
    )
    return found


def estimates() -> EstimateQuerySet:
    """Estimates with `status`, `total`, `line_rows` (JSON, in order), `superseded_by`, and what is known of their
    issue; without their bytes.
    """
    lines = EstimateLine.objects.filter(estimate=OuterRef("pk"))
    amount = Cast(Cast(_AMOUNT, DecimalField(max_digits=14, decimal_places=2)), CharField())
    row = JSONObject(
        code="code__code",
        label="code__label",
        quantity="quantity",
        unit_amount=Cast("unit_amount", CharField()),
        amount=amount,
        rendering="rendering_id",
        rendering_name="rendering__name",
        location="location_id",
        frequency="frequency",
    )
    totals = lines.order_by().values("estimate").annotate(sum=Sum(_AMOUNT, output_field=_MONEY))
    status = Case(
        When(voiding__isnull=False, then=Value(Status.VOIDED.value)),
        When(Exists(_next_editions()), then=Value(Status.SUPERSEDED.value)),
        When(issue__isnull=False, then=Value(Status.ISSUED.value)),
        default=Value(Status.DRAFT.value),
        output_field=CharField(),
    )
    rows: EstimateQuerySet = Estimate.objects.all()
    found: EstimateQuerySet = rows.annotate(
        status=status,
        total=Subquery(totals.values("sum"), output_field=_MONEY),
        line_rows=ArraySubquery(lines.order_by("position").values(row=row)),
        superseded_by=Subquery(_next_editions().values("number")[:1]),
        issued_on=F("issue__issued_on"),
        delivered_at=F("issue__delivered_at"),
        method=F("issue__method"),
        late=F("issue__late"),
        warnings=F("issue__warnings"),
        sha256=F("issue__sha256"),
        void_reason=F("voiding__reason"),
    )
    return found


def lines_of(estimate: Estimate) -> list[EstimateLine]:
    """The lines in order, with all that the paper says of them."""
    rows = EstimateLine.objects.filter(estimate=estimate).select_related("code", "rendering", "location")
    return list(rows.order_by("position"))


def successor_of(estimate: Estimate) -> str | None:
    """The number of the next edition, drafted or issued, that was not voided."""
    rows = Estimate.objects.filter(supersedes=estimate, voiding__isnull=True)
    found: str | None = rows.values_list("number", flat=True).first()
    return found


def overdue(*, at: datetime) -> list[Estimate]:
    """Drafts whose day is over at their location."""
    rows = Estimate.objects.filter(issue__isnull=True, voiding__isnull=True).select_related("location")
    return list(rows.filter(due_on__lt=LocalDate(at, "location__time_zone")))


def unestimated(*, at: datetime) -> list[Unestimated]:
    """Services that are booked and to come, of clients who pay themselves, of whose day no estimate of theirs tells:
    the first ones first.
    """
    return sql.unestimated(intents=SELF_PAYING, at=at)


# --- what was billed beyond them --------------------------------------------------------------------------------------


def _standing() -> EstimateQuerySet:
    """Estimates that were issued and neither voided nor superseded."""
    rows: EstimateQuerySet = Estimate.objects.filter(issue__isnull=False, voiding__isnull=True)
    found: EstimateQuerySet = rows.exclude(Exists(_next_editions()))
    return found


def _expected(estimates: QuerySet[Estimate]) -> list[Expected]:
    rows = EstimateLine.objects.filter(estimate__in=estimates.values("pk"))
    shown = rows.annotate(amount=Cast(_AMOUNT, _MONEY)).values_list(
        "estimate__number",
        "estimate__program",
        "estimate__from_date",
        "estimate__to_date",
        "rendering",
        "amount",
    )
    return [Expected(*row) for row in shown]


def expected_on(*, charge: Charge) -> list[Expected]:
    """What estimates of the client expect of anybody, that hold on the day of the charge and for its course."""
    course = Program.objects.filter(sessions__charges=charge.pk)
    held = _standing().filter(
        Q(program__isnull=True) | Q(program__in=course.values("pk")),
        client__in=person(charge.client_id),
        from_date__lte=charge.date_of_service,
        to_date__gte=charge.date_of_service,
    )
    return _expected(held)


def _billed(*, client: UUID, renderings: Collection[UUID], first: date, last: date) -> list[Billed]:
    """What a person is obliged to pay for what these clinicians rendered, also of a charge that waits for the director:
    nobody shall find out at the confirmation that it goes beyond the estimate.
    """
    rows = ledger.charges().filter(
        client__in=person(client),
        rendering__in=list(renderings),
        date_of_service__range=(first, last),
        reverses__isnull=True,
        reversal__isnull=True,
    )
    shown = rows.values_list("session__program", "date_of_service", "rendering", "amount", "adjusted")
    return [Billed(program, on, who, amount + change) for program, on, who, amount, change in shown]


def excesses(*, client: UUID, expected: Collection[Expected], renderings: Collection[UUID]) -> list[Excess]:
    """For each of these clinicians whom the estimates name, what came against what was estimated."""
    if not expected or not renderings:
        return []
    first, last = min(row.begins for row in expected), max(row.ends for row in expected)
    billed = _billed(client=client, renderings=renderings, first=first, last=last)
    found = (rules.excess(who, expected=expected, billed=billed) for who in sorted(set(renderings)))
    return [row for row in found if row is not None]


def still_expected(*, client: UUID, user: User, at: datetime) -> Decimal:
    """What the issued estimates of a person expect beyond what was charged, until the end of their last day at their
    location: each clinician's sum.
    """
    mine = _standing().visible_to(user).filter(client__in=person(client))
    rows = mine.filter(to_date__gte=LocalDate(at, "location__time_zone"))
    expected = _expected(rows)
    told = excesses(client=client, expected=expected, renderings={row.rendering for row in expected})
    return money.total(max(row.estimated - row.billed, money.ZERO) for row in told)


def excesses_of(estimate: Estimate) -> list[Excess]:
    """Each clinician of an estimate that stands against what was billed, beside what other estimates expect of them in
    the same days; nothing for one that does not stand.
    """
    if estimate.status != Status.ISSUED:
        return []
    courses = Q(program__isnull=True) | Q(program=estimate.program_id)
    together = _standing().filter(
        courses,
        client__in=person(estimate.client_id),
        from_date__lte=estimate.to_date,
        to_date__gte=estimate.from_date,
    )
    expected = _expected(together)
    own = {row.rendering for row in expected if row.number == estimate.number}
    return excesses(client=estimate.client_id, expected=expected, renderings=own)
