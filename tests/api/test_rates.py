"""How often somebody may ask: strangers and wrong passwords by address, staff by account, readings without end."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, RequestFactory
from redis import RedisError
from rest_framework.test import APIClient

from kapclinic.core import clock
from kapclinic.core.http import rates
from kapclinic.core.http.addresses import household, source_address
from sessions.dosing.api.readings import ReadingViewSet
from tests import cast as people
from tests.cast import MONDAY, PASSWORD, Cast
from tests.practice.test_second_factors import with_app

ME, LOGIN = "/api/v1/auth/me/", "/api/v1/auth/login/"
HERE, THERE = {"REMOTE_ADDR": "203.0.113.7"}, {"REMOTE_ADDR": "203.0.113.8"}


@pytest.fixture(autouse=True)
def minute(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A minute of the tests' own, and counts that nobody else keeps; its seconds may be moved on."""
    now = [clock.now().timestamp() // 60 * 60 + 20]
    monkeypatch.setattr(rates.time, "time", lambda: now[0])
    counts = rates.Counts()
    monkeypatch.setattr(rates, "COUNTS", counts)
    yield now
    if counts._client is not None:
        with contextlib.suppress(RedisError):  # away, in a test of that
            counts._client.flushdb()
        counts._client.close()


def _refused(answer: Any) -> bool:
    if answer.status_code != 429:
        return False
    told = answer.json()
    assert (told["code"], answer["Content-Type"]) == ("too_many_requests", "application/problem+json")
    assert told["retry_after"] == int(answer["Retry-After"]) == 40
    assert set(told) == {"type", "title", "status", "detail", "code", "retry_after"}
    return True


@pytest.mark.django_db
def test_a_stranger_asks_so_often_a_minute_and_others_are_not_kept_waiting(
    settings: Any, cast: Cast, minute: list[float]
) -> None:
    settings.STRANGER_PER_MINUTE = 20
    client = Client()
    codes = [client.get("/api/v1/schema/", **HERE).status_code for _ in range(20)]
    assert codes == [200] * 20
    assert _refused(client.get(ME, **HERE))
    assert _refused(client.get("/readyz", **HERE))
    assert (
        client.get("/healthz", **HERE).status_code == 200
    )  # costs nothing, and is asked by whoever restarts us
    assert client.get(ME, **THERE).status_code == 401
    # Who is signed in at the same address works on, by token and by cookie; who only says so does not.
    nurse = cast.desk("np").client
    assert nurse.get(ME, **HERE).status_code == 200
    assert _refused(client.get(ME, headers={"Authorization": "Token made-up"}, **HERE))
    browser = APIClient()
    assert browser.post(LOGIN, {"email": cast.np.email, "password": PASSWORD}, **THERE).status_code == 200
    assert browser.get(ME, **HERE).status_code == 200
    minute[0] += 60
    assert client.get(ME, **HERE).status_code == 401


def test_wrong_passwords_of_one_address_are_bounded_over_all_accounts(settings: Any, cast: Cast) -> None:
    settings.LOGINS_PER_MINUTE = 5
    client = APIClient()

    def sign_in(email: str, password: str, **where: str) -> Any:
        return client.post(LOGIN, {"email": email, "password": password}, **where)

    for _ in range(8):  # a morning in which the whole clinic signs in behind one address
        assert sign_in(cast.np.email, PASSWORD, **HERE).status_code == 200
    guesses = [sign_in(f"somebody{index}@example.test", "guess", **HERE).status_code for index in range(5)]
    assert guesses == [401] * 5
    assert _refused(sign_in(cast.np.email, PASSWORD, **HERE))
    assert sign_in(cast.np.email, PASSWORD, **THERE).status_code == 200


def test_a_sign_in_in_two_steps_is_no_wrong_password(settings: Any, cast: Cast) -> None:
    settings.LOGINS_PER_MINUTE = 3
    _, codes = with_app(cast.browser("np"))
    nurse, client = {"email": cast.np.email, "password": PASSWORD}, APIClient()
    for code in codes[:5]:
        assert client.post(LOGIN, nurse, **HERE).json()["code"] == "second_factor_required"
        assert client.post(LOGIN, nurse | {"otp": code}, **HERE).status_code == 200
    for _ in range(3):
        client.post(LOGIN, nurse, **HERE)
        assert client.post(LOGIN, nurse | {"otp": "000000"}, **HERE).status_code == 401
    assert _refused(client.post(LOGIN, nurse, **HERE))


def test_an_account_is_bounded_and_what_safety_hangs_on_never_is(settings: Any, cast: Cast) -> None:
    settings.ACCOUNT_PER_MINUTE = 10
    program = people.cleared_program(cast, protocol=people.approved_protocol(cast, min_preparations=0))
    session = people.ready_dose(cast, program)
    nurse = cast.desk("np")
    assert [nurse.get("rooms/").status_code for _ in range(10)] == [200] * 10
    assert _refused(nurse.get("rooms/"))
    assert cast.desk("frontdesk").get("rooms/").status_code == 200
    for index in range(12):
        vitals = {
            "systolic": 118,
            "diastolic": 76,
            "heart_rate": 64 + index % 2,
            "spo2": 98,
            "measured_at": MONDAY.isoformat(),
        }
        answer = nurse.post(f"sessions/{session.pk}/readings/", vitals)
        assert answer.status_code == 201, answer.content
    assert nurse.get(f"sessions/{session.pk}/readings/").status_code == 200
    assert nurse.post(f"sessions/{session.pk}/alarms/", {"note": "Pale."}).status_code in {201, 400}
    assert _refused(nurse.get("rooms/"))


def test_a_thousand_readings_in_a_minute_are_a_thousand_readings(settings: Any, cast: Cast) -> None:
    settings.ACCOUNT_PER_MINUTE = 1
    view = ReadingViewSet()
    view.action = "create"
    request = RequestFactory().post("/")
    request.user = cast.np
    limit = rates.AccountLimit()
    assert all(limit.allow_request(request, view) for _ in range(1000))  # type: ignore[arg-type]
    view.action = "metadata"
    assert [limit.allow_request(request, view) for _ in range(2)] == [True, False]  # type: ignore[arg-type]


def test_processes_count_together_and_each_for_itself_while_valkey_is_away(settings: Any) -> None:
    one, other = rates.Counts(), rates.Counts()
    try:
        assert [one.add("k"), other.add("k"), one.add("k")] == [1, 2, 3]
        assert [one.add("many", batch=10) for _ in range(10)][-1] == 10
        assert other.add("many") == 11
        (name,) = {key for key in one._client.keys("kap:rate:*") if one._client.get(key) == b"3"}  # type: ignore[union-attr]
        assert 0 < one._client.ttl(name) <= 120  # type: ignore[union-attr]
    finally:
        one._client.flushdb()  # type: ignore[union-attr]
        one._client.close()  # type: ignore[union-attr]
        other._client.close()  # type: ignore[union-attr]
    for nowhere in ("redis://127.0.0.1:1/0", ""):
        settings.VALKEY_URL = nowhere
        alone = rates.Counts()
        assert [alone.add("k") for _ in range(4)] == [1, 2, 3, 4]
        assert alone.away_until > 0


@pytest.mark.django_db
def test_without_valkey_a_stranger_is_bounded_too_and_nothing_is_logged_of_it(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.VALKEY_URL, settings.STRANGER_PER_MINUTE = "redis://127.0.0.1:1/0", 3
    with caplog.at_level(logging.INFO):
        codes = [Client().get(ME, **HERE).status_code for _ in range(5)]
    assert codes == [401, 401, 401, 429, 429]
    assert "203.0.113" not in caplog.text


@pytest.mark.parametrize(
    ("proxies", "told", "source"),
    [
        (0, "198.51.100.1", "10.0.0.1"),  # nobody stands in front: whatever it says is the client's own
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.9", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "not an address", "10.0.0.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_client_cannot_choose_its_address(settings: Any, proxies: int, told: str, source: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": told} if told else {}
    assert source_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR="10.0.0.1")) == source


def test_who_has_a_whole_network_is_one_household() -> None:
    assert household("2001:db8::1") == household("2001:db8::ffff:2") != household("2001:db8:0:1::1")
    assert household("::ffff:203.0.113.7") == household("203.0.113.7") == "203.0.113.7"
    assert household("") == ""
