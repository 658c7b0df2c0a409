"""A kept connection is not asked before each request whether it lives, and one that has ended is never used."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
from celery.signals import task_postrun, task_prerun
from django.db import DatabaseError, connection, transaction
from django.db.backends.postgresql import base
from psycopg import OperationalError
from psycopg.types.datetime import TimestamptzLoader

from kapclinic.core import scope
from kapclinic.core.postgresql import alone
from kapclinic.core.postgresql.straight import Straight
from kapclinic.local.testrun import TestRun
from kapclinic.trail.models import AuditEvent
from tests.asking import as_superuser, sql
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _not_yet_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is closed for no age: one that is kept for a minute may turn a minute old in any of these."""
    connection.ensure_connection()
    monkeypatch.setattr(connection, "close_at", None)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the server answered each time that it was asked."""
    found: list[bool] = []
    usual = base.DatabaseWrapper.is_usable

    def is_usable(self: Any) -> bool:
        found.append(usual(self))
        return found[-1]

    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", is_usable)
    return found


def _next_request() -> None:
    connection.close_if_unusable_or_obsolete()
    connection.health_check_enabled, connection.health_check_done = True, False


def test_a_quiet_connection_is_used_without_asking(asked: list[bool]) -> None:
    (before,) = sql("SELECT pg_backend_pid()")
    _next_request()
    assert sql("SELECT pg_backend_pid()") == [before]
    assert asked == []


def test_one_that_was_ended_is_replaced_before_anybody_notices(asked: list[bool], test_run: TestRun) -> None:
    ((before,),) = sql("SELECT pg_backend_pid()")
    with test_run.servers.admin() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
    _next_request()
    ((after,),) = sql("SELECT pg_backend_pid()")
    assert after != before
    assert asked == [False]


def test_after_an_error_the_server_is_asked(asked: list[bool]) -> None:
    (before,) = sql("SELECT pg_backend_pid()")
    with pytest.raises(DatabaseError):
        sql("SELECT nothing")
    _next_request()
    assert sql("SELECT pg_backend_pid()") == [before]
    assert asked == [True]


def test_a_request_after_a_restart_is_answered(cast: Cast, test_run: TestRun) -> None:
    desk = cast.desk("frontdesk")
    ((before,),) = sql("SELECT pg_backend_pid()")
    with test_run.servers.admin() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
    _next_request()
    assert desk.get("auth/me/").status_code == 200


@pytest.mark.parametrize("by", ["token", "cookie"])
def test_while_the_database_starts_again_whoever_asks_is_told_to_try_again(
    cast: Cast, test_run: TestRun, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    desk = cast.desk("frontdesk")
    if by == "cookie":
        desk.client.credentials()
        desk.client.force_login(cast.frontdesk)
        desk.client.raise_request_exception = False  # as a server that goes on
    before = AuditEvent.objects.count()
    ((backend,),) = sql("SELECT pg_backend_pid()")
    with test_run.servers.admin() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    _next_request()
    gone = Mock(side_effect=OperationalError("the server is starting up"))
    with monkeypatch.context() as away:
        away.setattr(connection, "get_new_connection", gone)
        answers = [desk.get("auth/me/"), desk.post("sessions/", {}), desk.get(f"clients/{uuid4()}/")]
    told = [(answer.status_code, answer.json()["code"]) for answer in answers]
    assert told == [(503, "unavailable")] * 3
    assert all(set(answer.json()) <= {"type", "title", "status", "detail", "code"} for answer in answers)
    assert AuditEvent.objects.count() == before
    assert desk.get("auth/me/").status_code == 200


def _done_by_a_worker(*, state: str, eager: bool = False) -> None:
    """What is heard in a worker's process around each task."""
    task = Mock(**{"request.is_eager": eager})
    task_prerun.send(sender=task)
    sql("SELECT 1")
    task_postrun.send(sender=task, state=state)


