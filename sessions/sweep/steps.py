"""The periodic work, step by step. Each does from the rows alone what lost messages would have done.

A step is a task of its own: what is slow, or broken, or out of time, keeps no other waiting. The steps that somebody's
safety hangs on stand first and have a queue of their own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.conf import settings

from kapclinic.core import logs, reporting
from kapclinic.core.stack import roomy
from kapclinic.practice import doors
from kapclinic.practice.models import SYSTEM
from kapclinic.practice.services import deliver_notice
from kapclinic.trail import services as trail
from kapclinic.trail import turns
from kapclinic.trail.models import Outbox
from screening import services as screening
from sessions.booking import services as booking
from sessions.course import services as course
from sessions.dosing import services as dosing
from sessions.dosing.rems import services as rems
from sessions.drugs import services as drugs
from sessions.imports import services as imports
from sessions.integration import services as integration
from sessions.integration.services import held_slots
from sessions.monitoring import services as monitoring
from sessions.notes import services as notes
from sessions.reminders import services as reminders
from sessions.reminders.rules import STEP as REMINDERS
from sessions.sweep import worklist
from sessions.visits import services as visits
from sessions.waitlist import services as waitlist

logger = logging.getLogger(__name__)


def send_messages(*, at: datetime) -> int:
    """Send what waits in the outbox; returns how many left."""
    return trail.send_waiting(deliver=partial(_deliver, at=at), at=at)


def _deliver(row: Outbox, *, at: datetime) -> None:
    """Send one message by whoever knows its words."""
    if row.recipient_kind == Outbox.Recipient.CLIENT:
        reminders.deliver_reminder(row, at=at)
    else:
        deliver_notice(row)


def _seal(*, at: datetime) -> int:
    return trail.seal_events()


def _forget(*, at: datetime) -> int:
    old = trail.forget_old_answers(by=SYSTEM, at=at) + trail.forget_ended_logins(by=SYSTEM, at=at)
    return old + drugs.forget_prints(at=at)


@dataclass(frozen=True)
class Step:
    """One part of the periodic work. `safety`: somebody's safety hangs on it, so it waits behind nothing."""

    name: str
    work: Callable[..., int]
    safety: bool = False

    @property
    def limit_seconds(self) -> int:
        """How long one run may take; a safety step that takes longer is broken."""
        return 30 if self.safety else settings.CELERY_TASK_SOFT_TIME_LIMIT

    @property
    def turn_seconds(self) -> int:
        """How long a run keeps others away. Past two periods it may have been killed, and two at once do no harm."""
        periods: int = 2 * settings.SWEEP_SECONDS
        return min(self.limit_seconds, periods)


STEPS: tuple[Step, ...] = (
    Step("obligations", integration.sweep_obligations, safety=True),
    Step("checks", monitoring.sweep_checks, safety=True),
    Step("alarms", monitoring.carry_up_alarms, safety=True),
    Step("alerts", screening.escalate_overdue_alerts, safety=True),
    Step("adverse_events", dosing.sweep_follow_ups),
    Step("rems", rems.sweep_records),
    Step("phases", course.advance_all_cleared),
    Step("clearances", screening.sweep_clearances),
    Step("not_cleared", course.warn_all_not_cleared),
    Step("ended", course.free_all_ended),
    Step("law", course.sweep_law),
    Step("drug_clocks", drugs.sweep_discrepancies),
    Step("drug_counts", drugs.sweep_counts),
    Step("left_open", visits.sweep_left_open),
    Step("unsigned", notes.sweep_unsigned),
    Step("worklist", worklist.sweep_worklist),
    Step("holds", booking.sweep_kept_slots),
    Step("unheld", held_slots.sweep_unheld),
    Step("waitlist", waitlist.sweep_waitlist),
    Step(REMINDERS, reminders.sweep_reminders),
    Step("imports", imports.sweep_imports),
    Step("messages", send_messages),
    Step("undelivered", reminders.sweep_undelivered),
    Step("seals", _seal),
    Step("anchors", trail.keep_anchor),
    Step("old_answers", _forget),
    Step("old_tries", doors.forget_old_tries),
    Step("partitions", trail.make_partitions),
)

_OTHERS: dict[str, Step] = {}


def register(name: str, work: Callable[..., int]) -> None:
    """Let an app above this one have a step of the sweep; at the start of the process, once."""
    _OTHERS[name] = Step(name, work)


def all_steps() -> dict[str, Step]:
    """Name -> step, in the order of a pass."""
    return {step.name: step for step in STEPS} | _OTHERS


def periods() -> dict[str, int]:
    """Step -> its period in seconds, as the trail is told at the start of the process."""
    return dict.fromkeys(all_steps(), settings.SWEEP_SECONDS)


def run_step(name: str, *, at: datetime) -> bool:
    """One step, unless it ran just now or somebody is at it; whether it ran.

    :raises Exception: whatever the step raised; it is tried again a period later
    """
    step = all_steps()[name]
    if not turns.take(name, at=at, seconds=step.turn_seconds, regardless=step.safety):
        return False
    try:
        with logs.about(task=name), reporting.timed(**{"kapclinic.step": name}):
            roomy(step.work, at=at)
    except BaseException:
        turns.failed(name, began=at)
        raise
    turns.ended(name, began=at)
    return True


def sweep(*, at: datetime) -> dict[str, int | str]:
    """Run every step now; one that fails, or runs out of time, is logged by class and does not stop the others.

    :raises Exception: at the end, the last of what the failed steps raised
    """
    turns.expect(at=at)
    done: dict[str, int | str] = {}
    failures: list[Exception] = []
    for safety in (True, False):
        failures += _run_all([step for step in all_steps().values() if step.safety is safety], done, at=at)
    if failures:
        raise failures[-1]
    return done


def _run_all(those: Sequence[Step], done: dict[str, int | str], *, at: datetime) -> list[Exception]:
    """Run them, and write once which came to their end; what the others raised."""
    ran: list[str] = []
    failures: list[Exception] = []
    try:
        for step in those:
            try:
                done[step.name] = roomy(step.work, at=at)
                ran.append(step.name)
            except Exception as exc:
                logger.exception("sweep step %s failed: %s", step.name, type(exc).__name__)
                done[step.name] = "failed"
                failures.append(exc)
    finally:
        turns.ended(*ran, began=at, taken=False)
    return failures
