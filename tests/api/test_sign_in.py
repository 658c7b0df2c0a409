"""Signing in by cookie or token, and how both end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session as BrowserSession
from django.db import connection
from rest_framework.test import APIClient

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.entry_models import AuthToken
from kapclinic.practice.models import SYSTEM
from kapclinic.trail.models import AuditEvent
from tests.cast import MONDAY, PASSWORD, Cast

EMAIL = "frontdesk@example.test"
LOGIN, ME, WORK = "/api/v1/auth/login/", "/api/v1/auth/me/", "/api/v1/rooms/"


def _browser() -> APIClient:
    """A browser: keeps cookies, and is asked for its CSRF token."""
    return APIClient(enforce_csrf_checks=True)


def _log_in(client: APIClient, email: str = EMAIL, password: str = PASSWORD, **headers: Any) -> Any:
    return client.post(LOGIN, {"email": email, "password": password}, format="json", **headers)


@pytest.fixture
def browser(cast: Cast) -> APIClient:
    """The front desk's browser, signed in."""
    client = _browser()
    assert _log_in(client).status_code == 200
    return client


def _csrf(client: APIClient) -> dict[str, str]:
    return {"HTTP_X_CSRFTOKEN": client.cookies["csrftoken"].value}


# --- the cookie ------------------------------------------------------------------------------------------


def test_signing_in_says_who_one_is_and_sets_the_cookie(cast: Cast) -> None:
    client = _browser()
    answer = _log_in(client)
    expected = {
        "id": str(cast.frontdesk.pk),
        "email": EMAIL,
        "name": "Frontdesk",
        "roles": ["front_desk"],
        "locations": [str(cast.north.pk)],
        "password_change_required": False,
        "second_factor_enrolled": False,
        "second_factor_enrolment_required": False,
        "idle_seconds": 900,
        "expires_at": "2026-05-04T15:15:00Z",
    }
    assert (answer.status_code, answer.json()) == (200, expected)
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert client.get(ME).json() == expected


@pytest.mark.parametrize("email", ["FRONTDESK@example.test", "  frontdesk@example.test "])
def test_the_case_of_an_email_does_not_matter(cast: Cast, email: str) -> None:
    assert _log_in(_browser(), email=email).status_code == 200


def test_signed_out_one_is_told_so_and_gets_the_csrf_cookie(cast: Cast) -> None:
    client = _browser()
    answer = client.get(ME)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert client.cookies["csrftoken"].value


