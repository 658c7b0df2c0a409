"""What one dose may be: the order it is given on, its amounts, its way. Reads, and refuses; saves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from kapclinic.core.errors import FieldError, Invalid, merge
from kapclinic.core.moments import moment_errors
from kapclinic.core.postgresql.scoped import Asks
from programs.models import Modality, Route
from programs.policy import limit
from sessions.booking.models import Session
from sessions.dosing import selectors
from sessions.dosing.gates.judge import Judged
from sessions.dosing.models import Administration, Order
from sessions.dosing.rules import amounts, esketamine
from sessions.drugs import selectors as drugs
from sessions.drugs.models import DrugLot
from sessions.drugs.services import asks_draw

HOME_ROUTES = frozenset({Route.SUBLINGUAL, Route.ORAL})


INJECTED = frozenset({Route.INTRAMUSCULAR, Route.INTRAVENOUS})
# How more is given (clinical policy 4): the prescriber says why, and another one stands in for it.
WAY = "For more, write an order with `above_cap_reason`; a second prescriber approves it at orders/{id}/approve-cap/."
WAITS = "The order waits: a second prescriber is missing, who approves it at orders/{id}/approve-cap/."


class DoseAboveCap(Invalid):
    code, title = "dose_above_cap", "Above the protocol's cap"

    @classmethod
    def of(cls, cap: Decimal, *, field: str = "dose_mg", waits: bool = False) -> DoseAboveCap:
        """`waits`: the order has its reason, and a second prescriber is all that is missing."""
        way = WAITS if waits else WAY
        detail = f"The protocol allows {cap:f} mg in one session. {way}"
        return cls(detail, errors=[FieldError(f"/{field}", cls.code, detail)])


def order_for(orders: Sequence[Order], order_id: UUID, moment: datetime) -> Order:
    """The one of the session's orders that a dose at `moment` names. One that was replaced only later still counts.

    :raises Invalid: for an order of another session, replaced by then, or expired
    """
    order = next((row for row in orders if row.pk == order_id), None)
    if order is None:
        raise Invalid.field("order", "There is no such order for this session.", code="not_found")
    if amounts.is_replaced(order, orders, moment=moment):
        raise Invalid.field("order", "A newer order has replaced this one.", code="superseded")
    if order.valid_until < moment:
        raise Invalid.field("order", "This order has expired.", code="expired")
    return order


def require_amount(
    session: Session,
    order: Order,
    amount_mg: Decimal,
    *,
    doses: Sequence[Administration],
    field: str = "dose_mg",
    but: UUID | None = None,
) -> None:
    """A dose is within the ordered one, and with it the session within cap and order.

    `doses` are those of the session that stand; `but` is not counted.

    An order above the cap that a second prescriber approved goes up to its own maximum.

    :raises DoseAboveCap: / Invalid: naming `field`
    """
    total = selectors.total_mg(doses, but=but) + amount_mg
    cap = amounts.cap_mg(session.program.protocol.dose, weight_kg=amounts.weight_for_doses(session))
    approved = order.above_cap_reason != "" and not order.waits
    if cap is not None and total > cap and not approved:
        raise DoseAboveCap.of(cap, field=field, waits=order.waits)
    if amount_mg > order.dose_mg:
        raise Invalid.field(field, f"The order is for {order.dose_mg} mg at a time.", code="above_order")
    if total > order.max_total_mg:
        detail = f"The order allows {order.max_total_mg} mg in all; this would make {total} mg."
        raise Invalid.field(field, detail, code="above_order")


def require_given(session: Session, dose: Administration, given_mg: Decimal) -> None:
    """Judge what an infusion gave in the end as a dose is judged: by its own order, else by the session's present one.

    With a present order, a prescriber can cover afterwards what was given beyond the first one.

    :raises DoseAboveCap: / Invalid: naming `given_mg`
    """
    doses = list(selectors.doses_with_ends(session_id=session.pk))
    now = selectors.current_order(session_id=session.pk)
    if now is not None and now.pk != dose.order_id:
        try:
            return require_amount(session, now, given_mg, doses=doses, field="given_mg", but=dose.pk)
        except Invalid:
            pass
    return require_amount(session, dose.order, given_mg, doses=doses, field="given_mg", but=dose.pk)


def way_errors(
    session: Session, order: Order, values: amounts.DoseFields, *, last: Administration | None
) -> list[FieldError]:
    """Where this drug may not be given in this way (clinical policy 12; the label of esketamine)."""
    stock = values["supply"] == Administration.Supply.CLINIC_STOCK
    at_home = session.modality == Modality.VIDEO
    if at_home and (stock or order.route not in HOME_ROUTES):
        detail = "At home only the client's own lozenges or tablets."
        return [FieldError("/supply", "not_at_home", detail)]
    if not esketamine.is_esketamine(order.drug):
        told = values.get("devices") is not None
        return [FieldError("/devices", "invalid", "Only esketamine comes in devices.")] if told else []
    return esketamine.dose_errors(
        values,
        client_supply=not stock,
        at_home=at_home,
        rested_at=None
        if last is None
        else esketamine.next_device_at(administered_at=last.administered_at, devices=last.devices or 1),
    )


def time_errors(session: Session, moment: datetime, *, begun: datetime | None) -> list[FieldError]:
    """A booster is part of its session: it follows the first dose, at `begun`, within the protocol's minutes."""
    within = limit(session.program.protocol.limits, "booster_within_min")
    if begun is None or moment <= begun + timedelta(minutes=within):
        return []
    detail = f"A booster is given within {within} minutes of the first dose. Later is another session."
    return [FieldError("/administered_at", "too_late", detail)]


