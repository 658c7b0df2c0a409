"""Questions to the coverages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypedDict
from uuid import UUID

from django.db.models import Q, QuerySet

from billing.coverages import rules
from billing.coverages.models import Coverage, CoverageQuerySet, Payer
from kapclinic.practice.models import User
from kapclinic.practice.selectors import person


class Subscriber(TypedDict):
    """Whose policy a client is on, as a paper for the payer says it; dates as ISO 8601."""

    name: str
    relationship: str
    date_of_birth: str
    address: Mapping[str, str]  # its parts, as a client's; empty where nobody wrote it down
    payer: str
    member_id: str
    group_number: str


def search_payers(queryset: QuerySet[Payer], text: str) -> QuerySet[Payer]:
    return queryset.filter(Q(name__icontains=text) | Q(payer_id__istartswith=text))


def coverages() -> CoverageQuerySet:
    found: CoverageQuerySet = Coverage.objects.select_related("payer")
    return found


def of_client(client: UUID) -> CoverageQuerySet:
    """The coverages of a person that stand, of whichever of their registrations."""
    found: CoverageQuerySet = coverages().filter(client__in=person(client), voided_at__isnull=True)
    return found


def only_on(queryset: QuerySet[Coverage], on: date, user: User) -> QuerySet[Coverage]:
    """A list's parameter `on`: what holds that day."""
    return queryset.filter(pk__in=Coverage.objects.in_force(on).filter(voided_at__isnull=True).values("pk"))


@dataclass(frozen=True)
class Filing:
    """With whom services are filed: the `payers` by name, and the last day on which the client can send all of them to
    theirs, the earliest of the days that their filing limits end. None when no payer with a limit covers one of them.
    """

    payers: list[str]
    submit_by: date | None


def filing_of(*, client: UUID, dates_of_service: Collection[date]) -> Filing:
    """Of each day the payer whose coverage began last, each once; and until when all of it must be sent."""
    insured = of_client(client).filter(payer__isnull=False).order_by("-valid_from", "-created_at")
    rows = list(insured.values_list("valid_from", "valid_to", "payer__name", "payer__filing_limit_days"))
    payers: dict[str, None] = {}
    ends: list[date] = []
    for day in sorted(dates_of_service):
        held = [row for row in rows if row[0] <= day and (row[1] is None or day <= row[1])]
        payers |= dict.fromkeys(name for *_, name, _ in held[:1])
        ends += [rules.last_day_to_file(day, limit_days=limit) for *_, limit in held if limit is not None]
    return Filing(payers=list(payers), submit_by=min(ends, default=None))


def subscriber_on(*, client: UUID, on: date) -> Subscriber | None:
    """Payer, numbers and subscriber of the coverage that holds on a day, the one that began last; None without one.

    Of a client who is the subscriber, name and birth date are their own.
    """
    insured = of_client(client).in_force(on).filter(payer__isnull=False).select_related("client")
    row: Coverage | None = insured.order_by("-valid_from", "-created_at").first()
    if row is None or row.payer is None:
        return None
    born = row.client.date_of_birth.isoformat()
    own = {"name": row.client.legal_name, "date_of_birth": born, "address": row.client.address}
    holder = row.subscriber or own
    return {
        "name": holder["name"],
        "relationship": row.relationship,
        "date_of_birth": holder["date_of_birth"],
        "address": holder.get("address") or {},
        "payer": row.payer.name,
        "member_id": row.member_id,
        "group_number": row.group_number,
    }