def test_a_browser_that_is_signed_in_sends_its_csrf_token(cast: Cast, browser: APIClient) -> None:
    wanted = {"name": "laptop"}
    refused = browser.post("/api/v1/auth/tokens/", wanted, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    wrong = browser.post("/api/v1/auth/tokens/", wanted, format="json", HTTP_X_CSRFTOKEN="x" * 32)
    assert wrong.status_code == 403
    assert AuthToken.objects.filter(name="laptop").count() == 0
    assert browser.post("/api/v1/auth/tokens/", wanted, format="json", **_csrf(browser)).status_code == 201


def test_a_token_needs_no_csrf_token(cast: Cast) -> None:
    secret = practice.issue_token(user=cast.frontdesk, name="program", at=clock.now())[1]
    client = _browser()
    client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    assert client.post("/api/v1/auth/password/", {}, format="json").status_code == 400


def test_a_page_of_another_site_cannot_sign_anybody_in(cast: Cast) -> None:
    answer = _log_in(_browser(), HTTP_ORIGIN="https://evil.example")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert _log_in(_browser(), HTTP_ORIGIN="http://testserver").status_code == 200


def test_signing_in_changes_the_session_key(cast: Cast) -> None:
    """A key that somebody else planted is worth nothing."""
    client = _browser()
    _log_in(client)
    first = client.cookies["sessionid"].value
    assert _log_in(client, email="np@example.test", **_csrf(client)).status_code == 200
    assert client.cookies["sessionid"].value != first
    assert not BrowserSession.objects.filter(session_key=first).exists()
    assert client.get(ME).json()["roles"] == ["nurse_practitioner"]


def test_signing_out_ends_the_session_for_good(cast: Cast, browser: APIClient) -> None:
    key = browser.cookies["sessionid"].value
    answer = browser.post("/api/v1/auth/logout/", **_csrf(browser))
    assert (answer.status_code, answer.headers["Clear-Site-Data"]) == (204, '"cache"')
    assert browser.get(ME).status_code == 401
    thief = _browser()
    thief.cookies["sessionid"] = key
    assert thief.get(ME).status_code == 401
    assert AuditEvent.objects.filter(action="auth.logout", created_by=cast.frontdesk.pk).count() >= 1


def test_signing_out_twice_is_no_error(cast: Cast) -> None:
    assert _browser().post("/api/v1/auth/logout/").status_code == 204


# --- wrong passwords -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "password"),
    [
        pytest.param(EMAIL, "wrong", id="a wrong password"),
        pytest.param(EMAIL, PASSWORD + " ", id="a space behind it"),
        pytest.param(EMAIL, PASSWORD.upper(), id="in capitals"),
        pytest.param("nobody@example.test", PASSWORD, id="an e-mail that nobody has"),
        pytest.param("' OR 1=1 --", PASSWORD, id="an injection"),
    ],
)
def test_a_wrong_login_says_nothing_of_what_is_wrong(cast: Cast, email: str, password: str) -> None:
    client = _browser()
    answer = _log_in(client, email=email, password=password)
    assert answer.status_code == 401
    assert answer.json() == {
        "type": "urn:kapclinic:problem:wrong_credentials",
        "title": "E-mail or password is wrong",
        "status": 401,
        "detail": "E-mail or password is wrong",
        "code": "wrong_credentials",
    }
    assert client.get(ME).status_code == 401


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.test"])
def test_too_many_wrong_passwords_close_the_door_for_a_while(cast: Cast, settings: Any, email: str) -> None:
    settings.LOGIN_ATTEMPTS, settings.LOGIN_LOCK_SECONDS = 3, 600
    for _ in range(3):
        assert _log_in(_browser(), email=email, password="wrong").status_code == 401
    for password in ("wrong", PASSWORD):
        answer = _log_in(_browser(), email=email.upper(), password=password)
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
        assert (answer.json()["retry_after"], answer.headers["Retry-After"]) == (600, "600")
    with clock.fixed(MONDAY + timedelta(seconds=598, milliseconds=500)):
        assert _log_in(_browser(), email=email).json()["retry_after"] == 2
    with clock.fixed(MONDAY + timedelta(seconds=601)):
        assert _log_in(_browser(), email=email).status_code == (200 if email == EMAIL else 401)


def test_a_right_password_clears_the_count(cast: Cast, settings: Any) -> None:
    settings.LOGIN_ATTEMPTS = 3
    for password in ("wrong", "wrong", PASSWORD, "wrong", "wrong"):
        _log_in(_browser(), password=password)
    assert _log_in(_browser()).status_code == 200


def test_one_door_that_is_closed_leaves_the_others_open(cast: Cast, settings: Any) -> None:
    settings.LOGIN_ATTEMPTS = 1
    _log_in(_browser(), password="wrong")
    assert _log_in(_browser()).status_code == 429
    assert _log_in(_browser(), email="np@example.test").status_code == 200


def test_no_email_is_kept_with_the_count(cast: Cast) -> None:
    _log_in(_browser(), email="nobody@example.test", password="wrong")
    with connection.cursor() as cursor:
        cursor.execute("SELECT l::text FROM practice_loginfailures l")
        (row,) = cursor.fetchall()
    assert "nobody" not in row[0]


# --- how it ends -----------------------------------------------------------------------------------------


def _at(moment: datetime, ask: Callable[[], Any]) -> int:
    with clock.fixed(moment):
        return int(ask().status_code)


def test_an_idle_browser_is_signed_out(cast: Cast, browser: APIClient, settings: Any) -> None:
    idle = settings.SESSION_IDLE_SECONDS
    moment = MONDAY
    for _ in range(4):  # still there as long as somebody works
        moment += timedelta(seconds=idle - 1)
        assert _at(moment, lambda: browser.get(WORK)) == 200
    assert _at(moment + timedelta(seconds=idle + 1), lambda: browser.get(ME)) == 401
    assert _at(moment + timedelta(seconds=idle + 2), lambda: browser.get(ME)) == 401


def test_even_a_busy_browser_is_signed_out_in_the_end(cast: Cast, browser: APIClient, settings: Any) -> None:
    settings.SESSION_ABSOLUTE_SECONDS = 3600
    for minutes in range(10, 61, 10):
        assert _at(MONDAY + timedelta(minutes=minutes), lambda: browser.get(WORK)) == 200
    assert _at(MONDAY + timedelta(minutes=60, seconds=1), lambda: browser.get(ME)) == 401


