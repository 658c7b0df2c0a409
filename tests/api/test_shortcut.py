"""A request by token goes past the middleware of browsers: what it is answered is what everybody is answered."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from rest_framework.request import Request

from kapclinic.core import clock, scope
from kapclinic.core.postgresql.straight import Straight
from kapclinic.practice.services import issue_token
from kapclinic.trail.http import ClinicViewSet
from tests.asking import sql
from tests.cast import PASSWORD, Cast

ME = "/api/v1/auth/me/"


def _by_token(cast: Cast) -> Client:
    return Client(
        headers={"Authorization": f"Token {issue_token(user=cast.np, name='bench', at=clock.now())[1]}"}
    )


def test_the_answer_says_what_the_long_way_says(cast: Cast) -> None:
    short, long = _by_token(cast), _by_token(cast)
    long.cookies["theme"] = "dark"  # whoever brings a cookie goes the long way
    for path in (ME, "/api/v1/clients/", "/api/v1/clients/?nonsense=1", "/api/v1/nowhere/", "/api/v1/tasks/"):
        one, other = short.get(path), long.get(path)
        told = {name: value for name, value in one.headers.items() if name != "X-Request-Id"}
        assert told == {name: value for name, value in other.headers.items() if name != "X-Request-Id"}
        assert (one.status_code, one.content) == (other.status_code, other.content)
        assert one["X-Frame-Options"] == "DENY"
    assert short.get("/api/v1/auth/me").status_code == long.get("/api/v1/auth/me").status_code == 301
    assert not short.cookies


def test_a_name_that_is_not_ours_is_refused_as_ever(cast: Cast) -> None:
    assert _by_token(cast).get(ME, headers={"Host": "elsewhere.example"}).status_code == 400


def test_whoever_signs_in_with_a_token_at_hand_has_a_session_all_the_same(cast: Cast) -> None:
    client = _by_token(cast)
    sent = {"email": cast.frontdesk.email, "password": PASSWORD}
    assert client.post("/api/v1/auth/login/", sent, content_type="application/json").status_code == 200
    assert {"sessionid", "csrftoken"} <= set(client.cookies)
    browser = Client()
    browser.cookies = client.cookies
    assert browser.get(ME).json()["email"] == cast.frontdesk.email


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_is_asked_straight_is_one_like_any_other(
    test_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = Straight("pid", "SELECT pg_backend_pid(), %(a)s || '%%', current_setting('kap.scope', true)")
    with scope.nobody():
        first, again = pid.row({"a": "x"}), pid.row({"a": "y"})
        assert first is not None
        assert again is not None
        assert (again[0], again[1]) == (first[0], "y%")
        assert Straight("none", "SELECT 1 WHERE %(a)s = 'b'").row({"a": "a"}) is None
        with test_run.servers.admin() as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [first[0]])
        with pytest.raises(OperationalError):
            pid.row({"a": "x"})
        connection.close_if_unusable_or_obsolete()
        later = pid.row({"a": "x"})
        assert later is not None
        assert later[0] != first[0]
        with test_run.servers.admin() as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [later[0]])
        monkeypatch.setattr(connection, "health_check_enabled", True)
        connection.close_if_unusable_or_obsolete()  # a request begins, and this is the first that it asks
        last = pid.row({"a": "x"})
        assert last is not None
        assert last[0] != later[0]
        with test_run.servers.admin() as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [last[0]])
        with pytest.raises(OperationalError):  # in its midst nothing is asked again
            pid.row({"a": "x"})
        connection.close_if_unusable_or_obsolete()
    with scope.named("health"), transaction.atomic():  # where a scope is to be told, it is
        told = pid.row({"a": "x"})
        assert told is not None
        assert told[2] == "all:health"
    for _ in range(5):  # psycopg prepares it, and at a rollback lets go of all that is prepared
        sql("SELECT 1 WHERE %s = 1", 1)
    with transaction.atomic():
        sql("SELECT 1 WHERE %s = 1", 1)
        transaction.set_rollback(True)
    with scope.nobody():
        sql("SELECT 1")
        assert pid.row({"a": "x"}) is not None
    with connection.execute_wrapper(lambda run, *given: run(*given)):
        assert pid.row({"a": "x"})


def _asked() -> list[Any]:
    """The views and requests that are there."""
    return [one for one in gc.get_objects() if isinstance(one, ClinicViewSet | Request)]


def test_an_answer_leaves_no_circle_of_its_view_behind(cast: Cast) -> None:
    """What waits for the search for circles costs each request, and a day list holds all its rows until then."""
    program = _by_token(cast)
    program.get(ME)
    gc.collect()
    before = set(map(id, _asked()))
    gc.disable()
    try:
        assert program.get(ME).status_code == 200
        assert program.get("/api/v1/rooms/").status_code == 200
        left = [one for one in _asked() if id(one) not in before]
    finally:
        gc.enable()
    assert not left


def test_a_name_that_was_ours_is_refused_once_it_is_not(cast: Cast, settings: Any) -> None:
    program = _by_token(cast)
    assert program.get(ME).status_code == 200
    settings.ALLOWED_HOSTS = ["clinic.example"]
    assert program.get(ME).status_code == 400
