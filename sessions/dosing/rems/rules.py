"""Pure rules of the REMS record: when it is due, what the form needs, which readings stand on it.

Source: Spravato REMS patient monitoring form (2021/24) and FDA REMS page: after every session, within 7 days; the
fields are the form's. The warnings on day 3 and 6 are this software's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from kapclinic.core.errors import FieldError
from kapclinic.core.transitions import Move
from kapclinic.practice.rules import NURSES
from kapclinic.practice.worklist import Kind
from sessions.dosing.models import AdverseEvent
from sessions.dosing.rems.models import EVENTS, RemsRecord
from sessions.dosing.rules.esketamine import USUAL_MG
from sessions.monitoring.models import Reading

# The whole form as JSON: a submitted one reads as it was sent, whatever the fields are by now.
Form = dict[str, Any]
S = RemsRecord.State
REMS_MOVES = {
    "write": Move.of({S.DRAFT}, None, NURSES),
    "submit": Move.of({S.DRAFT}, S.SUBMITTED, NURSES),
}
SUBMIT_WITHIN = timedelta(days=7)  # of the session, says the REMS; of a later change, say we
TOLD_AFTER = (timedelta(days=3), timedelta(days=6), SUBMIT_WITHIN)  # two warnings, then overdue
LOOKED_BACK = timedelta(days=30)  # how far the sweep looks back for a session without its record
FORTY = timedelta(minutes=40)  # label: blood pressure before, about 40 minutes after, and before completion
CONCOMITANT = ("benzodiazepines", "sedative_hypnotics", "psychostimulants", "maois", "opioids")
PRESSURES = ("blood_pressure_pre", "blood_pressure_40_min", "blood_pressure_completion")
STATED = (
    "monitoring_hcp",
    "ready_without_two_hours_at",
    "vitals_acceptable_pre",
    "vitals_acceptable_completion",
)


def due_at(first_device_at: datetime) -> datetime:
    """Seven days after the first device."""
    return first_device_at + SUBMIT_WITHIN


def warnings_due(*, due_at: datetime, at: datetime) -> int:
    """How often somebody should have been told by `at`: 1 on day 3, 2 on day 6, 3 when it is overdue."""
    return sum(at >= due_at - SUBMIT_WITHIN + wait for wait in TOLD_AFTER)


def told(warning: int) -> frozenset[str]:
    """Who a warning is for: those who may submit; once it is overdue the medical director as well."""
    kind = Kind.REMS_RECORD
    return kind.roles if warning < len(TOLD_AFTER) else kind.roles | kind.climbs_to


def dose_box(total_mg: Decimal) -> str:
    """Which box of the form: 56, 84 (mg) or other."""
    return str(int(total_mg)) if total_mg in USUAL_MG else "other"


def pressures(
    readings: Sequence[Reading], *, first: datetime, ended: datetime | None, window: timedelta
) -> tuple[Reading | None, Reading | None, Reading | None]:
    """The readings before the first device, about 40 minutes after it, and before completion; None where none stands.

    About 40 minutes is the nearest one inside `window` on either side; the last one is later than that and not after
    the end.
    """
    before = [row for row in readings if row.measured_at <= first]
    after = [
        row for row in readings if row.measured_at > first and (ended is None or row.measured_at <= ended)
    ]
    near = [row for row in after if abs(row.measured_at - first - FORTY) <= window]
    forty = min(near, key=lambda row: abs(row.measured_at - first - FORTY), default=None)
    since = forty.measured_at if forty else first + FORTY
    late = [row for row in after if row.measured_at > since]
    return (before[-1] if before else None, forty, late[-1] if late else None)


def missing(form: Form) -> list[FieldError]:
    """What the form still lacks or contradicts, by field, in the order of the form."""
    lacks = [f"concomitant/{name}" for name in CONCOMITANT if form["concomitant"][name] is None]
    lacks += [name for name in STATED if form[name] is None]
    lacks += [f"{name}/occurred" for name in EVENTS if form[name]["occurred"] is None]
    lacks += ["lot_number"] if form["unnamed_lots"] else []
    lacks += ["monitoring_ended_at"] if form["monitoring_ended_at"] is None else []
    if not form["blood_pressure_reason"] and any(form[name] is None for name in PRESSURES):
        lacks.append("blood_pressure_reason")
    if not form["events_note"] and any(
        form[name]["occurred"] and form[name]["resolved_at"] is None for name in EVENTS
    ):
        lacks.append("events_note")
    found = [FieldError(f"/{name}", "required", f"The form needs {name}.") for name in lacks]
    return found + [_contradicted(name) for name in EVENTS if _contradicts(form, name)]


def _contradicts(form: Form, name: str) -> bool:
    return form[name]["occurred"] is False and name in form["recorded_events"]


def _contradicted(name: str) -> FieldError:
    return FieldError(f"/{name}/occurred", "contradicts", "An adverse event of this session says otherwise.")


def recorded_events(events: Iterable[AdverseEvent]) -> list[str]:
    """Which of the form's events the session's adverse events tell of: by their term, and any serious one."""
    found = set()
    for event in events:
        term = "_".join(event.term.casefold().split())
        found |= {term} if term in EVENTS else set()
        found |= {"serious_adverse_event"} if event.serious else set()
    return sorted(found)
