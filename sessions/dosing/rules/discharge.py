"""Pure rules of going home: when the stay is over, the checklist, when to drive again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from kapclinic.practice.rules import NURSES, folded
from programs.models import Protocol, Route
from programs.policy import limit
from sessions.booking.models import Session
from sessions.booking.rules import HERE, Escort
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
# What each criterion asks for, in the order of the checklist of a screen.
CRITERIA = {
    "minimum_stay": "The minimum stay is over",
    "vitals": "Vital signs are fresh, and in band or near the baseline",
    "alarms": "No red alarm waits",
    "sedation": "Fully awake",
    "oriented": "Oriented",
    "walks_unaided": "Walks unaided",
    "symptoms_tolerable": "Symptoms are tolerable",
    "safety_addressed": "Safety concerns are addressed",
    "instructions_given": "Written instructions are given",
    "escort": "The escort is here",
    "open_draw": "Each draw is settled",
    "integration_booked": "The integration is booked",
}
WORDS = LABELS | {
    "open_draw": "Say of each draw what was given and what was wasted",
    "integration_booked": "It is not booked yet: its row stays on the worklist, and it keeps nobody",
}
# At home on video nobody is fetched: the adult who was named for the dose stays with the client.
CRITERIA_AT_HOME = {"escort": "The adult stays with the client"}
WORDS_AT_HOME = {"escort": "The adult who is to stay with the client is not there"}
COMPUTED = frozenset({"minimum_stay", "vitals", "alarms", "sedation", "open_draw", "integration_booked"})
MET, NOT_MET, TO_ATTEST = "met", "not_met", "to_attest"
STATES = (MET, NOT_MET, TO_ATTEST)
# A worker books the integration; a client is not kept in the clinic for it. Its row on the worklist stays open.
NOT_BLOCKING = frozenset({"integration_booked"})


def no_drive_until(*, dosed_at: datetime, zone: ZoneInfo) -> datetime:
    """24 h after the last dose, at `dosed_at`, or 06:00 local on the next day, whichever is later.

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


def may_leave(session: Session) -> bool:
    """Is this a dosed client who is still here?"""
    return session.status in HERE and session.outcome == Session.Outcome.DOSED


def unmet(checklist: Mapping[str, bool | None]) -> list[str]:
    """The discharge criteria that are not fulfilled and do block, in the order of the checklist."""
    return [key for key in LABELS if key not in NOT_BLOCKING and not checklist.get(key)]


def words_of(code: str, *, at_home: bool) -> str:
    """What is not there, while a criterion is not met."""
    return (at_home and WORDS_AT_HOME.get(code)) or WORDS[code]


@dataclass(frozen=True)
class Criterion:
    """One line of the checklist: how it stands, and whether the record says so by itself or staff state it."""

    code: str
    label: str
    state: str
    detail: str
    computed: bool


def criteria(
    checklist: Mapping[str, bool | None],
    *,
    computed: frozenset[str],
    draws_open: bool,
    at_home: bool,
    details: Mapping[str, str] = MappingProxyType({}),
) -> list[Criterion]:
    """The checklist as a list. What nobody has stated is `to_attest`.

    `computed` are the codes that the record answers; `details` are words that know more than LABELS; `at_home` is a
    session on video.
    """
    whole = {**checklist, "open_draw": not draws_open}

    def one(code: str) -> Criterion:
        said, by_record = whole.get(code), code in computed or code == "open_draw"
        state = MET if said else TO_ATTEST if said is None and not by_record else NOT_MET
        detail = "" if state == MET else details.get(code) or f"{words_of(code, at_home=at_home)}."
        label = (at_home and CRITERIA_AT_HOME.get(code)) or CRITERIA[code]
        return Criterion(code, label, state, detail, by_record)

    return [one(code) for code in CRITERIA]


def details_before(*, stay_over_at: datetime, zone: ZoneInfo, escort: Escort | None) -> dict[str, str]:
    """Until when the client stays, on the clinic's clock, and whom the session names to take them home, or to stay."""
    named = escort and escort.get("name") and escort.get("phone")
    who = f"{escort['name']} is named." if escort and named else "Nobody is named with a phone number."
    return {"minimum_stay": f"It is over at {stay_over_at.astimezone(zone):%H:%M}.", "escort": who}


def same_person(named: Escort | None, here: Escort) -> bool:
    """Is who is here whom the session names? By the name, however it is written."""
    words = [folded(str(who.get("name", "") if who else "")).split() for who in (named, here)]
    return words[0] == words[1]
