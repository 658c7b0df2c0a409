"""Questions to the scales."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from billing.scales.models import FeeAgreement, FeeAgreementQuerySet
from kapclinic.practice.models import User
from kapclinic.practice.selectors import person


def agreement_on(*, client: UUID, on: date) -> FeeAgreement | None:
    """The fee agreement of a person that holds on a day; the latest, should two registrations each have one."""
    rows = FeeAgreement.objects.in_force(on).filter(client__in=person(client))
    found: FeeAgreement | None = rows.order_by("-created_at", "-pk").first()
    return found


def overlapping(
    *, client: UUID, from_date: date, to_date: date | None, but: UUID | None
) -> FeeAgreementQuerySet:
    """Agreements of the person that hold on one of these days; `to_date` None leaves the end open."""
    begins = Q(from_date__lte=to_date) if to_date else Q()
    still = Q(to_date__isnull=True) | Q(to_date__gte=from_date)
    found: FeeAgreementQuerySet = FeeAgreement.objects.filter(
        begins, still, client__in=person(client), voided_at__isnull=True
    ).exclude(pk=but)
    return found


def only_in_force(queryset: QuerySet[FeeAgreement], on: date, user: User) -> QuerySet[FeeAgreement]:
    """A list's parameter `on`: the agreements that hold that day."""
    return queryset.filter(pk__in=FeeAgreement.objects.in_force(on).values("pk"))
