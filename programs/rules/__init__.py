"""Pure rules of the course: who may move it, which phase follows which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from kapclinic.core.errors import FieldError
from kapclinic.core.transitions import Move
from kapclinic.practice.models import Role, SessionKind
from kapclinic.practice.rules import BOOKERS, CLINICIANS, DIRECTOR
from programs import policy
from programs.models import Phase, Program, Protocol
from programs.rules.measures import measure_errors
from programs.rules.thresholds import band_errors, limit_errors

S, P = Program.Status, Protocol.Status
SYSTEM = frozenset({"system"})
LEADERS = frozenset({Role.THERAPIST, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR})

PROTOCOL_MOVES = {"approve": Move.of({P.DRAFT}, P.APPROVED, DIRECTOR)}

PROGRAM_MOVES = {
    "hold": Move.of({S.ACTIVE}, S.ON_HOLD, CLINICIANS),
    "resume": Move.of({S.ON_HOLD}, S.ACTIVE, CLINICIANS),
    "end_dosing": Move.of({S.ACTIVE}, S.ACTIVE, LEADERS),
    "discontinue": Move.of({S.ACTIVE, S.ON_HOLD}, S.DISCONTINUED, CLINICIANS | SYSTEM),
    "reinstate": Move.of({S.DISCONTINUED}, None, SYSTEM),  # to what it was: the client lives after all
    "complete": Move.of({S.ACTIVE}, S.COMPLETED, LEADERS),
    "maintain": Move.of({S.ACTIVE}, S.ACTIVE, LEADERS),
}

# By opening the next course, so it is not among `allowed_moves`.
PROGRAM_CONTINUED = {"continue": Move.of({S.ACTIVE, S.ON_HOLD}, S.COMPLETED, BOOKERS)}

# Which phase may follow which. Facts move a program on; nobody sets a phase by hand.
NEXT: Mapping[str, frozenset[str]] = {
    Phase.SCREENING: frozenset({Phase.PREPARATION, Phase.DOSING}),
    Phase.PREPARATION: frozenset({Phase.DOSING}),
    Phase.DOSING: frozenset(
        {Phase.INTEGRATION, Phase.PREPARATION}
    ),  # back only when a preparation was undone before the first dose
    Phase.INTEGRATION: frozenset(
        {Phase.MAINTENANCE, Phase.DOSING}
    ),  # back only when the last dose was voided
    Phase.MAINTENANCE: frozenset(),
}
LIVE = frozenset({S.ACTIVE, S.ON_HOLD})
COMPLETABLE = frozenset({Phase.INTEGRATION, Phase.MAINTENANCE})
MAINTAINABLE = COMPLETABLE
DOSES_TO_COME = frozenset({Phase.SCREENING, Phase.PREPARATION, Phase.DOSING})
OWN_PLAN = frozenset({"planned_doses", "min_gap_hours"})
# Of a pathway: what the client wants and prefers, has been through and is ready for, and why this way was chosen.
PATHWAY = ("goals", "preference", "past_experience", "readiness", "reasons")


def plan_errors(
    protocol: Protocol, *, planned_doses: int | None, min_gap_hours: int | None, reason: str
) -> list[FieldError]:
    """What makes a course's own plan unusable: it is stricter than the protocol's and fits its span, with a reason.

    Source: PR8; a shorter gap is a prescriber's override of one dose (PR4), no plan.
    """
    errors = []
    if planned_doses is not None and not 1 <= planned_doses <= protocol.planned_doses:
        detail = f"1 to {protocol.planned_doses}, as the protocol plans, is expected."
        errors.append(FieldError("/planned_doses", "beyond_protocol", detail))
    doses = planned_doses or protocol.planned_doses
    if min_gap_hours is not None and not _gap_fits(protocol, min_gap_hours, doses):
        first, last = protocol.min_gap_hours, protocol.span_days[1]
        detail = f"{first} hours or more are expected, and all doses within {last} days."
        errors.append(FieldError("/min_gap_hours", "beyond_protocol", detail))
    if (planned_doses is not None or min_gap_hours is not None) and not reason:
        errors.append(
            FieldError("/plan_reason", "required", "Say why this course differs from its protocol.")
        )
    return errors


def _gap_fits(protocol: Protocol, hours: int, doses: int) -> bool:
    return hours >= protocol.min_gap_hours and hours * max(doses - 1, 1) <= protocol.span_days[1] * 24


def first_phase_after_clearance(protocol: Protocol, *, preparations_done: int) -> str:
    """Preparation, or dosing when the protocol asks for no (more) preparation."""
    ready = preparations_done >= protocol.min_preparations
    return Phase.DOSING if ready else Phase.PREPARATION


def integration_window(protocol: Protocol, *, dosed_at: datetime) -> tuple[datetime, datetime]:
    """[start, end) in elapsed hours after the dose; the seed default is 24 to 72 h."""
    window = protocol.integration
    return (
        dosed_at + timedelta(hours=window["from_hours"]),
        dosed_at + timedelta(hours=window["to_hours"]),
    )


def earliest_integration(protocol: Protocol, *, window_start: datetime) -> datetime:
    """From when an integration that begins meets what is owed: its window, less the protocol's `early_hours`."""
    return window_start - timedelta(hours=protocol.integration.get("early_hours", 0))


