"""Questions about attestations: what was said for a dose, and what stands on a session."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from kapclinic.practice.selectors import person
from sessions.booking.models import MoveUndo, Session
from sessions.dosing.models import Attestation
from sessions.dosing.rules.attestations import OF_THE_CLIENT, OF_WHO_CAME


def words_for(session: Session) -> list[Attestation]:
    """`words_of` a session and its client."""
    return list(words_of(session_id=session.pk, client_id=session.client_id))


def words_of(*, session_id: UUID, client_id: UUID) -> QuerySet[Attestation]:
    """Attestations on this session, and of the client's other sessions those that still hold; oldest first.

    What was said of whoever came is left out when the check-in was taken back after it: it was not this client, or they
    were not there.
    """
    not_here = MoveUndo.objects.filter(
        session=OuterRef("session"),
        move=MoveUndo.Move.CHECK_IN,
        corrected_to=None,
        created_at__gt=OuterRef("at"),
    )
    found: QuerySet[Attestation] = Attestation.objects.filter(
        session__client__in=person(client_id)
    )  # narrowed first: an index serves it
    found = found.filter(Q(session_id=session_id) | Q(code__in=OF_THE_CLIENT))
    found = found.exclude(Q(code__in=OF_WHO_CAME) & Exists(not_here))
    return found.order_by("at", "pk")


def latest_words() -> ArraySubquery:
    """The latest word of each code on the session of the outer query: objects of code, value, by, at, date, place."""
    words = Attestation.objects.filter(session=OuterRef("pk")).order_by("code", "-at", "-pk").distinct("code")
    row = JSONObject(code="code", value="value", by="by", at="at", date="visited_on", place="place")
    return ArraySubquery(words.values(row=row))
