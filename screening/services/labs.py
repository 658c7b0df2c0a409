"""Tests: recorded as they were read, and taken back when that was an error."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from django.db import IntegrityError, transaction

from kapclinic.core.errors import AlreadyVoid, FieldError, Invalid, NotPermitted, merge
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import Client, User
from kapclinic.practice.rules import CLINICIANS, PRESCRIBER
from screening.models import LabResult, LabResultVoid
from screening.models.labs import LabWord
from screening.rules.labs import SUSPENDING, lab_errors
from screening.rules.pressure import CLOCK_SKEW
from screening.services.access import lock_client
from screening.services.suspensions import suspend


class LabFields(TypedDict):
    """One result. `value` is in `unit`; the unit is empty where no value was given."""

    client: UUID
    kind: str
    result: str
    value: Decimal | None
    unit: str
    taken_at: datetime


def _refuse_wrong(values: LabFields, at: datetime) -> None:
    errors = lab_errors(
        kind=values["kind"], result=values["result"], value=values["value"], unit=values["unit"]
    )
    if values["taken_at"] > at + CLOCK_SKEW:
        errors.append(FieldError("/taken_at", "future", "This time is still to come."))
    merge(errors)


@transaction.atomic
def record_lab_result(*, values: LabFields, by: User, at: datetime) -> LabResult:
    """Keep one result. A positive pregnancy test or drug screen suspends the client's clearances, since it was taken.

    :raises NotPermitted: unless `by` is a clinician
    :raises Invalid: for a client whom the actor may not see, a word of another kind, value or unit alone, a future time
    """
    require_role(by, CLINICIANS, what="Recording a test")
    client = Client.objects.visible_to(by).filter(pk=values["client"]).first()
    if client is None:
        raise Invalid.field("client", "There is no such row for you.", code="not_found")
    _refuse_wrong(values, at)
    lock_client(client.pk)
    row: LabResult = LabResult(
        client=client,
        kind=values["kind"],
        result=values["result"],
        value=values["value"],
        unit=values["unit"],
        taken_at=values["taken_at"],
    ).insert_by(by, at=at)
    if row.result == LabWord.POSITIVE:
        suspend(
            client_id=client.pk,
            code=SUSPENDING[row.kind],
            subject_type="lab_result",
            subject_id=row.pk,
            moment=row.taken_at,
            by=by,
            at=at,
        )
    return row


@transaction.atomic
def void_lab_result(*, lab_result: LabResult, reason: str, by: User, at: datetime) -> LabResultVoid:
    """Say that a result was recorded in error: from now on nothing is judged by it.

    What it suspended stays so until a prescriber upholds it: a void answers no question about a client.

    :raises NotPermitted: unless `by` recorded it or is a prescriber
    :raises AlreadyVoid: the second time
    """
    require_role(by, CLINICIANS, what="Voiding a test")
    if lab_result.created_by != by.pk and not by.role_set & PRESCRIBER:
        raise NotPermitted("Who recorded it or a prescriber voids a test.")
    lock_client(lab_result.client_id)
    try:
        with transaction.atomic():
            return LabResultVoid(lab_result=lab_result, reason=reason).insert_by(by, at=at)
    except IntegrityError as exc:
        raise AlreadyVoid from exc
