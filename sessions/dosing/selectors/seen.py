"""Was a client seen in person by the practice: by a completed session, or by a clinician's word for a visit?"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from kapclinic.practice.selectors import person, person_of
from programs.models import Modality, Program
from sessions.booking.models import Session
from sessions.dosing.models import Attestation, AttestationCode


def _visits() -> QuerySet[Session]:
    found: QuerySet[Session] = Session.objects.filter(
        status=Session.Status.COMPLETED, modality=Modality.IN_PERSON
    )
    return found


def last_visit(
    *, client_id: UUID, until: datetime
) -> QuerySet[Session, tuple[UUID, datetime, datetime | None]]:
    """The client's last session in person that took place, at any location of the practice: id, its start, its end;
    or none.
    """
    rows = _visits().filter(client__in=person(client_id), completed_at__lte=until)
    return rows.order_by("-completed_at").values_list("pk", "starts_at", "completed_at")[:1]


def with_seen(programs: QuerySet[Program]) -> QuerySet[Program]:
    """`programs` with `was_seen`: did the client come in person, or does the last word on a visit say so?"""
    words = Attestation.objects.filter(
        session__client__in=person_of("client"), code=AttestationCode.IN_PERSON_VISIT
    ).order_by("-at", "-pk")
    came = Exists(_visits().filter(client__in=person_of("client")))
    attested = Coalesce(Subquery(words.values("value")[:1]), Value(False))  # noqa: FBT003
    return programs.annotate(was_seen=came | attested)
