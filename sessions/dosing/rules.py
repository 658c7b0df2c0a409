"""Pure rules of dosing: amounts against order and protocol, discharge criteria, when to drive again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from kapclinic.core.errors import FieldError
from kapclinic.practice.models import Role
from kapclinic.practice.rules import CLINICIANS, NURSES, PRESCRIBER, normalized
from programs.models import Protocol, Route
from screening.rules.findings import limit
from sessions.dosing import esketamine
from sessions.dosing.models import Administration, Order

ORDERERS = PRESCRIBER
GIVERS = NURSES
REPORTERS = CLINICIANS
DISCHARGERS = NURSES
MG = Decimal("0.001")

COMPUTED = ("minimum_stay", "vitals", "alarms", "sedation", "escort", "integration_booked")
STATED = ("oriented", "walks_unaided", "symptoms_tolerable", "safety_addressed", "instructions_given")
LABELS = {
    "minimum_stay": "The minimum stay is not over",
    "vitals": "The last vital signs are too old, or neither in band nor near the baseline",
    "alarms": "A red alarm waits to be acknowledged",
    "sedation": "The client is not fully awake",
    "escort": "The escort is not there",
    "oriented": "Orientation is not confirmed",
    "walks_unaided": "Walking unaided is not confirmed",
    "symptoms_tolerable": "Tolerable symptoms are not confirmed",
    "safety_addressed": "Safety concerns are not confirmed as addressed",
    "instructions_given": "Written instructions are not confirmed as given",
}
# A worker books the integration; a client is not kept in the clinic for it. Its row on the worklist stays open.
NOT_BLOCKING = frozenset({"integration_booked"})


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
        detail = "The protocol's cap is per kg, and no weight is noted: weigh the client before the dose."
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


def no_drive_until(*, dosed_at: datetime, zone: ZoneInfo) -> datetime:
    """24 h after the first dose or 06:00 local on the next day, whichever is later.

    Source: Spravato label section 17 (next day after restful sleep) and clinic policy for racemic ketamine.
    """
    local = dosed_at.astimezone(zone)
    next_day = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), tzinfo=zone)
    return max(dosed_at + timedelta(hours=24), next_day.replace(hour=6))


def ended_at(dose: Administration, limits: Mapping[str, Any]) -> datetime:
    """When a dose had gone in: as somebody said, else an infusion's usual minutes after its start, any other at once.

    The minutes are the protocol's `infusion_min`: a stay that counted from the start would end too soon.
    """
    if hasattr(dose, "finish"):
        said: datetime = dose.finish.ended_at
        return said
    minutes = limit(limits, "infusion_min") if dose.route == Route.INTRAVENOUS else 0
    return dose.administered_at + timedelta(minutes=minutes)


def stay_over_at(
    protocol: Protocol, drug: str, first_dosed_at: datetime, last_ended_at: datetime
) -> datetime:
    """The earliest moment to go home by the clock alone.

    Racemic: the protocol's minutes after the last dose, of an infusion after its end (clinic policy). Esketamine: two
    hours after the first device, whatever the protocol says (REMS Patient Monitoring Form).
    """
    if esketamine.is_esketamine(drug):
        return first_dosed_at + timedelta(minutes=esketamine.STAY_MIN)
    return last_ended_at + timedelta(minutes=protocol.min_stay_min)


def unmet(checklist: Mapping[str, bool | None]) -> list[str]:
    """The discharge criteria that are not fulfilled and do block, in the order of the checklist."""
    return [key for key in LABELS if key not in NOT_BLOCKING and not checklist.get(key)]


def same_person(named: Mapping[str, Any] | None, here: Mapping[str, Any]) -> bool:
    """Is who is here whom the session names? By the name, however it is written."""
    words = [normalized(str((who or {}).get("name", ""))).split() for who in (named, here)]
    return words[0] == words[1]


def may_override_discharge(roles: frozenset[str]) -> bool:
    return Role.PRESCRIBER in roles
