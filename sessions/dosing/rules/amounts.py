"""Pure rules of amounts: the ordered dose in mg, the protocol's cap, how a draw is settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from kapclinic.core.errors import FieldError
from kapclinic.practice.rules import NURSES, PRESCRIBER
from sessions.booking.models import Session
from sessions.dosing.models import Order

ORDERERS = PRESCRIBER
GIVERS = NURSES
MG = Decimal("0.001")


class OrderFields(TypedDict):
    """An order as written: its dose in mg, or in mg/kg for a client who was weighed."""

    drug: str
    route: str
    dose_mg: NotRequired[Decimal | None]
    dose_mg_per_kg: NotRequired[Decimal | None]
    max_total_mg: Decimal
    valid_until: datetime
    form: NotRequired[str]
    reason: NotRequired[str]
    above_cap_reason: NotRequired[str]


class DoseFields(TypedDict):
    """A dose as told; amounts that are left out are reckoned from the dose."""

    order: UUID
    dose_mg: Decimal
    supply: str
    drug_lot: NotRequired[UUID | None]
    administered_at: datetime
    given_by: str
    devices: NotRequired[int | None]
    drawn_mg: NotRequired[Decimal | None]
    given_mg: NotRequired[Decimal | None]
    wasted_mg: NotRequired[Decimal | None]
    ended_at: NotRequired[datetime | None]


class FinishFields(TypedDict):
    """How a dose that ran on ended."""

    ended_at: datetime
    given_mg: Decimal
    wasted_mg: Decimal


def is_far(weight_kg: Decimal, last_kg: Decimal, *, percent: float) -> bool:
    """Is a weight more than so many percent away from the one before it?"""
    return abs(weight_kg - last_kg) * 100 > Decimal(str(percent)) * last_kg


def weight_problem(session: Session) -> str:
    """Why no dose is reckoned with the weight that is noted, in plain words; empty without one or when it counts."""
    if session.weight_kg is None:
        return ""
    if session.weight_source == Session.WeightSource.REPORTED:
        return "The weight was only reported: weigh the client."
    if not session.weight_confirmed:
        return "The weight is far from the client's last one: a clinician measures again or confirms it."
    return ""


def weight_for_doses(session: Session) -> Decimal | None:
    """The session's weight where doses may be reckoned with it."""
    return None if weight_problem(session) else session.weight_kg


def outweighed(order: Order, *, weight_kg: Decimal | None, percent: float) -> bool:
    """Was the order reckoned with a weight that is far from the one which counts now?"""
    if order.weight_kg is None or weight_kg is None:
        return False
    return is_far(weight_kg, order.weight_kg, percent=percent)


def mg(amount: Decimal) -> Decimal:
    return amount.quantize(MG, rounding=ROUND_HALF_UP)


def per_kg(dose_mg: Decimal, weight_kg: Decimal | None) -> Decimal | None:
    """mg/kg with three decimals, or None without a weight."""
    return None if not weight_kg else mg(dose_mg / weight_kg)


def ordered_mg(
    *, dose_mg: Decimal | None, dose_mg_per_kg: Decimal | None, weight_kg: Decimal | None
) -> Decimal | None:
    """The ordered dose in mg: as given, or mg/kg times the weight."""
    if dose_mg is not None:
        return dose_mg
    if dose_mg_per_kg is None or weight_kg is None:
        return None
    return mg(dose_mg_per_kg * weight_kg)


def is_replaced(order: Order, orders: Iterable[Order], *, moment: datetime) -> bool:
    """Was there a newer one of the session's `orders` at `moment`? One that was written after `moment` must be the
    newest of all.
    """
    newer = [row for row in orders if (row.created_at, row.pk) > (order.created_at, order.pk)]
    if order.created_at <= moment:
        newer = [row for row in newer if row.created_at <= moment]
    return bool(newer)


def is_to_be_put_right(doses: Iterable[tuple[datetime, datetime | None]]) -> bool:
    """Was one voided, and none written down since in its place? `doses`: when each was written down, and voided."""
    rows = list(doses)
    written = [(at, False) for at, _ in rows]
    voided = [(at, True) for _, at in rows if at is not None]
    missing = 0
    for _, void in sorted(written + voided):
        missing = missing + 1 if void else max(missing - 1, 0)
    return missing > 0


def order_problem(order: Order, *, moment: datetime) -> str:
    """Why nobody may act on this order at `moment`, in plain words; empty when they may."""
    if order.waits:
        return "Above the cap: a second prescriber has to approve it."
    return "The order has expired." if order.valid_until < moment else ""


def order_warnings(dose: Mapping[str, Any], order: Order) -> list[dict[str, str]]:
    """What a prescriber should look at again (clinical policy 4): a dose above the protocol's usual, a maximum that
    can't be given without a second prescriber, a cap per kg that nobody could look at."""
    usual, cap = (cap_mg(dose, weight_kg=order.weight_kg, limit=name) for name in ("warn", "cap"))
    if usual is None or cap is None:
        detail = "The protocol's cap is per kg, and no weight that counts is noted: weigh the client before the dose."
        return [{"code": "cap_not_checked", "detail": detail}]
    found = []
    if order.dose_mg > usual:
        found.append(("dose_above_usual", f"The protocol's usual dose ends at {usual:f} mg."))
    if order.max_total_mg > cap and not order.above_cap_reason:
        detail = f"In all at most {cap:f} mg are given on it: above that it takes `above_cap_reason`."
        found.append(("max_above_cap", detail))
    return [{"code": code, "detail": detail} for code, detail in found]


def cap_mg(dose: Mapping[str, Any], *, weight_kg: Decimal | None, limit: str = "cap") -> Decimal | None:
    """The protocol's cap (or warning limit) for a session in mg; None when it is per kg and no weight is known."""
    amount = Decimal(str(dose[limit]))
    if dose["unit"] == "mg":
        return amount
    return None if weight_kg is None else mg(amount * weight_kg)


def settle_errors(
    *, drawn: Decimal | None, given: Decimal | None, wasted: Decimal | None
) -> list[FieldError]:
    """A draw is settled as given + wasted, exactly; both or neither."""
    if (given is None) != (wasted is None) and drawn is not None:
        return [FieldError("/wasted_mg", "required", "Name both given_mg and wasted_mg, or neither.")]
    if drawn is not None and given is not None and wasted is not None and drawn != given + wasted:
        return [FieldError("/wasted_mg", "unbalanced", "drawn_mg must equal given_mg + wasted_mg.")]
    return []