LONGEST_WINDOW = 2000  # hours
LONGEST_COURSE = 3650  # days


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def protocol_errors(values: Mapping[str, Any]) -> list[FieldError]:
    """What makes a protocol unusable, field by field (of `policy.filled` values)."""
    errors = [
        *_window_errors(values["integration"]),
        *_dose_errors(values["dose"]),
        *_resource_errors(values),
        *_gate_errors(values["gates"]),
        *measure_errors(values["measures"]),
        *(_shape_errors("/bands", values["bands"], policy.BANDS) or band_errors(values["bands"])),
        *(
            _shape_errors("/limits", values["limits"], policy.limits_of(values["route"]))
            or limit_errors(values["limits"])
        ),
        *_after_end_errors(values["limits"].get("after_end")),
        *_shape_errors("/fasting_hours", values["fasting_hours"], policy.FASTING),
    ]
    checks = values["checks_min"]
    if checks != sorted(set(checks)):
        errors.append(FieldError("/checks_min", "order", "Minutes rise, without repeats."))
    unknown = set(values["lengths_min"]) - set(SessionKind.values)
    if unknown or not all(_positive(v) and v <= 720 for v in values["lengths_min"].values()):
        errors.append(
            FieldError("/lengths_min", "invalid", "Minutes (1 to 720) by session kind are expected.")
        )
    span = values["span_days"]
    if len(span) != 2 or not all(map(_positive, span)) or not span[0] <= span[1] <= LONGEST_COURSE:
        errors.append(FieldError("/span_days", "invalid", "[fewest, most] days are expected."))
    return errors


SEVERITIES = ("absolute", "relative", "info", "unknown")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100_000


def _shape_errors(pointer: str, value: Any, default: Any) -> list[FieldError]:
    """A policy value has the shape of its default: a table of known names, as many numbers, or one number."""
    if isinstance(default, dict):
        if not isinstance(value, Mapping):
            return [FieldError(pointer, "invalid", "A table of values is expected.")]
        if not default:  # a table without default names: the clinic's own severities by code
            texts = all(isinstance(name, str) and word in SEVERITIES for name, word in value.items())
            return (
                [] if texts else [FieldError(pointer, "invalid", f"One of {', '.join(SEVERITIES)} by code.")]
            )
        unknown = sorted(set(value) - set(default))
        errors = [
            FieldError(f"{pointer}/{name}", "unknown_field", "No such policy value.") for name in unknown
        ]
        for name in set(value) & set(default):
            errors += _shape_errors(f"{pointer}/{name}", value[name], default[name])
        return errors
    if isinstance(default, list):
        if isinstance(value, list) and len(value) == len(default) and all(map(_is_number, value)):
            return []
        return [FieldError(pointer, "invalid", f"{len(default)} numbers are expected.")]
    return [] if _is_number(value) else [FieldError(pointer, "invalid", "A number is expected.")]


def _after_end_errors(value: Any) -> list[FieldError]:
    """Checks after an infusion: every so many minutes (1 or more) until so many (720 at most)."""
    if not isinstance(value, Mapping) or not all(map(_is_number, value.values())):
        return []  # left out, or its shape is refused already
    if value.get("every_min", 1) >= 1 and value.get("until_min", 0) <= 720:
        return []
    return [FieldError("/limits/after_end", "invalid", "every_min from 1, until_min to 720 are expected.")]


def _window_errors(window: Mapping[str, Any]) -> list[FieldError]:
    times = [
        window.get("from_hours"),
        window.get("to_hours"),
        window.get("outer_hours", window.get("to_hours")),
    ]
    if set(window) - {"from_hours", "to_hours", "outer_hours", "early_hours"}:
        words = "from_hours, to_hours, outer_hours and early_hours are expected."
        return [FieldError("/integration", "unknown_field", words)]
    first, last, outer = (t if isinstance(t, int) and not isinstance(t, bool) else -1 for t in times)
    if not 0 <= first < last <= outer <= LONGEST_WINDOW:
        return [
            FieldError("/integration", "invalid", "from_hours < to_hours <= outer_hours <= 2000 is expected.")
        ]
    early = window.get("early_hours", 0)
    if not _is_number(early) or early > first:
        return [FieldError("/integration/early_hours", "invalid", "0 to from_hours is expected.")]
    return []


