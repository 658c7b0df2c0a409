"""A row that somebody holds without end keeps nobody else waiting: not the sweep's other rows, not another request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic

import psycopg
import pytest
from django.db import connection

from kapclinic.core import clock
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.monitoring import services as monitoring
from sessions.monitoring.models import Alarm
from tests import cast as people
from tests.cast import MONDAY, Cast

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def held(table: str, key: object) -> Iterator[None]:
    """Somebody else's transaction is open on that row, and does nothing more."""
    settings = connection.get_connection_params()
    where = {
        name: settings[name] for name in ("dbname", "user", "password", "host", "port") if name in settings
    }
    with psycopg.connect(**where, options="-c kap.scope=all:test") as other:
        other.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE", [key])
        yield
        other.rollback()


def two_dosed(cast: Cast) -> tuple[Obligation, Obligation]:
    protocol = people.approved_protocol(cast, min_preparations=0)
    for index in range(2):
        who = people.client(cast.north, by=cast.frontdesk, first=f"Kim{index}")
        program = people.cleared_program(cast, protocol=protocol, who=who)
        starts_at = MONDAY + timedelta(minutes=30 * index)
        session = people.ready_dose(
            cast, program, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=25)
        )
        people.give(cast, session, at=starts_at)
    first, second = Obligation.objects.order_by("dosed_at")
    return first, second


def test_an_obligation_behind_a_held_program_keeps_no_other_waiting(cast: Cast) -> None:
    stuck, free = two_dosed(cast)
    at = MONDAY + timedelta(hours=2)
    with held("programs_program", stuck.program_id):
        began = monotonic()
        integration.sweep_obligations(at=at)
        assert monotonic() - began < 5
        stuck.refresh_from_db()
        free.refresh_from_db()
        assert (stuck.state, free.state) == ("due", "booked")
    integration.sweep_obligations(at=at)
    stuck.refresh_from_db()
    assert stuck.state == "booked"


def test_an_overdue_check_rings_while_another_session_is_held(cast: Cast) -> None:
    stuck, free = two_dosed(cast)
    at = MONDAY + timedelta(minutes=30 + 21)
    with held("clinic_sessions_session", stuck.dosing_session_id):
        monitoring.sweep_checks(at=at)
        assert set(Alarm.objects.values_list("session", flat=True)) == {free.dosing_session_id}
    monitoring.sweep_checks(at=at)
    assert set(Alarm.objects.values_list("session", flat=True)) == {
        stuck.dosing_session_id,
        free.dosing_session_id,
    }


def test_a_request_that_waits_too_long_is_told_when_to_come_again(cast: Cast) -> None:
    session = people.ready_dose(cast)
    body = people.calm() | {"measured_at": MONDAY.isoformat()}
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    with held("clinic_sessions_session", session.pk), clock.fixed(MONDAY):
        answer = cast.desk("np").post(f"sessions/{session.pk}/readings/", body)
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["Retry-After"] == "1"
    assert session.readings.count() == 1  # the one before it