def supply_errors(order: Order, values: amounts.DoseFields) -> list[FieldError]:
    """A dose of the client's own comes from no lot of the safe; an injection or infusion is given by staff."""
    errors = []
    if values["supply"] != Administration.Supply.CLINIC_STOCK and values.get("drug_lot") is not None:
        detail = "Only a dose from clinic stock names a lot."
        errors.append(FieldError("/drug_lot", "not_clinic_stock", detail))
    if values["given_by"] == Administration.GivenBy.SELF_OBSERVED and order.route in INJECTED:
        detail = "Staff give an injection or an infusion."
        errors.append(FieldError("/given_by", "not_self_given", detail))
    return errors


def end_errors(
    order: Order, values: amounts.DoseFields, *, at: datetime, left_at: datetime | None
) -> list[FieldError]:
    """Where a dose can't say that it ended: only an infusion that names given and wasted is over at once. One that is
    entered once the client has gone, at `left_at`, is over (R7).
    """
    ended_at, settled = values.get("ended_at"), values.get("given_mg") is not None
    if order.route == Route.INTRAVENOUS and left_at is not None and not settled:
        return [FieldError("/given_mg", "required", "The client has gone: say what was given.")]
    if ended_at is None:
        return []
    if order.route != Route.INTRAVENOUS or not settled:
        detail = "Only an infusion that says what was given has ended."
        return [FieldError("/ended_at", "not_settled", detail)]
    if left_at is not None and ended_at > left_at:
        return [FieldError("/ended_at", "too_late", "The client was discharged before this time.")]
    return moment_errors(moment=ended_at, at=at, after=values["administered_at"], field="ended_at")


def errors_of(
    session: Session,
    order: Order,
    values: amounts.DoseFields,
    *,
    doses: Sequence[Administration],
    at: datetime,
    left_at: datetime | None = None,
) -> list[FieldError]:
    """All that speaks against giving this dose, after `doses`, at this time and in this way."""
    begun, given = (doses[0].administered_at, doses[0].drug) if doses else (None, None)
    return [
        *esketamine.drug_errors(order.drug, given=given, field="order"),
        *time_errors(session, values["administered_at"], begun=begun),
        *way_errors(session, order, values, last=doses[-1] if doses else None),
        *supply_errors(order, values),
        *end_errors(order, values, at=at, left_at=left_at),
    ]


def dose_of(
    session: Session, order: Order, values: amounts.DoseFields, *, first: bool, judged: list[Judged]
) -> Administration:
    """The row of a dose: amounts completed and checked against the way it is supplied.

    :raises Invalid: for amounts that don't add up, or a missing lot
    """
    drawn, given, wasted = values.get("drawn_mg"), values.get("given_mg"), values.get("wasted_mg")
    stock = values["supply"] == Administration.Supply.CLINIC_STOCK
    lot: DrugLot | None = _lot(values) if stock else None
    if given is None and wasted is None and order.route != Route.INTRAVENOUS:
        given, wasted = values["dose_mg"], (drawn or values["dose_mg"]) - values["dose_mg"]
    if stock and drawn is None:
        drawn = values["dose_mg"] if given is None else given + (wasted or 0)
    errors = amounts.settle_errors(drawn=drawn, given=given, wasted=wasted)
    if given is not None and given != values["dose_mg"]:
        errors.append(FieldError("/given_mg", "unbalanced", "given_mg must equal dose_mg."))
    if wasted is not None and wasted < 0:
        errors.append(FieldError("/drawn_mg", "too_small", "Less was drawn than given."))
    if stock and values.get("drug_lot") is None:
        errors.append(FieldError("/drug_lot", "required", "Clinic stock names its lot."))
    merge(errors)
    concentration = lot.concentration_mg_per_ml if lot else None
    weight = amounts.weight_for_doses(session)
    return Administration(
        session=session,
        order=order,
        is_first=first,
        drug=order.drug,
        route=order.route,
        dose_mg=values["dose_mg"],
        dose_mg_per_kg=amounts.per_kg(values["dose_mg"], weight),
        weight_kg=weight,
        volume_ml=amounts.mg(values["dose_mg"] / concentration) if concentration else None,
        supply=values["supply"],
        drug_lot=values.get("drug_lot"),
        given_by=values["given_by"],
        devices=esketamine.devices_of(values["dose_mg"]) if esketamine.is_esketamine(order.drug) else None,
        drawn_mg=drawn,
        given_mg=given,
        wasted_mg=wasted,
        administered_at=values["administered_at"],
        gates=[row.as_dict() for row in judged],
    )


def _lot(values: amounts.DoseFields) -> DrugLot | None:
    lot_id = values.get("drug_lot")
    return None if lot_id is None else drugs.lot_of(lot_id)


def asks_behind_client(session: Session, values: amounts.DoseFields, *, moment: datetime) -> list[Asks]:
    """What a dose asks behind the lock of its client, in this order: the record, and the lot that it is drawn from."""
    record = selectors.asks_record(session, moment=moment.astimezone(session.location.zone))
    lot_id = values.get("drug_lot")
    if values["supply"] != Administration.Supply.CLINIC_STOCK or lot_id is None:
        return [record]
    return [record, drugs.asks_lot(lot_id), *asks_draw(lot_id)]
