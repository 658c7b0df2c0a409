"""A kept connection is not asked before each request whether it lives, and one that has ended is never used."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.backends.postgresql import base

from kapclinic.local.testrun import TestRun
from tests.asking import sql
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


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
