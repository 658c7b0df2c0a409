"""Several statements in one message: what was asked ahead, a COMMIT with the last rows, and whatever is refused."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from kapclinic.core import scope
from kapclinic.core.postgresql.scoped import ahead, ending
from kapclinic.core.writing import whole
from kapclinic.local.testrun import TestRun
from kapclinic.trail import services as trail
from kapclinic.trail.models import AuditEvent, IdempotencyRecord
from sessions.monitoring.models import Check, Reading
from tests import cast as people
from tests.asking import as_superuser, refused, sql
from tests.cast import MONDAY, Cast
from tests.wire import trips

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 1.0  # seconds: whoever waits for a lock here waits for three


def _event(action: str) -> AuditEvent:
    return trail.log_act(by=uuid4(), roles=["x"], action=action, object_type="thing", at=MONDAY)


def _written(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


def _is_idle() -> bool:
    return connection.connection.info.transaction_status.name == "IDLE"


# --- one way there and back ------------------------------------------------------------------------------------------


def test_a_statement_alone_goes_with_its_transaction() -> None:
    with trips() as found:
        assert sql("SELECT %s, current_setting('kap.scope')", 7) == [(7, scope.current())]
    assert len(found) == 1
    assert _is_idle()


def test_the_last_rows_go_with_their_commit() -> None:
    told: list[str] = []
    with trips() as found, whole():
        transaction.on_commit(lambda: told.append("after"))
        _event("a")
        _event("b")
        assert told == []
    assert (len(found), told, _is_idle()) == (1, ["after"], True)
    assert _written("a") == _written("b") == 1


def test_a_new_scope_goes_with_the_next_statement() -> None:
    asks = "SELECT current_setting('kap.scope'), %s"
    with transaction.atomic(), trips() as found:
        assert sql(asks, 1)[0][0] == "all:test"
        with scope.crossing():
            assert sql(asks, 2)[0][0] == "all:crossing"
        assert sql(asks, 3)[0][0] == "all:test"
    assert len(found) == 3


def test_several_statements_without_a_parameter_still_go_as_they_are() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1; SELECT 2")
        assert cursor.fetchall() == [(1,)]


# --- refused -----------------------------------------------------------------------------------------------------------


def test_nothing_is_committed_behind_a_statement_that_is_refused(cast: Cast) -> None:
    told: list[str] = []
    twice = _event("twice")

    def again() -> None:
        with whole():
            transaction.on_commit(lambda: told.append("never"))
            _event("lost")
            copied = AuditEvent(
                **{field.name: getattr(twice, field.name) for field in AuditEvent._meta.fields}
            )
            copied.save(force_insert=True)

    with pytest.raises(IntegrityError):
        again()
    assert (told, _written("lost"), _is_idle()) == ([], 0, True)
    _event("next")
    assert _written("next") == 1


def test_what_speaks_up_at_commit_is_told_and_nothing_stands(cast: Cast) -> None:
    """A foreign key is looked at there, behind a statement that went well."""
    told: list[str] = []
    program = people.opened_program(cast)
    before = program.therapist_id

    def lost() -> None:
        with whole():
            transaction.on_commit(lambda: told.append("never"))
            program.therapist_id = uuid4()
            program.save_by(cast.np, at=MONDAY)
            _event("lost")

    with pytest.raises(IntegrityError, match="foreign key"):
        lost()
    assert (told, _written("lost"), _is_idle()) == ([], 0, True)
    program.refresh_from_db()
    assert program.therapist_id == before


def test_a_row_that_is_gone_undoes_all_that_leaves_with_it(cast: Cast) -> None:
    session = people.dosed_session(cast)
    check = Check.objects.filter(session=session).first()
    assert check is not None

    def change() -> None:
        with whole():
            _event("lost")
            check.id = uuid4()
            check.save_by(cast.np, at=MONDAY)

    with pytest.raises(DatabaseError, match="not there"):
        change()
    assert (_written("lost"), _is_idle()) == (0, True)


def test_within_another_transaction_nothing_is_committed() -> None:
    with suppress(KeyError), transaction.atomic():
        with whole():
            _event("lost")
        with ending():
            pass
        raise KeyError
    assert _written("lost") == 0


@pytest.mark.parametrize("kill", [True, False])
def test_a_connection_that_ends_in_the_midst_of_a_message_is_replaced(test_run: TestRun, kill: bool) -> None:
    """By the server, or by a time-out of its own."""
    ((pid,),) = sql("SELECT pg_backend_pid()")

    def lost() -> None:
        with whole():
            if kill:
                with test_run.servers.admin() as admin:
                    admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            else:
                sql("SELECT set_config('statement_timeout', %s, true)", "50")
                ahead([("SELECT %s", ["never"])])
                sql("SELECT pg_sleep(%s)", 5)
            _event("lost")

    with pytest.raises(OperationalError):
        lost()
    connection.close_if_unusable_or_obsolete()
    assert _written("lost") == 0
    assert (sql("SELECT pg_backend_pid()") == [(pid,)]) is not kill


def test_a_question_goes_with_the_rows_that_it_waits_for_and_a_change_is_made_once() -> None:
    with whole():
        sql("SELECT %s", 0)
        with trips() as found:
            _event("a")
            assert _written("a") == 1  # by the ORM
            assert sql("SELECT count(*) FROM trail_auditevent WHERE action = %s", "a") == [(1,)]
        assert len(found) == 2
        _event("b")
        kept = {"user_id": uuid4(), "method": "POST", "path": "/", "key": "once", "status": 201}
        IdempotencyRecord.objects.create(**kept, created_at=MONDAY)
    assert IdempotencyRecord.objects.filter(key="once").count() == 1


# --- ahead -------------------------------------------------------------------------------------------------------------

ONE, TWO = ("SELECT %s + 1", [1]), ("SELECT %s + 2", [2])


def _ask(asked: tuple[str, list[Any]]) -> Any:
    return sql(asked[0], *asked[1])[0][0]


def test_what_was_asked_ahead_is_answered_at_once() -> None:
    for _ in range(5):  # prepared by then
        with transaction.atomic(), trips() as found:
            ahead([ONE, TWO])
            assert sql("SELECT %s", 0) == [(0,)]
            assert (_ask(ONE), _ask(TWO)) == (2, 4)
            assert _ask(ONE) == 2  # anew
        assert len(found) == 2


def test_what_is_asked_in_another_order_or_scope_is_asked_anew(cast: Cast) -> None:
    with transaction.atomic():
        ahead([ONE, TWO, ("SELECT count(*) FROM trail_auditevent WHERE action = %s", ["new"])])
        sql("SELECT %s", 0)
        assert (_ask(TWO), _ask(ONE)) == (4, 2)
        _event("new")
        assert sql("SELECT count(*) FROM trail_auditevent WHERE action = %s", "new") == [(1,)]
    asks = ("SELECT current_setting('kap.scope') || %s", [""])
    with transaction.atomic():
        ahead([asks])
        sql("SELECT %s", 0)
        with scope.crossing():
            assert _ask(asks) == "all:crossing"
    with suppress(KeyError), transaction.atomic():
        ahead([asks])
        raise KeyError
    with trips() as found:
        sql("SELECT %s", 0)
    assert len(found) == 1
    assert not any("kap.scope') ||" in statement for statement in found[0])


def test_a_refusal_of_what_was_asked_ahead_is_told_when_it_is_asked_for() -> None:
    broken = ("SELECT 1 / %s::int", [0])

    @transaction.atomic
    def ask(what: tuple[str, list[Any]]) -> None:
        ahead([broken, ONE])
        assert sql("SELECT %s", 0) == [(0,)]
        _ask(what)

    for what in (broken, TWO):  # or whatever else is asked for
        with pytest.raises(DatabaseError, match="division by zero"):
            ask(what)
    with transaction.atomic():
        with pytest.raises(DatabaseError, match="division by zero"):
            ask(broken)
        assert _ask(ONE) == 2


# --- a reading, whose key is taken behind the look at its session ----------------------------------------------------------


def _key_lock(user: Any, path: str, key: str) -> int:
    digest = hashlib.sha256("\x1f".join([str(user.pk), "POST", path, key]).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def test_a_copy_of_a_running_request_and_who_sees_no_session_wait_for_no_row(cast: Cast) -> None:
    """The rows are locked by whoever works on the first."""
    session = people.dosed_session(cast)
    path = f"sessions/{session.pk}/readings/"
    body = people.calm() | {"measured_at": MONDAY.isoformat()}
    with as_superuser() as first, first.transaction():
        first.execute("SELECT pg_advisory_xact_lock(%s)", [_key_lock(cast.np, f"/api/v1/{path}", "same")])
        first.execute("SELECT FROM clinic_sessions_session WHERE id = %s FOR UPDATE", [session.pk])
        first.execute("SELECT FROM clinic_sessions_check WHERE session_id = %s FOR UPDATE", [session.pk])
        cast.desk("np").get("auth/me/")
        began = time.monotonic()
        told = cast.desk("np").post(path, body, key="same")
        assert time.monotonic() - began < AT_ONCE
        refused(told, 409, "request_in_progress")
        cast.np.locations = [cast.south.pk]
        cast.np.save_by(cast.np, at=MONDAY)
        began = time.monotonic()
        refused(cast.desk("np").post(path, body, key="other"), 404, "not_found")
        assert time.monotonic() - began < AT_ONCE
    assert not Reading.objects.filter(session=session, measured_at=MONDAY, recorded_at__gt=MONDAY).exists()
