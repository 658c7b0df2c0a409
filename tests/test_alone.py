"""A statement that is asked by itself: what it answers, in whose scope, and what it leaves on the connection."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg.pq import TransactionStatus

from kapclinic.core import scope
from kapclinic.core.postgresql import alone
from kapclinic.core.statements import like
from tests.asking import as_superuser, sql

SCOPE = "SELECT coalesce(current_setting('kap.scope', true), '')"
KEY = UUID("0190a000-0000-7000-8000-000000000001")
GIVEN: tuple[tuple[str, Any], ...] = (
    ("uuid", KEY),
    ("text", ""),
    ("text", 'O\'Brien \\ "said" {so}, 100 %'),
    ("text", like("50%_")),
    ("timestamptz", datetime(2026, 3, 8, 9, 59, 59, 999999, tzinfo=UTC)),
    ("date", date(2026, 2, 28)),
    ("interval", timedelta(days=-1, seconds=5, microseconds=7)),
    ("integer", 51),
    ("uuid[]", [KEY, uuid4()]),
    ("uuid[]", []),
    ("text[]", ["a,b", 'quote"d', "back\\slash", "{}", ""]),
    ("boolean", True),  # which only a cursor sends
)

pytestmark = pytest.mark.django_db(transaction=True)


def status() -> TransactionStatus:
    assert connection.connection is not None
    return TransactionStatus(connection.connection.pgconn.transaction_status)


def told() -> str:
    """The scope that the server has just now, outside of any transaction of ours."""
    assert connection.connection is not None
    return (connection.connection.pgconn.exec_(SCOPE.encode()).get_value(0, 0) or b"").decode()


def test_it_answers_as_a_cursor_does_whatever_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone, "KEPT", 3)
    connection.close()
    for kind, value in GIVEN:
        asked = f"SELECT n, %s::{kind}, '5%%' FROM generate_series(1, 2) n"
        assert alone.rows(asked, [value]) == sql(asked, value), (kind, value)
    assert alone.rows("SELECT 1 WHERE false", []) == []
    kept = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'kap_alone_%%'"
    assert sql(kept) == [(3,)]  # the last that were asked
    with CaptureQueriesContext(connection) as captured:
        alone.rows("SELECT 1", [])
    assert any(one["sql"] == "SELECT 1" for one in captured)


def test_its_scope_is_that_of_now_and_ends_with_it() -> None:
    sql("SELECT 1")
    for name in ("test", "audit"):
        with scope.named(name):
            assert alone.rows(SCOPE, []) == [(f"all:{name}",)]
        assert (status(), told()) == (TransactionStatus.IDLE, "")
    with scope.nobody():
        assert alone.rows(SCOPE, []) == [("",)]
    with transaction.atomic():  # which has not begun: it is asked before
        assert alone.rows(SCOPE, []) == [("all:test",)]
        assert status() == TransactionStatus.IDLE
        sql("SELECT 1")
        with scope.named("audit"):  # and now it has
            assert alone.rows(SCOPE, []) == [("all:audit",)]
        assert alone.rows(SCOPE, []) == [("all:test",)]
        assert status() == TransactionStatus.INTRANS
    assert told() == ""


def test_what_is_refused_leaves_a_connection_that_works() -> None:
    connection.close()
    for wrong in ("SELECT nothing", "SELECT 1 / (n - 1) FROM generate_series(1, 2) n"):
        with pytest.raises(DatabaseError):
            alone.rows(wrong, [])
        assert (status(), told()) == (TransactionStatus.IDLE, "")
        assert alone.rows(SCOPE, []) == [("all:test",)]
    ((pid,),) = sql("SELECT pg_backend_pid()")
    with as_superuser() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(OperationalError):
        alone.rows(SCOPE, [])
    connection.close_if_unusable_or_obsolete()
    assert alone.rows(SCOPE, []) == [("all:test",)]
