"""Questions to the documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL

from billing.codes.models import Diagnosis
from billing.documents.models import Document, DocumentQuerySet
from billing.documents.rules import text
from billing.documents.sql import overtaken
from billing.ledger import selectors as ledger
from billing.ledger.models import Charge
from billing.ledger.rules import HEALTH_KINDS
from kapclinic.practice.models import User
from kapclinic.practice.selectors import person
from sessions.booking.models import Session
from sessions.notes import selectors as notes


def rendered_charges(
    *, client: UUID, from_date: date, to_date: date, user: User, location: UUID | None = None
) -> QuerySet[Charge]:
    """Standing charges of a period for completed sessions with a signed note, by day of service (R12).

    What is dearer than the list and not confirmed is no standing charge yet.
    """
    held = Session.objects.filter(client__in=person(client), status=Session.Status.COMPLETED)
    signed: QuerySet[Session] = notes.sessions_with_signed_notes(held)
    rows = ledger.charges().visible_to(user).select_related("location")
    if location is not None:
        rows = rows.filter(location=location)
    found: QuerySet[Charge] = rows.filter(
        client__in=person(client),
        session__in=signed.filter(Q(has_signed_note=True)).values("pk"),
        date_of_service__range=(from_date, to_date),
        reverses__isnull=True,
        reversal__isnull=True,
        in_review=False,
    )
    return found.order_by("date_of_service", "session__starts_at", "created_at", "pk")


def paid_medical(charges: Iterable[Charge]) -> list[Charge]:
    """Those that an HSA or FSA may be asked to pay: medical care, rendered and paid at least in part."""
    return [charge for charge in charges if charge.line_kind in HEALTH_KINDS and charge.paid > 0]


def payments_of(charges: Sequence[Charge]) -> list[dict[str, str]]:
    """The proof of payment: each payment and how much of it went to these lines."""
    shares = ledger.standing_allocations().filter(charge__in=[charge.pk for charge in charges])
    rows = shares.values("payment", "payment__received_on", "payment__method", "payment__reference")
    rows = rows.annotate(amount=Sum("amount")).order_by("payment__received_on", "payment")
    return [
        {
            "payment": str(row["payment"]),
            "received_on": row["payment__received_on"].isoformat(),
            "method": row["payment__method"],
            "reference": row["payment__reference"],
            "amount": text(row["amount"]),
        }
        for row in rows
    ]


def descriptions(codes: Iterable[str], *, on: date) -> dict[str, str]:
    return dict(
        Diagnosis.objects.in_force(on).filter(code__in=list(codes)).values_list("code", "description")
    )


def numbers_with(model: type[Document], charges: Sequence[Charge], *, but: UUID | None) -> list[str]:
    """Numbers of the documents of this kind that hold one of these lines and were not replaced."""
    rows: DocumentQuerySet = model.objects.all()
    rows = rows.filter(charges__overlap=[charge.pk for charge in charges], corrected_by__isnull=True)
    return list(rows.exclude(pk=but).order_by("number").values_list("number", flat=True))


def documents(model: type[Document]) -> DocumentQuerySet:
    """Documents without their bytes, with `replaced_by` and `outdated`: the books or a name say something else now, so
    reissue it. A line was reversed; what is paid of a line changed (a share was given, taken back or refunded); the
    payments behind it are others; its session was opened again; the client or the practice has another name than on the
    paper. Clinicians keep the name that they signed with.
    """
    gone = Charge.objects.filter(client=OuterRef("client"), reverses__isnull=False).values("reverses")
    plain: DocumentQuerySet = model.objects.defer("pdf").select_related("corrects")
    found: DocumentQuerySet = plain.annotate(
        replaced_by=F("corrected_by__number"),
        outdated=ExpressionWrapper(
            Q(charges__overlap=ArraySubquery(gone))
            | RawSQL(overtaken(model._meta.db_table), (), output_field=BooleanField()),  # noqa: S611  (no value in it)
            output_field=BooleanField(),
        ),
    )
    return found
