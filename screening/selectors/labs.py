"""What is known of a client's tests."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet, Subquery

from kapclinic.practice.models import User
from kapclinic.practice.selectors import person, person_of
from programs.models import Program
from programs.rules import LIVE
from screening.models import LabResult
from screening.models.labs import YES_OR_NO


def shown_labs(user: User) -> QuerySet[LabResult]:
    """What the user may see, each with `limits`: the numbers of the protocol that the person is on, or null."""
    courses = Program.objects.filter(client__in=person_of("client_id"), status__in=list(LIVE))
    limits = courses.order_by("-created_at").values("protocol__limits")[:1]
    found: QuerySet[LabResult] = LabResult.objects.visible_to(user).select_related("void")
    return found.annotate(limits=Subquery(limits))


def last_tests(*, client_id: UUID, at: datetime) -> QuerySet[LabResult]:
    """The person's yes-or-no tests up to `at`: of each kind and each word the newest that stands."""
    rows: QuerySet[LabResult] = LabResult.objects.standing().filter(
        client__in=person(client_id), kind__in=[*YES_OR_NO], taken_at__lte=at
    )
    return rows.order_by("kind", "result", "-taken_at", "-pk").distinct("kind", "result")
