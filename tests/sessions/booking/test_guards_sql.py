"""What the database itself refuses, as the app's own role, whatever the code says (R1, R6, R15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from kapclinic.core import clock
from kapclinic.core.ids import uuid7
from sessions.booking.models import Allocation, Session
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY, body

HOUR = timedelta(hours=1)
INSERT = """INSERT INTO clinic_sessions_allocation
    (id, created_at, created_by, session_id, kind, resource, role, lanes, starts_at, ends_at, released_at)
    VALUES (%s, %s, %s, %s, %s, %s, '', %s::int4range, %s, %s, %s)"""


@pytest.fixture
def session(cast: Cast) -> Session:
    """Tuesday 09:00–10:00 in Aspen with the therapist."""
    made = cast.desk("frontdesk").must("sessions/", body(cast, people.opened_program(cast)))
    found: Session = Session.objects.get(pk=made["id"])
    return found


def _run(statement: str, *values: Any) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def _hold(
    session: Session,
    resource: UUID,
    start: datetime,
    end: datetime,
    lanes: str = "[0,100)",
    kind: str = "room",
    released: datetime | None = None,
) -> int:
    at, who = MONDAY, uuid7()
    return _run(INSERT, uuid7(), at, who, session.pk, kind, resource, lanes, start, end, released)


def _refused(work: Callable[[], Any], sqlstate: str) -> None:
    before = desk.book_of_sessions()
    with pytest.raises(DatabaseError) as refusal:
        work()
    cause = refusal.value.__cause__
    assert isinstance(cause, psycopg.Error)
    assert cause.sqlstate == sqlstate
    assert desk.book_of_sessions() == before


def test_these_tests_run_as_the_role_that_owns_nothing(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (settings.RUNTIME_ROLE, False)
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert cursor.fetchone() == (0,)


# --- one resource, one lane, one time --------------------------------------------------------------------

EXCLUSION, CHECK, FROZEN, NO_RIGHT = "23P01", "23514", "KA002", "42501"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(0, 60, id="the same hour"),
        pytest.param(-30, 1, id="a minute into it"),
        pytest.param(59, 120, id="from its last minute"),
        pytest.param(20, 30, id="inside it"),
        pytest.param(-60, 120, id="all around it"),
    ],
)
def test_a_second_hold_on_a_taken_room_is_refused(cast: Cast, session: Session, start: int, end: int) -> None:
    times = (TUESDAY + timedelta(minutes=start), TUESDAY + timedelta(minutes=end))
    _refused(lambda: _hold(session, cast.aspen.pk, *times), EXCLUSION)


@pytest.mark.parametrize("kind", ["room", "staff", "client"])
def test_the_guard_knows_no_kinds(cast: Cast, session: Session, kind: str) -> None:
    held = Allocation.objects.get(session=session, kind=kind)
    _refused(lambda: _hold(session, held.resource, held.starts_at, held.ends_at, kind=kind), EXCLUSION)


def test_one_place_of_a_nurse_can_be_held_once(cast: Cast, session: Session) -> None:
    place = (cast.np.pk, TUESDAY, TUESDAY + HOUR)
    _hold(session, *place, lanes="[0,1)", kind="staff")
    _hold(session, *place, lanes="[1,2)", kind="staff")
    _refused(lambda: _hold(session, *place, lanes="[1,2)", kind="staff"), EXCLUSION)
    _refused(lambda: _hold(session, *place, lanes="[0,100)", kind="staff"), EXCLUSION)


def test_back_to_back_another_resource_and_a_released_hold_are_accepted(cast: Cast, session: Session) -> None:
    assert _hold(session, cast.aspen.pk, TUESDAY + HOUR, TUESDAY + 2 * HOUR) == 1
    assert _hold(session, cast.aspen.pk, TUESDAY - HOUR, TUESDAY) == 1
    assert _hold(session, cast.birch.pk, TUESDAY, TUESDAY + HOUR) == 1
    assert _hold(session, cast.aspen.pk, TUESDAY, TUESDAY + HOUR, released=MONDAY) == 1


@pytest.mark.parametrize(
    ("lanes", "kind", "length"),
    [
        pytest.param("[0,100)", "room", -60, id="ends before it starts"),
        pytest.param("empty", "room", 60, id="no lane at all"),
        pytest.param("[100,101)", "client", 60, id="a client beside themselves"),
    ],
)
def test_a_hold_that_cannot_be_is_refused(
    cast: Cast, session: Session, lanes: str, kind: str, length: int
) -> None:
    end = TUESDAY + timedelta(minutes=length)
    _refused(lambda: _hold(session, cast.birch.pk, TUESDAY, end, lanes=lanes, kind=kind), CHECK)


# --- a hold is only ever released ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "starts_at = starts_at + interval '1 hour', ends_at = ends_at + interval '1 hour'",
        "resource = '01900000-0000-7000-8000-000000000001'",
        "lanes = '[100,101)'",
        "kind = 'staff'",
        "created_by = '01900000-0000-7000-8000-000000000001'",
        "released_at = now(), lanes = '[5,6)'",
    ],
)
def test_a_hold_is_not_changed(session: Session, change: str) -> None:
    sql = f"UPDATE clinic_sessions_allocation SET {change} WHERE session_id = %s AND kind = 'room'"
    _refused(lambda: _run(sql, session.pk), FROZEN)


def test_a_hold_is_released(session: Session) -> None:
    sql = "UPDATE clinic_sessions_allocation SET released_at = %s WHERE session_id = %s"
    assert _run(sql, MONDAY, session.pk) == 3
    assert desk.live(session) == set()


@pytest.mark.parametrize(
    "table", ["allocation", "session", "stage", "historicalsession", "obligation", "historicalobligation"]
)
def test_nothing_in_the_book_is_deleted(session: Session, table: str) -> None:
    _refused(lambda: _run(f"DELETE FROM clinic_sessions_{table}"), NO_RIGHT)
    _refused(lambda: _run(f"TRUNCATE clinic_sessions_{table} CASCADE"), NO_RIGHT)


@pytest.mark.parametrize("table", ["stage", "historicalsession"])
def test_what_was_told_is_not_rewritten(cast: Cast, session: Session, table: str) -> None:
    with clock.fixed(TUESDAY):
        cast.desk("frontdesk").must(f"sessions/{session.pk}/check-in/")
        cast.desk("frontdesk").must(f"sessions/{session.pk}/stage/", {"stage": "roomed"})
    _refused(lambda: _run(f"UPDATE clinic_sessions_{table} SET id = id"), NO_RIGHT)


@pytest.mark.parametrize(
    "change",
    ["status = 'perhaps'", "kind = 'massage'", "ends_at = starts_at", "outcome = 'dosed'", "status = 'held'"],
)
def test_a_session_that_cannot_be_is_refused(session: Session, change: str) -> None:
    _refused(lambda: _run(f"UPDATE clinic_sessions_session SET {change} WHERE id = %s", session.pk), CHECK)


def test_two_sessions_may_swap_in_one_transaction(cast: Cast, session: Session) -> None:
    """The exclusion is checked at the end when a transaction asks for it; then both rooms change hands."""
    _hold(session, cast.birch.pk, TUESDAY, TUESDAY + HOUR)
    before = list(Allocation.objects.filter(kind="room").values_list("pk", flat=True))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS allocation_no_clash DEFERRED")
        _hold(session, cast.aspen.pk, TUESDAY, TUESDAY + HOUR)
        _hold(session, cast.birch.pk, TUESDAY, TUESDAY + HOUR)
        Allocation.objects.filter(pk__in=before).update(released_at=MONDAY)
        cursor.execute("SET CONSTRAINTS allocation_no_clash IMMEDIATE")
    assert desk.overlaps() == 0
