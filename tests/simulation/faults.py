"""Faults to plant: each a change of one place, that the judge has to find. One whose place has moved fails loudly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class Moved(LookupError):
    """The code of a fault is not where it was: write the fault anew."""


@dataclass(frozen=True)
class Fault:
    """`new` in place of `old`, which stands in `path` exactly once."""

    name: str
    path: str
    old: str
    new: str

    def plant(self, root: Path) -> None:
        """:raises Moved: unless `old` stands there exactly once"""
        file = root / self.path
        text = file.read_text() if file.exists() else ""
        if text.count(self.old) != 1:
            raise Moved(f"{self.name}: {self.path} holds it {text.count(self.old)} times")
        file.write_text(text.replace(self.old, self.new))


TABLE = "sessions/dosing/gates/table.py"
FAULTS = (
    Fault("the consent gate is skipped", TABLE, "lambda f: f.consent is not None,", "lambda f: True,"),
    Fault("sobriety is not asked", TABLE, 'lambda f: f.affirmed("not_intoxicated"),', "lambda f: True,"),
    Fault("a debt holds nothing", TABLE, "lambda f: not f.earlier_integration_open,", "lambda f: True,"),
    Fault("a clearance hears nothing later", TABLE, " and not f.suspended_by,", ","),
    Fault(
        "the gap is a day shorter",
        "sessions/dosing/gates/conditions.py",
        "gap >= timedelta(hours=f.min_gap_hours)",
        "gap >= timedelta(hours=f.min_gap_hours - 24)",
    ),
    Fault(
        "who has eaten is fasting",
        "sessions/dosing/gates/conditions.py",
        "f.fasting_since is None or f.moment - f.fasting_since < hours",
        "f.fasting_since is not None and f.moment - f.fasting_since < hours",
    ),
    Fault(
        "the window begins an hour early",
        "programs/rules/__init__.py",
        'dosed_at + timedelta(hours=window["from_hours"]),',
        'dosed_at + timedelta(hours=window["from_hours"] - 1),',
    ),
    Fault(
        "an infusion owes an integration and KAP none",
        "sessions/integration/services/obligations.py",
        "if not program.protocol.owes_integration or",
        "if program.protocol.owes_integration or",
    ),
    Fault(
        "too early is met",
        "sessions/integration/services/obligations.py",
        "if began is None or began < earliest:",
        "if began is None:",
    ),
    Fault(
        "late is not said",
        "sessions/integration/services/obligations.py",
        'move = "meet" if began < obligation.window_end else "meet_late"',
        'move = "meet"',
    ),
    Fault(
        "a red value is silent",
        "sessions/monitoring/services/alarms.py",
        '"red": Alarm.Cause.RED, "emergency": Alarm.Cause.RED, ',
        "",
    ),
    Fault(
        "an overdue check is silent",
        "sessions/monitoring/services/alarms.py",
        "if cause is None or check.alarms.filter(cause=cause).exists():",
        "if cause is not None:",
    ),
    Fault(
        "another day will do",
        "sessions/booking/services/days.py",
        "if not opens <= moment <= closes:",
        "if not moment <= closes:",
    ),
    Fault(
        "home before the stay is over",
        "sessions/dosing/rules/discharge.py",
        "return last_ended_at + timedelta(minutes=protocol.min_stay_min)",
        "return last_ended_at + timedelta(minutes=protocol.min_stay_min - 30)",
    ),
    Fault(
        "the desk reads the weight",
        "sessions/visits/api/session_bodies.py",
        'CLINICAL = ("fasting_since", "weight_kg", *WEIGHT)',
        'CLINICAL = ("fasting_since", *WEIGHT)',
    ),
    Fault(
        "an idempotency key is forgotten",
        "kapclinic/trail/idempotency.py",
        "if 200 <= response.status_code < 300:",
        "if response.status_code == 299:",
    ),
    Fault(
        "a second course begins beside the first",
        "programs/services/__init__.py",
        "    if other is not None:\n        words =",
        "    if other is not None and not other.pk:\n        words =",
    ),
)
