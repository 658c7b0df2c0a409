"""Pure rules of going home: when the stay is over, the checklist, when to drive again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kapclinic.practice.rules import NURSES, folded
from programs.models import Protocol, Route
from programs.policy import limit
from sessions.booking.rules import Escort
from sessions.dosing.models import Administration
from sessions.dosing.rules import esketamine

DISCHARGERS = NURSES
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


def no_drive_until(*, dosed_at: datetime, zone: ZoneInfo) -> datetime:
    """24 h after the first dose or 06:00 local on the next day, whichever is later.

    Source: Spravato label section 17 (next day after restful sleep) and clinic policy for racemic ketamine.
    """
    local = dosed_at.astimezone(zone)
    next_day = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), tzinfo=zone)
    return max(dosed_at + timedelta(hours=24), next_day.replace(hour=6))


def ended_at(dose: Administration, said: datetime | None, limits: Mapping[str, Any]) -> datetime:
    """When a dose had been given in full: as `said`, else an infusion's usual minutes after its start, else at once.

    The minutes are the protocol's `infusion_min`: a stay that counted from the start would end too soon.
    """
    if said is not None:
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


def same_person(named: Escort | None, here: Escort) -> bool:
    """Is who is here whom the session names? By the name, however it is written."""
    words = [folded(str(who.get("name", "") if who else "")).split() for who in (named, here)]
    return words[0] == words[1]