def test_reading_does_not_write_the_session_each_time(cast: Cast, browser: APIClient) -> None:
    with clock.fixed(MONDAY + timedelta(seconds=30)):
        before = BrowserSession.objects.get().session_data
        browser.get(WORK)
        assert BrowserSession.objects.get().session_data == before


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(
    cast: Cast, browser: APIClient, settings: Any
) -> None:
    idle = timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    poll = {"HTTP_X_KAP_POLL": "1"}
    for moment in (MONDAY + idle / 2, MONDAY + idle):
        assert _at(moment, lambda: browser.get(WORK, **poll)) == 200
        assert _at(moment, lambda: browser.get(ME)) == 200
    for asked in ({}, poll):
        assert (
            _at(MONDAY + idle + timedelta(seconds=1), lambda asked=asked: browser.get(WORK, **asked)) == 401
        )


@pytest.mark.parametrize(
    ("header", "counts"), [({}, True), ({"HTTP_X_KAP_POLL": "0"}, True), ({"HTTP_X_KAP_POLL": "1"}, False)]
)
def test_auth_me_tells_when_the_browser_is_signed_out(
    cast: Cast, browser: APIClient, header: dict[str, str], counts: bool
) -> None:
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        assert browser.get(ME).json()["expires_at"] == "2026-05-04T15:15:00Z"
        assert browser.get(WORK, **header).status_code == 200
        told = browser.get(ME).json()
    assert told["idle_seconds"] == 900
    assert told["expires_at"] == ("2026-05-04T15:20:00Z" if counts else "2026-05-04T15:15:00Z")


def test_auth_me_tells_of_the_end_of_the_day_too(cast: Cast, browser: APIClient, settings: Any) -> None:
    settings.SESSION_ABSOLUTE_SECONDS = 1000
    with clock.fixed(MONDAY + timedelta(minutes=10)):
        assert browser.get(WORK).status_code == 200
        told = browser.get(ME).json()["expires_at"]
    assert told == "2026-05-04T15:16:40Z"
    assert _at(MONDAY + timedelta(seconds=1000), lambda: browser.get(ME)) == 200
    assert _at(MONDAY + timedelta(seconds=1001), lambda: browser.get(ME)) == 401


def test_a_token_has_its_own_end_and_is_never_idle(cast: Cast) -> None:
    row, secret = practice.issue_token(user=cast.frontdesk, name="program", at=clock.now())
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    told = program.get(ME).json()
    assert (told["idle_seconds"], told["expires_at"]) == (None, "2026-06-03T15:00:00Z")
    assert row.expires_at.isoformat() == "2026-06-03T15:00:00+00:00"


def _deactivate(cast: Cast) -> None:
    answer = cast.desk("admin").patch(f"staff/{cast.frontdesk.pk}/", {"is_active": False})
    assert answer.status_code == 200, answer.content


def test_whoever_leaves_is_out_at_once(cast: Cast, browser: APIClient) -> None:
    secret = practice.issue_token(user=cast.frontdesk, name="program", at=clock.now())[1]
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    assert (browser.get(ME).status_code, program.get(ME).status_code) == (200, 200)
    _deactivate(cast)
    assert (browser.get(ME).status_code, program.get(ME).status_code) == (401, 401)
    assert _log_in(_browser()).status_code == 401
    assert not AuthToken.objects.filter(user=cast.frontdesk, revoked_at__isnull=True).exists()


def test_whoever_comes_back_gets_no_old_token_back(cast: Cast) -> None:
    secret = practice.issue_token(user=cast.frontdesk, name="program", at=clock.now())[1]
    _deactivate(cast)
    assert cast.desk("admin").patch(f"staff/{cast.frontdesk.pk}/", {"is_active": True}).status_code == 200
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    assert program.get(ME).status_code == 401


def test_a_new_role_counts_from_the_next_request(cast: Cast, browser: APIClient) -> None:
    assert browser.get("/api/v1/charges/").status_code == 403
    cast.frontdesk.roles = ["billing"]
    cast.frontdesk.save_by(SYSTEM, at=clock.now())
    assert browser.get("/api/v1/charges/").status_code == 200
    assert browser.get("/api/v1/availability/").status_code == 403


