"""One pass of all the periodic work. It does from the rows alone what lost messages would have done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from kapclinic.core.rows import FAILURES, each
from kapclinic.practice.services import deliver_notice
from kapclinic.trail import services as trail
from kapclinic.trail.models import Outbox
from programs.models import Phase, Program
from screening import services as screening
from sessions.booking import services as booking
from sessions.course import services as course
from sessions.dosing import services as dosing
from sessions.dosing.rems import services as rems
from sessions.drugs import services as drugs
from sessions.integration import services as integration
from sessions.integration.services import held_slots
from sessions.monitoring import services as monitoring
from sessions.notes import services as notes
from sessions.reminders import services as reminders
from sessions.sweep import worklist
from sessions.visits import services as visits
from sessions.waitlist import services as waitlist

logger = logging.getLogger(__name__)


def _advance_all(*, at: datetime) -> int:
    waiting = Program.objects.filter(status=Program.Status.ACTIVE, phase=Phase.PREPARATION)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    each(ids, lambda program_id: course.advance_cleared(program_id=program_id, at=at))
    return len(ids)


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


STEPS: tuple[tuple[str, Callable[..., int]], ...] = (
    ("obligations", integration.sweep_obligations),
    ("checks", monitoring.sweep_checks),
    ("alarms", monitoring.carry_up_alarms),
    ("alerts", screening.escalate_overdue_alerts),
    ("adverse_events", dosing.sweep_follow_ups),
    ("rems", rems.sweep_records),
    ("phases", _advance_all),
    ("clearances", screening.sweep_clearances),
    ("not_cleared", course.warn_all_not_cleared),
    ("ended", course.free_all_ended),
    ("law", course.sweep_law),
    ("drug_clocks", drugs.sweep_discrepancies),
    ("drug_counts", drugs.sweep_counts),
    ("left_open", visits.sweep_left_open),
    ("unsigned", notes.sweep_unsigned),
    ("worklist", worklist.sweep_worklist),
    ("holds", booking.sweep_kept_slots),
    ("unheld", held_slots.sweep_unheld),
    ("waitlist", waitlist.sweep_waitlist),
    ("reminders", reminders.sweep_reminders),
    ("messages", send_messages),
    ("undelivered", reminders.sweep_undelivered),
    ("seals", _seal),
    ("old_answers", trail.forget_old_answers),
)


_OTHERS: dict[str, Callable[..., int]] = {}


def register(name: str, step: Callable[..., int]) -> None:
    """Let an app above this one have a step of the sweep; at the start of the process, once."""
    _OTHERS[name] = step


def sweep(*, at: datetime) -> dict[str, int | str]:
    """Run every step; one that fails is logged by class and does not stop the others. The heartbeat says all ran.

    :raises DatabaseError: at the end, when a step failed; the heartbeat is then not set
    """
    done: dict[str, int | str] = {}
    failure: Exception | None = None
    for name, step in (*STEPS, *_OTHERS.items()):
        try:
            done[name] = step(at=at)
        except FAILURES as exc:
            logger.exception("sweep step %s failed: %s", name, type(exc).__name__)
            done[name], failure = "failed", exc
    if failure is not None:
        raise failure
    trail.beat(name="sweep", at=at)
    return done
