"""Releasing doses after an alert that holds them: by a clinician's words, or by the C-SSRS that was left open."""

from __future__ import annotations

from datetime import date, datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import FieldError, merge
from kapclinic.practice.models import Actor, User
from kapclinic.practice.selectors import person
from screening import rules, selectors
from screening.models import AlertRelease, Measure, SafetyAlert, SafetyPlan


class ReleaseFields(TypedDict):
    """Why doses may go on; of the tier high also the plan that was made, and that somebody stays with the client."""

    rationale: str
    safety_plan: NotRequired[UUID | None]
    not_alone: NotRequired[bool | None]


@transaction.atomic
def release_alert(*, alert_id: UUID, values: ReleaseFields, by: User, at: datetime) -> SafetyAlert:
    """Let doses go on after an alert of suicide risk. It is acknowledged apart from this, before or afterwards.

    :raises NotPermitted: unless `by` is a prescriber, or a therapist where the tier is not high
    :raises IllegalTransition: for an alert that holds no dose, or is released already
    :raises Invalid: without words, for a plan that is not a standing one of this client; of the tier high also
        without a plan, for one that is older than the alert (clinical policy 6.2), or while the client is alone
    """
    locked = SafetyAlert.objects.select_for_update(of=("self",))
    alert: SafetyAlert = locked.select_related("program__location", "measure").get(pk=alert_id)
    hold = rules.alert_hold(alert.cause, released=alert.releases.standing().exists())
    transitions.apply(rules.release_moves(alert.cause), "release", instance=hold, by=by, field="state")
    _refuse_unsafe(alert, values)
    AlertRelease(
        alert=alert,
        rationale=values["rationale"],
        safety_plan_id=values.get("safety_plan"),
        not_alone=values.get("not_alone"),
    ).insert_by(by, at=at)
    return alert


def _refuse_unsafe(alert: SafetyAlert, values: ReleaseFields) -> None:
    high = alert.cause == SafetyAlert.Cause.CSSRS_HIGH
    plan, errors = values.get("safety_plan"), []
    if not values["rationale"].strip():
        errors.append(FieldError("/rationale", "required", "Say why doses may go on."))
    if plan is None and high:
        errors.append(FieldError("/safety_plan", "required", "Name the safety plan that was made."))
    plans = SafetyPlan.objects.standing().filter(client__in=person(alert.program.client_id))
    named = None if plan is None else plans.filter(pk=plan).first()
    if plan is not None and named is None:
        errors.append(FieldError("/safety_plan", "not_found", "The client has no such safety plan."))
    if high and named is not None and named.made_on < _arose_on(alert):
        detail = "This plan is older than the alert: go through it with the client, and write it down anew."
        errors.append(FieldError("/safety_plan", "too_old", detail))
    if high and values.get("not_alone") is not True:
        errors.append(FieldError("/not_alone", "required", "Somebody must stay with the client: say so."))
    merge(errors)


def _arose_on(alert: SafetyAlert) -> date:
    """The local day of what raised it."""
    at = alert.created_at if alert.measure is None else alert.measure.taken_at
    return at.astimezone(alert.program.location.zone).date()


def end_incomplete(*, client_id: UUID, by: Actor, at: datetime) -> None:
    """Release the alert of each C-SSRS that was left open by the first complete one after it on its local day."""
    waiting = selectors.holding_alerts(client_id=client_id).filter(cause=SafetyAlert.Cause.CSSRS_INCOMPLETE)
    for alert in waiting.select_related("measure", "program__location").select_for_update(of=("self",)):
        whole = _completed_by(alert)
        if whole is not None:
            AlertRelease(alert=alert, measure=whole).insert_by(by, at=at)


def _completed_by(alert: SafetyAlert) -> Measure | None:
    left_open, zone = alert.measure, alert.program.location.zone
    if left_open is None:
        return None
    day = left_open.taken_at.astimezone(zone).date()
    whole = selectors.complete_screeners(client_id=alert.program.client_id)
    for row in whole.filter(taken_at__gte=left_open.taken_at):
        followed = row.taken_at > left_open.taken_at or row.created_at >= left_open.created_at
        if followed and row.taken_at.astimezone(zone).date() == day:
            return row
    return None
