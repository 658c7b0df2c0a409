"""The sweep works while nurses write: neither waits for ever for the other, and one bad row stops no other."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.core.rows import each
from sessions.booking.models import Session
from sessions.monitoring import services as monitoring
from sessions.monitoring.models import Alarm, Check
from sessions.monitoring.services import checks
from tests import cast as people
from tests.cast import MONDAY, Cast, dosed_session
from tests.racing import race
from tests.sessions.monitoring.watching import rung

LATE = MONDAY + timedelta(minutes=21)


@pytest.mark.django_db(transaction=True)
def test_a_nurse_who_writes_while_the_sweep_rings_is_never_thrown_out(cast: Cast) -> None:
    """The nurse holds the session; the sweep wants to mark a check of it at that moment."""
    session = people.ready_dose(cast)
    people.give(cast, session)
    held, swept = threading.Event(), threading.Event()

    def write() -> None:
        with clock.fixed(LATE), transaction.atomic():
            locked = Session.objects.select_for_update(of=("self",)).select_related("program__protocol")
            mine = locked.get(pk=session.pk)
            held.set()
            swept.wait(timeout=1)
            values = people.calm()
            monitoring.record_reading(session=mine, values=values, dosed_at=MONDAY, by=cast.np, at=LATE)

    def sweep() -> None:
        held.wait(timeout=10)
        monitoring.sweep_checks(at=LATE)
        swept.set()

    assert race(write, sweep) == []
    monitoring.sweep_checks(at=LATE + timedelta(minutes=1))
    row = Check.objects.get(minute=15)
    assert (row.state, rung(session)) == ("late", ["check_late"])


def test_one_check_that_can_not_be_marked_stops_no_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    session = dosed_session(cast)
    bad, real = Check.objects.get(minute=15).pk, checks.open_for_checks

    def fails(marked: Sequence[Check], **more: Any) -> None:
        if bad in {check.pk for check in marked}:
            raise OperationalError("deadlock detected")
        real(marked, **more)

    monkeypatch.setattr(checks, "open_for_checks", fails)
    with pytest.raises(OperationalError):  # seen: the sweep does not beat
        monitoring.sweep_checks(at=MONDAY + timedelta(minutes=36))
    assert [row.check_row.minute for row in Alarm.objects.all()] == [30]
    monkeypatch.undo()
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=36))
    assert rung(session) == ["check_late", "check_missed"]


@pytest.mark.django_db
def test_each_row_is_done_whatever_became_of_the_others() -> None:
    done = []

    def work(row: int) -> int | None:
        if row in {2, 4}:
            raise ValueError(str(row))
        done.append(row)
        return row if row > 1 else None

    with pytest.raises(ValueError, match="2"):
        each([1, 2, 3, 4, 5], work)
    assert done == [1, 3, 5]
    assert each([1, 3, 5], work) == 8


def _history() -> set[tuple[Any, ...]]:
    rows = Check.history.values_list(
        "id", "state", "version", "history_type", "history_date", "history_user_id"
    )
    return set(rows) | set(Alarm.history.values_list("session", "cause", "history_type", "history_date"))


def test_many_overdue_checks_cost_what_one_costs_and_ring_as_each_would(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    dosed_session(cast)
    costs = []
    for minutes in (21, 190):  # one is late, then all are
        with CaptureQueriesContext(connection) as asked, transaction.atomic():
            assert monitoring.sweep_checks(at=MONDAY + timedelta(minutes=minutes)) > 0
            together = _history()
            transaction.set_rollback(True)
        costs.append(len(asked))
    assert len(together) > 12
    assert costs[1] <= costs[0] + 4  # late and missed ones are two statements each
    monkeypatch.setattr(checks, "BATCH", 1)
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=190))
    assert _history() == together
