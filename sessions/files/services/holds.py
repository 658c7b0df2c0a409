"""Hold a record as it is, and lift that.

What a hold holds back is whatever would take something away: voiding an attachment, and writing over a psychotherapy
note, which keeps no history. Everything else of a record is only ever added to, or keeps its history; the file of an
export is a copy, and ends as always.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from kapclinic.core.errors import Conflict, Invalid
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import Client, User
from kapclinic.practice.rules import DIRECTOR
from screening.services.access import lock_client
from sessions.files import selectors
from sessions.files.models import LegalHold, LegalHoldLift


class UnderLegalHold(Conflict):
    code, title = "legal_hold", "This record is under a legal hold"


class AlreadyLifted(Conflict):
    code, title = "already_lifted", "This hold was lifted before"


def require_no_hold(client_id: UUID) -> None:
    """Hold the person's row, and refuse while a hold stands; call inside the transaction of what takes something away.

    :raises UnderLegalHold: while one does
    """
    lock_client(client_id)
    if selectors.is_held(client_id):
        raise UnderLegalHold("Nothing of it goes away until the medical director lifts the hold.")


@transaction.atomic
def hold_record(*, client_id: UUID, reason: str, by: User, at: datetime) -> LegalHold:
    """Put a person's record under a hold. Each matter is a hold of its own.

    :raises NotPermitted: unless `by` is the medical director
    :raises Invalid: for a client whom they may not see
    """
    require_role(by, DIRECTOR, what="A legal hold")
    if not Client.objects.visible_to(by).filter(pk=client_id).exists():
        raise Invalid.field("client", "There is no such client for you.", code="not_found")
    lock_client(client_id)
    return LegalHold(client_id=client_id, reason=reason).insert_by(by, at=at)


@transaction.atomic
def hold_both(
    *, one: UUID, main: UUID, others: Sequence[UUID], since: datetime, by: User, at: datetime
) -> list[LegalHold]:
    """Two registrations are two people after all: a hold that was put since a moment, on what was one record then, goes
    on for both, until it is lifted of each. Of `others`, `main` is the one whose alias `one` was.
    """
    standing = LegalHold.objects.filter(
        client__in=[one, *others], created_at__gte=since, lift__isnull=True
    ).order_by("created_at", "pk")
    return [
        LegalHold(client_id=main if hold.client_id == one else one, reason=hold.reason).insert_by(by, at=at)
        for hold in standing
    ]


@transaction.atomic
def lift_hold(*, hold: LegalHold, reason: str, by: User, at: datetime) -> LegalHoldLift:
    """End one hold; the record is free when no other of the person stands.

    :raises NotPermitted: unless `by` is the medical director
    :raises AlreadyLifted: the second time
    """
    require_role(by, DIRECTOR, what="Lifting a legal hold")
    try:
        with transaction.atomic():
            return LegalHoldLift(hold=hold, reason=reason).insert_by(by, at=at)
    except IntegrityError as exc:
        raise AlreadyLifted from exc
