"""What a course says of itself beside its people: its pathway in words, and a plan of its own."""

from __future__ import annotations

from typing import TypedDict

from kapclinic.core import transitions
from kapclinic.core.errors import merge
from kapclinic.practice.models import User
from programs import rules
from programs.models import Program


class Pathway(TypedDict, total=False):
    """Why this way, in words: what the client wants, prefers, has been through and is ready for, and the reasons."""

    goals: str
    preference: str
    past_experience: str
    readiness: str
    reasons: str


class PlanFields(TypedDict, total=False):
    """How many doses, elapsed hours between them, and why it is not as the protocol has it; null: it is."""

    planned_doses: int | None
    min_gap_hours: int | None
    plan_reason: str


PLAN = frozenset({*rules.OWN_PLAN, "plan_reason"})


def take_plan(program: Program, values: PlanFields, *, by: User) -> None:
    """Set the course's own number of doses and spacing, together; without either no reason is kept. The caller saves.

    :raises NotPermitted: unless `by` leads a course
    :raises Invalid: for a plan beyond the protocol, or without a reason
    """
    if not values.keys() & PLAN:
        return
    transitions.require_role(by, rules.LEADERS, what="Planning otherwise than the protocol")
    doses = values.get("planned_doses", program.planned_doses)
    gap = values.get("min_gap_hours", program.min_gap_hours)
    reason = values.get("plan_reason", program.plan_reason)
    merge(rules.plan_errors(program.protocol, planned_doses=doses, min_gap_hours=gap, reason=reason))
    program.planned_doses, program.min_gap_hours = doses, gap
    program.plan_reason = "" if doses is None and gap is None else reason
