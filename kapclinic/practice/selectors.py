"""Questions to the practice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from kapclinic.core.errors import FieldError
from kapclinic.practice import rules
from kapclinic.practice.models import Client, Location, Role, User, WorkingHours


def search_clients(queryset: QuerySet[Client], text: str) -> QuerySet[Client]:
    """Clients whose names, MRN, phone or birth date hold every word of `text` (trigram index)."""
    for term in rules.search_terms(text):
        queryset = queryset.filter(search_text__contains=term)
    return queryset


def likely_duplicates(
    *, user: User, first: str, last: str, born: date, phone: str, but: UUID | None = None
) -> list[Client]:
    """Clients that the user may see with the same birth date and last name or first name, or the same phone."""
    names = Q(legal_last_name__iexact=last) | Q(legal_first_name__iexact=first)
    same = Q(date_of_birth=born) & names
    number = rules.digits(phone)
    if len(number) >= 7:
        same |= Q(search_text__contains=f" {number} ")
    found = Client.objects.visible_to(user).filter(same)
    others = found if but is None else found.exclude(pk=but)
    return list(others.order_by("mrn")[:5])


def current_hours(*, user_id: UUID) -> QuerySet[WorkingHours]:
    found: QuerySet[WorkingHours] = WorkingHours.objects.filter(user_id=user_id, ended_at__isnull=True)
    return found.order_by("location__created_at", "weekday", "starts")


def unknown_locations(ids: Iterable[UUID]) -> set[UUID]:
    wanted = set(ids)
    return wanted - set(Location.objects.filter(pk__in=wanted).values_list("pk", flat=True))


def location_errors(
    ids: Iterable[UUID], *, user: User | None = None, also: Iterable[UUID] = ()
) -> list[FieldError]:
    """One error per location that does not exist, or that is neither the user's nor one of `also`."""
    wanted = list(ids)
    bad = unknown_locations(wanted)
    if user is not None:
        bad |= set(wanted) - set(user.locations) - set(also)
    return [
        FieldError(f"/locations/{i}", "not_found", "There is no such location for you.")
        for i, pk in enumerate(wanted)
        if pk in bad
    ]


def staff_with_role(*, role: Role | str, location: UUID) -> QuerySet[User]:
    """Active staff of a location who hold `role`."""
    found: QuerySet[User] = User.objects.filter(
        is_active=True, roles__contains=[str(role)], locations__contains=[location]
    )
    return found.order_by("created_at")