def test_a_worker_keeps_its_connection_from_task_to_task(test_run: TestRun, settings: Any) -> None:
    assert settings.CELERY_DB_REUSE_MAX > 10**6  # else Celery closes it itself
    connection.health_check_enabled = True
    ((first,),) = sql("SELECT pg_backend_pid()")
    for _ in range(2):
        _done_by_a_worker(state="SUCCESS")
    assert sql("SELECT pg_backend_pid()") == [(first,)]
    with test_run.servers.admin() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    _done_by_a_worker(state="SUCCESS")  # it is looked at before the task, which hears nothing of its end
    ((second,),) = sql("SELECT pg_backend_pid()")
    assert second != first


def test_a_task_that_failed_leaves_no_connection_to_the_next() -> None:
    ((first,),) = sql("SELECT pg_backend_pid()")
    _done_by_a_worker(state="FAILURE", eager=True)  # within somebody else's process, whose connection it is
    assert connection.connection is not None
    _done_by_a_worker(state="FAILURE")
    assert connection.connection is None
    assert sql("SELECT pg_backend_pid()") != [(first,)]


def _asked_of(probe: Straight, way: str) -> Any:
    if way == "straight":
        return probe.row({"word": "as it was"})
    asked = "SELECT word FROM kept_probe WHERE word = %s"
    ((word,),) = alone.rows(asked, ["as it was"]) if way == "alone" else sql(asked, "as it was")
    return (word,)


@pytest.mark.parametrize("way", ["straight", "by a cursor", "alone"])
def test_a_column_of_another_type_fails_one_request_and_not_the_next(way: str) -> None:
    probe = Straight("kept_probe", "SELECT word FROM kept_probe WHERE word = %(word)s")
    with as_superuser() as migrating:
        migrating.execute("CREATE TABLE kept_probe AS SELECT 'as it was'::varchar(10) AS word")
        migrating.execute("GRANT SELECT ON kept_probe TO PUBLIC")
        try:
            with scope.named("test") if way == "alone" else scope.nobody():
                for _ in range(connection.connection.prepare_threshold + 2):
                    assert _asked_of(probe, way) == ("as it was",)
                migrating.execute("ALTER TABLE kept_probe ALTER word TYPE varchar(20)")
                with pytest.raises(DatabaseError, match="cached plan"):
                    _asked_of(probe, way)
                _next_request()
                assert _asked_of(probe, way) == ("as it was",)
        finally:
            migrating.execute("DROP TABLE kept_probe")


# --- moments ----------------------------------------------------------------------------------------------------------

MOMENTS = (
    "0001-01-01 00:00:00+00",
    "1883-11-18 12:03:58+00",
    "2026-03-08 09:59:59.999999+00",
    "2026-11-01 08:30:00.03+00",
    "9999-12-31 23:59:59.5+00",
)


@pytest.mark.parametrize("zone", ["UTC", "America/Denver", "Asia/Kathmandu"])
def test_a_moment_is_read_as_psycopg_reads_it(zone: str) -> None:
    for text in MOMENTS[1:-1]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('TimeZone', %s, false), %s::timestamptz", [zone, text])
            found = cursor.fetchone()[1]
            cursor.execute("RESET TimeZone")
        expected = TimestamptzLoader(0).load(text.encode())
        assert (found, found.tzinfo) == (expected, UTC)
    for text in MOMENTS:
        assert sql("SELECT %s::timestamptz", text) == [(TimestamptzLoader(0).load(text.encode()),)]
    for text in ("10000-01-01 00:00:00+00", "0044-03-15 12:00:00+00 BC", "infinity"):
        with pytest.raises(DatabaseError):
            sql("SELECT %s::timestamptz", text)


def _prepared() -> int:
    ((count,),) = sql("SELECT count(*) FROM pg_prepared_statements")
    return int(count)


def test_what_the_server_prepared_outlives_a_refusal_and_what_was_made_within_it() -> None:
    asked_for = "SELECT 7 + %s"
    for number in range(connection.connection.prepare_threshold + 1):
        assert sql(asked_for, number) == [(7 + number,)]
    before = _prepared()
    assert before > 0
    with suppress(KeyError), transaction.atomic():
        sql("SAVEPOINT a")
        sql("ROLLBACK TO SAVEPOINT a")
        assert _prepared() == before
        raise KeyError
    assert _prepared() == before
    assert sql(asked_for, 1) == [(8,)]
