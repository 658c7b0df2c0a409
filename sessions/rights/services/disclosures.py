"""Write down that something of the record went to somebody outside, and take that back."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from django.db import IntegrityError, transaction

from kapclinic.core.errors import AlreadyVoid, Invalid, merge
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import Client, User
from kapclinic.practice.rules import CLINICIANS
from kapclinic.practice.selectors import last_day
from sessions.rights import rules
from sessions.rights.models import Disclosure, DisclosureVoid


class DisclosureFields(TypedDict):
    client: UUID
    recipient: str
    purpose: str
    what: str
    disclosed_on: date


def client_seen(client_id: UUID, *, by: User) -> Client:
    """:raises Invalid: for a client whom the actor may not see"""
    found: Client | None = Client.objects.visible_to(by).filter(pk=client_id).first()
    if found is None:
        raise Invalid.field("client", "There is no such client for you.", code="not_found")
    return found


@transaction.atomic
def disclose(*, values: DisclosureFields, by: User, at: datetime) -> Disclosure:
    """Keep a disclosure for the account that the client may ask for (45 CFR 164.528).

    :raises NotPermitted: unless `by` is a clinician
    :raises Invalid: for a client whom they may not see, or a day that is still to come
    """
    require_role(by, CLINICIANS, what="Writing down a disclosure")
    client, day = client_seen(values["client"], by=by), values["disclosed_on"]
    merge(rules.not_to_come(day, today=last_day(client, at=at), field="disclosed_on"))
    row = Disclosure(
        client=client,
        recipient=values["recipient"],
        purpose=values["purpose"],
        what=values["what"],
        disclosed_on=day,
    )
    return row.insert_by(by, at=at)


@transaction.atomic
def void_disclosure(*, disclosure: Disclosure, reason: str, by: User, at: datetime) -> DisclosureVoid:
    """Say that a disclosure was written down by mistake.

    :raises NotPermitted: unless `by` is a clinician
    :raises AlreadyVoid: the second time
    """
    require_role(by, CLINICIANS, what="Taking back a disclosure")
    try:
        with transaction.atomic():
            return DisclosureVoid(disclosure=disclosure, reason=reason).insert_by(by, at=at)
    except IntegrityError as exc:
        raise AlreadyVoid from exc
