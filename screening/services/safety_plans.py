"""Safety plans: written down with the client, and voided when one was written down by mistake."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from django.db import IntegrityError, transaction

from kapclinic.core import transitions
from kapclinic.core.errors import AlreadyVoid, Invalid
from kapclinic.practice import selectors as practice
from kapclinic.practice.models import Client, User
from kapclinic.practice.rules import CLINICIANS
from screening.models import SafetyPlan, SafetyPlanVoid


class PlanFields(TypedDict):
    client: UUID
    text: str
    made_on: date


@transaction.atomic
def record_safety_plan(*, values: PlanFields, by: User, at: datetime) -> SafetyPlan:
    """Keep a plan that was made with the client.

    :raises NotPermitted: unless `by` is a clinician
    :raises Invalid: for a client whom the actor may not see, or a day that is still to come at the client's locations
    """
    transitions.require_role(by, CLINICIANS, what="Writing a safety plan")
    client = Client.objects.visible_to(by).filter(pk=values["client"]).first()
    if client is None:
        raise Invalid.field("client", "There is no such row for you.", code="not_found")
    if values["made_on"] > practice.last_day(client, at=at):
        raise Invalid.field("made_on", "This day is still to come.", code="future")
    return SafetyPlan(client=client, text=values["text"], made_on=values["made_on"]).insert_by(by, at=at)


def void_safety_plan(*, plan: SafetyPlan, reason: str, by: User, at: datetime) -> SafetyPlanVoid:
    """Say that a plan was written down by mistake. A release that stood on it stands no more: its alert holds again.

    :raises NotPermitted: unless `by` is a clinician
    :raises AlreadyVoid: the second time
    """
    transitions.require_role(by, CLINICIANS, what="Voiding a safety plan")
    try:
        with transaction.atomic():
            return SafetyPlanVoid(plan=plan, reason=reason).insert_by(by, at=at)
    except IntegrityError as exc:
        raise AlreadyVoid from exc
