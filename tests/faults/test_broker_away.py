"""No broker and no beat from the start: what somebody's safety hangs on rings all the same, within one period."""

from __future__ import annotations

from datetime import timedelta

from kapclinic.core import clock
from kapclinic.local.processes import Processes
from kapclinic.local.valkey import Valkey
from sessions.booking.models import Session
from sessions.monitoring.models import Alarm
from tests import cast as people
from tests.faults.crowd import ready_clients, until

PERIOD = 2


def rings(session: Session) -> bool:
    return Alarm.objects.filter(session=session, check_row__isnull=False).exists()


def test_an_overdue_check_rings_within_a_period_while_the_broker_is_away(
    clinic_orm: None, run_processes: Processes, private_valkey: Valkey
) -> None:
    private_valkey.kill()
    run_processes.env |= {"SWEEP_SECONDS": str(PERIOD)}
    run_processes.start("worker")
    cast = people.assemble()
    earlier = clock.now() - timedelta(minutes=30)  # a dose of then has an overdue check by now
    with clock.fixed(earlier):
        first, second = ready_clients(cast, 2)
        people.give(cast, first)
    until(lambda: rings(first), seconds=40, what="the overdue check rang once the worker was up")
    with clock.fixed(earlier):
        people.give(cast, second)
    # A period, the second after which a worker's own clock takes over, and one for a busy machine.
    until(lambda: rings(second), seconds=PERIOD + 2, what="the overdue check rang within a period")
