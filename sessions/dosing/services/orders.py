"""Verbs of ordering: write an order, and approve one above the protocol's cap as a second prescriber."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, FieldError, IllegalTransition, Invalid, NotPermitted, merge
from kapclinic.practice.models import User
from programs.models import Modality
from sessions.booking.models import Session
from sessions.booking.rules.said import judged_at
from sessions.dosing import selectors
from sessions.dosing.gates import gather
from sessions.dosing.gates.judge import judge
from sessions.dosing.models import Order, OrderApproval
from sessions.dosing.rules import amounts, esketamine
from sessions.dosing.services.dose_checks import DoseAboveCap
from sessions.dosing.services.doses import OPEN_ORDERS, NotReady, lock_dosing
from sessions.drugs.rules.names import known_as


class SamePrescriber(NotPermitted):
    title = "Another prescriber approves"


class WeightUnconfirmed(Conflict):
    code, title = "weight_unconfirmed", "No dose is reckoned with this weight"


class NothingToApprove(IllegalTransition):
    title = "This order waits for nobody"


@transaction.atomic
def write_order(*, session_id: UUID, values: amounts.OrderFields, by: User, at: datetime) -> Order:
    """Order a dose for one session; the order replaces those before it.

    The dose is kept in mg and, for a client who was weighed, in mg/kg with the weight and its date. Above the
    protocol's cap it takes `above_cap_reason`, and waits for a second prescriber (clinical policy 4).

    :raises NotPermitted: unless `by` is a prescriber
    :raises Invalid: for another route than the protocol's, no amount, an amount past the maximum, an order that the
        label of esketamine does not allow, or another drug than the session gave
    :raises WeightUnconfirmed: for mg/kg of a weight that was reported, or far from the last one and not confirmed
    :raises NotReady: for a dose by video, where the law asks for a visit in person and there was none
    :raises DoseAboveCap: when one dose alone is above the protocol's cap, without a reason
    """
    transitions.require_role(by, amounts.ORDERERS, what="Ordering")
    session = lock_dosing(session_id)
    _require_open(session)
    _require_visit(session, at=at)
    weight = amounts.weight_for_doses(session)
    by_weight = values.get("dose_mg_per_kg") is not None
    if by_weight and (problem := amounts.weight_problem(session)):
        raise WeightUnconfirmed(problem)
    dose = amounts.ordered_mg(
        dose_mg=values.get("dose_mg"), dose_mg_per_kg=values.get("dose_mg_per_kg"), weight_kg=weight
    )
    if dose is None:
        raise Invalid.field(
            "dose_mg", "Give dose_mg, or dose_mg_per_kg for a client who was weighed.", code="required"
        )
    merge(_order_errors(session, values, dose))
    _require_cap(session, values, dose)
    order = Order(
        session=session,
        prescriber=by,
        drug=values["drug"],
        form=values.get("form", ""),
        route=values["route"],
        dose_mg=dose,
        dose_mg_per_kg=values.get("dose_mg_per_kg") or amounts.per_kg(dose, weight),
        weight_kg=weight,
        weighed_at=session.weighed_at if weight else None,
        by_weight=by_weight,
        max_total_mg=values["max_total_mg"],
        valid_until=values["valid_until"],
        reason=values.get("reason", ""),
        above_cap_reason=values.get("above_cap_reason", ""),
    )
    return order.insert_by(by, at=at)


def _require_open(session: Session) -> None:
    if session.status not in OPEN_ORDERS:
        raise IllegalTransition("The session is over.", state=session.status)


def _require_visit(session: Session, *, at: datetime) -> None:
    """:raises NotReady: while the gate `in_person_visit` of a dose by video is open; nobody overrides it"""
    if session.modality != Modality.VIDEO:
        return
    moment = judged_at(session.ends_at, zone=session.location.zone, at=at)
    facts = gather.gather(session=session, moment=moment, at=at, dosing_now=False)
    judged = next(row for row in judge(facts, overrides={}).gates if row.code == "in_person_visit")
    if judged.state == "open":
        raise NotReady("Open: in_person_visit.", gates=[judged.as_dict()])


def _order_errors(session: Session, values: amounts.OrderFields, dose: Decimal) -> list[FieldError]:
    protocol, errors = session.program.protocol, []
    if values["route"] != protocol.route:
        errors.append(FieldError("/route", "wrong_route", f"The protocol's route is {protocol.route}."))
    if values["max_total_mg"] < dose:
        errors.append(FieldError("/max_total_mg", "too_small", "The maximum is below the dose."))
    if values["valid_until"] < min(session.starts_at, session.checked_in_at or session.starts_at):
        errors.append(FieldError("/valid_until", "too_early", "The order ends before the session begins."))
    if not known_as(values["drug"]):
        detail = "Ketamine or esketamine is expected, by any of their names."
        errors.append(FieldError("/drug", "unknown_drug", detail))
    if session.outcome == Session.Outcome.DOSED:
        given = selectors.standing_doses(session_id=session.pk).values_list("drug", flat=True).first()
        errors += esketamine.drug_errors(values["drug"], given=given, field="drug")
    if esketamine.is_esketamine(values["drug"]):
        at_home = session.modality == Modality.VIDEO
        errors += esketamine.order_errors(values, dose_mg=dose, at_home=at_home)
    return errors


def _require_cap(session: Session, values: amounts.OrderFields, dose: Decimal) -> None:
    """:raises DoseAboveCap: / Invalid: above the cap without a reason, or with one that nothing asks for"""
    cap = amounts.cap_mg(session.program.protocol.dose, weight_kg=amounts.weight_for_doses(session))
    reason = values.get("above_cap_reason")
    if not reason and cap is not None and dose > cap:
        raise DoseAboveCap.of(cap)
    if reason and (cap is None or values["max_total_mg"] <= cap):
        raise Invalid.field("above_cap_reason", "Nothing of this order is above the cap.", code="not_needed")


@transaction.atomic
def approve_cap(*, order_id: UUID, reason: str, by: User, at: datetime) -> OrderApproval:
    """Approve an order above the cap as a second prescriber; from then on it may be given.

    :raises NotPermitted: unless `by` is a prescriber
    :raises SamePrescriber: by who wrote the order
    :raises NothingToApprove: for an order within the cap, approved before, replaced, or of a session that is over
    """
    transitions.require_role(by, amounts.ORDERERS, what="Approving an order")
    order: Order = Order.objects.select_related("approval").get(pk=order_id)
    session = lock_dosing(order.session_id)
    _require_open(session)
    current = selectors.current_order(session_id=session.pk)
    if current is None or current.pk != order.pk or not current.waits:
        raise NothingToApprove(
            "It is within the cap, approved before, or replaced by a newer one.", state="settled"
        )
    if order.prescriber_id == by.pk:
        raise SamePrescriber("A second prescriber approves what is above the cap.")
    return OrderApproval(order=order, approver=by, reason=reason).insert_by(by, at=at)
