"""Bodies of the worklists whose rows are about sessions of any room: what to do, and whom it is about."""

from __future__ import annotations

from typing import Any

from kapclinic.practice.worklist import to_do
from kapclinic.trail.api.task_bodies import TaskOut
from kapclinic.trail.models import Task
from screening.api.safety_alert_bodies import SafetyAlertOut
from screening.models import SafetyAlert
from sessions.booking.http import NOTHING, AboutOut

OF_ALERT = "Speak to the client about their safety, then acknowledge with what was done."
OF_HOLD = "Release the alert with a rationale once it is safe: until then no dose is given."


def of_task(kind: str, state: str) -> str:
    """What to do about a row of the worklist, in plain words."""
    return NOTHING if state == Task.State.DONE else to_do(kind)


class ListedTaskOut(AboutOut, TaskOut):
    def get_label(self, row: Any) -> str:
        return of_task(row.kind, row.state)


class ListedSafetyAlertOut(AboutOut, SafetyAlertOut):
    """`session` is the one of the day on which the alert was raised; `assigned_to` is the named clinician."""

    def get_label(self, row: Any) -> str:
        if row.status == SafetyAlert.Status.OPEN:
            return OF_ALERT
        return OF_HOLD if self.get_holds_doses(row) else NOTHING