def test_a_new_password_ends_every_other_session_and_token(cast: Cast, browser: APIClient) -> None:
    other = _browser()
    _log_in(other)
    token = cast.desk("frontdesk")
    new = {"old_password": PASSWORD, "new_password": "another battery, another staple"}
    assert browser.post("/api/v1/auth/password/", new, format="json", **_csrf(browser)).status_code == 204
    assert browser.get(ME).status_code == 200
    assert other.get(ME).status_code == 401
    assert token.get("auth/me/").status_code == 401
    assert _log_in(_browser()).status_code == 401
    assert _log_in(_browser(), password=new["new_password"]).status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        ("wrong", "another battery, another staple", "/old_password"),
        (PASSWORD, "7 letters", "/new_password"),
        (PASSWORD, "password1234", "/new_password"),
        (PASSWORD, "frontdesk@example.test", "/new_password"),
    ],
)
def test_a_password_that_cannot_be_changes_nothing(cast: Cast, old: str, new: str, pointer: str) -> None:
    body = {"old_password": old, "new_password": new}
    answer = cast.desk("frontdesk").post("auth/password/", body)
    assert answer.status_code == 400
    assert {error["pointer"] for error in answer.json()["errors"]} == {pointer}
    assert new not in answer.content.decode()
    assert _log_in(_browser()).status_code == 200


def test_the_old_password_cannot_be_guessed_by_whoever_finds_the_browser_open(
    cast: Cast, settings: Any
) -> None:
    settings.LOGIN_ATTEMPTS = 3
    new = {"new_password": "another battery, another staple"}
    for old in ("wrong", "wrong", "wrong", PASSWORD):
        answer = cast.desk("frontdesk").post("auth/password/", new | {"old_password": old})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/old_password")
    assert _log_in(_browser()).status_code == 200  # the login has tries of its own
    with clock.fixed(MONDAY + timedelta(hours=1)):
        changed = cast.desk("frontdesk").post("auth/password/", new | {"old_password": PASSWORD})
        assert changed.status_code == 204


# --- tokens ----------------------------------------------------------------------------------------------


def _make(browser: APIClient, name: str = "x") -> Any:
    answer = browser.post("/api/v1/auth/tokens/", {"name": name}, format="json", **_csrf(browser))
    assert answer.status_code == 201, answer.content
    return answer.json()


def _program(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return client


def test_a_token_is_shown_once_and_kept_as_a_hash(cast: Cast, browser: APIClient) -> None:
    made = _make(browser, "laptop")
    assert made["token"].startswith("kap_")
    assert datetime.fromisoformat(made["expires_at"]) == MONDAY + timedelta(days=30)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, ' ') FROM practice_authtoken t")
        assert made["token"] not in cursor.fetchone()[0]
    listed = browser.get("/api/v1/auth/tokens/").json()["results"]
    assert {"laptop"} <= {row["name"] for row in listed}
    assert all("token" not in row for row in listed)
    assert made["token"] not in str(list(AuditEvent.objects.values()))


def test_a_token_ends_after_thirty_days_and_after_seven_without_use(cast: Cast, browser: APIClient) -> None:
    used, idle = _program(_make(browser)["token"]), _program(_make(browser)["token"])
    for day in (6, 12, 18, 24):
        assert _at(MONDAY + timedelta(days=day), lambda: used.get(ME)) == 200
    assert _at(MONDAY + timedelta(days=30, seconds=-1), lambda: used.get(ME)) == 200
    assert _at(MONDAY + timedelta(days=30), lambda: used.get(ME)) == 401
    assert _at(MONDAY + timedelta(days=7, seconds=-1), lambda: idle.get(ME)) == 200
    assert _at(MONDAY + timedelta(days=14), lambda: idle.get(ME)) == 401


def test_the_use_of_a_token_is_written_once_an_hour(cast: Cast, browser: APIClient) -> None:
    made = _make(browser)
    client, row = _program(made["token"]), AuthToken.objects.filter(pk=made["id"])
    seen = []
    for minutes in (30, 61, 119, 122):
        assert _at(MONDAY + timedelta(minutes=minutes), lambda: client.get(ME)) == 200
        seen.append(row.get().last_used_at)
    assert seen == [None, *[MONDAY + timedelta(minutes=61)] * 2, MONDAY + timedelta(minutes=122)]