def _gate_errors(gates: Mapping[str, Any]) -> list[FieldError]:
    """Modes by gate: only gates that are policy may be anything but required."""
    errors = []
    for code, mode in gates.items():
        if code in policy.FIXED_GATES:
            if mode != policy.REQUIRED:
                errors.append(FieldError(f"/gates/{code}", "fixed", "This gate can't be switched off."))
        elif code not in policy.GATES:
            errors.append(FieldError(f"/gates/{code}", "unknown_field", "There is no such gate."))
        elif mode not in policy.GATE_MODES:
            words = ", ".join(policy.GATE_MODES)
            errors.append(FieldError(f"/gates/{code}", "invalid", f"One of {words} is expected."))
    return errors


def _dose_errors(dose: Mapping[str, Any]) -> list[FieldError]:
    try:
        warn, cap = Decimal(str(dose["warn"])), Decimal(str(dose["cap"]))
    except (KeyError, InvalidOperation):
        return [FieldError("/dose", "invalid", "warn, cap and unit are expected.")]
    if dose.get("unit") not in ("mg", "mg/kg"):
        return [FieldError("/dose/unit", "invalid", "mg or mg/kg is expected.")]
    if not warn.is_finite() or not cap.is_finite() or not 0 < warn <= cap:
        return [FieldError("/dose/cap", "invalid", "0 < warn <= cap is expected.")]
    return []


RESOURCE = frozenset({"role", "from_min", "to_min", "mode", "any_of", "count"})
HELD_MODES = ("exclusive", "monitor")
ON_SITE = "on_site"  # at work at the location, but not reserved for the session
LARGEST_TEAM = 20


def _resource_errors(values: Mapping[str, Any]) -> list[FieldError]:
    """Rows of the session template: who is needed for which part, of whom (`any_of`), and how many (`count`)."""
    rows: Sequence[Mapping[str, Any]] = values["resources"]
    length_min = values["lengths_min"]["dosing"]
    errors = []
    for index, row in enumerate(rows):
        errors += _row_errors(f"/resources/{index}", row, length_min)
    if not errors and sum(row.get("count", 1) for row in rows if row["mode"] != ON_SITE) > LARGEST_TEAM:
        errors.append(FieldError("/resources", "too_many", f"{LARGEST_TEAM} people at most."))
    return errors


def _row_errors(pointer: str, row: Mapping[str, Any], length_min: Any) -> list[FieldError]:
    role, mode = row.get("role"), row.get("mode")
    if set(row) - RESOURCE or role not in Role.values or mode not in (*HELD_MODES, ON_SITE):
        words = "role, from_min, to_min, mode (exclusive/monitor/on_site), any_of, count."
        return [FieldError(pointer, "invalid", words)]
    errors = []
    if not _fits(row, length_min):
        detail = "The part must lie inside the dosing session."
        errors.append(FieldError(f"{pointer}/to_min", "invalid", detail))
    if mode == ON_SITE and role != Role.PRESCRIBER:
        errors.append(FieldError(f"{pointer}/mode", "invalid", "Only a prescriber is asked to be on site."))
    return errors + _pool_errors(pointer, row)


def _pool_errors(pointer: str, row: Mapping[str, Any]) -> list[FieldError]:
    pool, count = row.get("any_of"), row.get("count", 1)
    if "any_of" in row and not _is_pool(pool):
        words = f"1 to {LARGEST_TEAM} different staff members are expected, by id."
        return [FieldError(f"{pointer}/any_of", "invalid", words)]
    most = len(pool) if pool else LARGEST_TEAM
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= most:
        return [FieldError(f"{pointer}/count", "invalid", f"A number from 1 to {most} is expected.")]
    return []


def _is_pool(value: Any) -> bool:
    if not isinstance(value, list) or not 1 <= len(value) <= LARGEST_TEAM:
        return False
    try:
        return len({UUID(user) for user in value}) == len(value)
    except (ValueError, TypeError, AttributeError):
        return False


def _fits(row: Mapping[str, Any], length_min: Any) -> bool:
    first: Any = row.get("from_min")
    last: Any = row.get("to_min")
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in (first, last, length_min))
    return whole and 0 <= first < last <= length_min
