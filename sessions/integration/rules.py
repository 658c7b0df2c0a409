"""Pure rules of integration: the obligation's moves, who is told when, which slot is best."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from kapclinic.core.moments import utc_text
from kapclinic.core.transitions import Move
from kapclinic.practice.models import Role
from kapclinic.practice.rules import BOOKERS, DIRECTOR
from programs.models import Modality, Program
from sessions.booking.rules import CAREGIVERS, SYSTEM, Slot, on_days_and_hours
from sessions.integration.models import Obligation

S = Obligation.State
SETTLED = frozenset({S.MET, S.MET_LATE, S.WAIVED})  # nobody owes it any more, and nobody reopens it
STAYS = SETTLED | {S.DUE}  # whenever its dose was given
COUNTS = ("open", "met", "missed", "waived")  # how a course's progress counts them
COUNTED_AS: Mapping[str, str] = {
    S.DUE: "open",
    S.BOOKED: "open",
    S.MET: "met",
    S.MET_LATE: "met",
    S.MISSED: "missed",
    S.WAIVED: "waived",
}
SYSTEM_OR_DESK = SYSTEM | BOOKERS
WAIVERS = frozenset({Role.THERAPIST, Role.PRESCRIBER})

OBLIGATION_MOVES = {
    "book": Move.of({S.DUE, S.MISSED}, S.BOOKED, SYSTEM_OR_DESK),
    "reopen": Move.of({S.BOOKED}, S.DUE, SYSTEM_OR_DESK),
    "meet": Move.of({S.BOOKED}, S.MET, CAREGIVERS | DIRECTOR | SYSTEM),
    "meet_late": Move.of({S.BOOKED}, S.MET_LATE, CAREGIVERS | DIRECTOR | SYSTEM),
    "unmeet": Move.of({S.MET, S.MET_LATE}, S.BOOKED, CAREGIVERS | DIRECTOR | SYSTEM),
    "miss": Move.of({S.DUE}, S.MISSED, SYSTEM),
    "waive": Move.of({S.DUE, S.BOOKED, S.MISSED}, S.WAIVED, WAIVERS),
    "void": Move.of(set(S.values) - {S.VOIDED}, S.VOIDED, {Role.PRESCRIBER} | SYSTEM),
    "owe_again": Move.of({S.VOIDED}, S.DUE, CAREGIVERS | DIRECTOR | SYSTEM),
}
CALLER_MOVES = {"waive": OBLIGATION_MOVES["waive"]}

HOLD_FREED, DOSE_VOIDED = "The held slot was freed.", "The dose was voided."


@dataclass(frozen=True)
class Step:
    """When an unbooked integration is carried to whom, counted from the dose."""

    name: str
    after: timedelta
    roles: tuple[str, ...]


STEPS = (
    Step("front_desk", timedelta(0), (Role.FRONT_DESK,)),
    Step("therapist", timedelta(hours=24), (Role.THERAPIST,)),
    Step("medical_director", timedelta(hours=48), (Role.MEDICAL_DIRECTOR,)),
)


def steps_reached(*, dosed_at: datetime, at: datetime) -> list[Step]:
    """The steps whose time has come, taken or not."""
    return [step for step in STEPS if at >= dosed_at + step.after]


def steps_due(*, dosed_at: datetime, taken: Sequence[Mapping[str, str]], at: datetime) -> list[Step]:
    """The steps whose time has come and that were not taken yet."""
    done = {step["step"] for step in taken}
    return [step for step in steps_reached(dosed_at=dosed_at, at=at) if step.name not in done]


def escalation(step: str, *, roles: Sequence[str], at: datetime) -> dict[str, object]:
    """One step as the obligation keeps it."""
    return {"at": utc_text(at), "step": step, "roles": [str(role) for role in roles]}


def inside(moment: datetime, *, start: datetime, end: datetime) -> bool:
    """window_start <= starts_at < window_end"""
    return start <= moment < end


def preferred(slot: Slot, program: Program, zone: ZoneInfo) -> bool:
    """Does the slot fall on the client's preferred days and hours (no preference: any)?"""
    local = slot.starts_at.astimezone(zone)
    return on_days_and_hours(local, days=program.preferred_days, hours=program.preferred_hours)


def ranked(
    slots: Sequence[Slot], program: Program, zone: ZoneInfo, *, told: Collection[datetime] = ()
) -> list[Slot]:
    """Those at a start that the client was `told` before, then their preferred days and hours, then earliest."""
    return sorted(
        slots,
        key=lambda slot: (slot.starts_at not in told, not preferred(slot, program, zone), slot.starts_at),
    )


def apart(slots: Sequence[Slot], given_up: Sequence[tuple[datetime, datetime]]) -> list[Slot]:
    """Slots that don't touch a time at which this integration was cancelled or missed."""
    return [
        slot
        for slot in slots
        if not any(slot.starts_at < end and start < slot.ends_at for start, end in given_up)
    ]


def modalities(program: Program) -> list[str]:
    """The client's accepted modalities, the first one first."""
    return list(program.accepted_modalities) or [str(Modality.IN_PERSON)]