def test_a_token_makes_lists_and_ends_no_token(cast: Cast, browser: APIClient) -> None:
    made = _make(browser)
    thief = _program(made["token"])
    for method, path in [
        ("post", "auth/tokens/"),
        ("get", "auth/tokens/"),
        ("delete", "auth/tokens/"),
        ("delete", f"auth/tokens/{made['id']}/"),
        ("post", "auth/step-up/"),
        ("get", "auth/second-factors/"),
        ("post", "auth/second-factors/totp/"),
    ]:
        body = {"name": "further", "password": PASSWORD}
        answer = getattr(thief, method)(f"/api/v1/{path}", body if method == "post" else None, format="json")
        assert (answer.status_code, answer.json()["code"]) == (403, "session_required"), path
    assert not AuthToken.objects.filter(name="further").exists()
    assert AuthToken.objects.get(pk=made["id"]).revoked_at is None


def test_a_browser_says_once_more_who_it_is_after_five_minutes(cast: Cast, browser: APIClient) -> None:
    made = _make(browser)
    late = MONDAY + timedelta(minutes=5, seconds=1)
    one = f"/api/v1/auth/tokens/{made['id']}/"
    with clock.fixed(late):
        for ask in (
            lambda: browser.post("/api/v1/auth/tokens/", {"name": "late"}, format="json", **_csrf(browser)),
            lambda: browser.get("/api/v1/auth/tokens/"),
            lambda: browser.delete(one, **_csrf(browser)),
            lambda: browser.delete("/api/v1/auth/tokens/", **_csrf(browser)),
        ):
            answer = ask()
            assert (answer.status_code, answer.json()["code"]) == (401, "step_up_required")
        assert browser.get(ME).status_code == 200  # all else goes on
        step = "/api/v1/auth/step-up/"
        wrong = browser.post(step, {"password": "wrong"}, format="json", **_csrf(browser))
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "/password")
        assert browser.get("/api/v1/auth/tokens/").status_code == 401
        right = browser.post(step, {"password": PASSWORD}, format="json", **_csrf(browser))
        assert (right.status_code, right.content) == (204, b"")
        assert browser.delete(one, **_csrf(browser)).status_code == 204
    assert not AuthToken.objects.filter(name="late").exists()


def test_ten_tokens_of_one_person_are_alive_at_most(cast: Cast, browser: APIClient) -> None:
    assert practice.revoke_tokens(user=cast.frontdesk, at=MONDAY) == 1  # that of the desk
    for n in range(10):
        made = _make(browser, f"token {n}")
    answer = browser.post("/api/v1/auth/tokens/", {"name": "eleventh"}, format="json", **_csrf(browser))
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_tokens")
    assert not AuthToken.objects.filter(name="eleventh").exists()
    assert browser.delete(f"/api/v1/auth/tokens/{made['id']}/", **_csrf(browser)).status_code == 204
    _make(browser, "eleventh")
    with clock.fixed(MONDAY + timedelta(days=8)):  # the others are idle by now
        assert _log_in(browser).status_code == 200
        _make(browser, "a week later")


def test_a_token_that_was_taken_back_is_dead(cast: Cast, browser: APIClient) -> None:
    made = _make(browser)
    client, nurse = _program(made["token"]), _browser()
    assert _log_in(nurse, email="np@example.test").status_code == 200
    assert client.get(ME).status_code == 200
    path = f"/api/v1/auth/tokens/{made['id']}/"
    assert nurse.delete(path, **_csrf(nurse)).status_code == 404
    assert client.get(ME).status_code == 200
    assert browser.delete(path, **_csrf(browser)).status_code == 204
    assert client.get(ME).status_code == 401
    assert browser.delete(path, **_csrf(browser)).status_code == 404


def test_all_tokens_are_taken_back_at_once(cast: Cast, browser: APIClient) -> None:
    desk = cast.desk("frontdesk")
    _make(browser)
    assert browser.delete("/api/v1/auth/tokens/", **_csrf(browser)).status_code == 204
    assert desk.get("auth/me/").status_code == 401
    assert cast.desk("np").get("auth/me/").status_code == 200


def test_the_password_of_an_account_is_hashed_and_in_no_history(cast: Cast) -> None:
    wanted = {
        "email": "new@example.test",
        "name": "New Person",
        "roles": ["billing"],
        "locations": [str(cast.north.pk)],
        "kap_trained": False,
        "password": "a long and odd password",
    }
    made = cast.desk("admin").must("staff/", wanted)
    assert "password" not in made
    assert _log_in(_browser(), "new@example.test", "a long and odd password").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT u::text FROM practice_user u WHERE email = 'new@example.test'")
        assert "argon2" in cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(h::text, ' ') FROM practice_historicaluser h")
        history = cursor.fetchone()[0]
    assert "argon2" not in history
    assert "odd password" not in history + str(list(AuditEvent.objects.values()))
