"""What happens at the doors is written down: who was refused, from where, and what strangers asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.core.origin import address_of
from kapclinic.trail import strangers
from kapclinic.trail.models import AuditEvent
from kapclinic.trail.rules import STRANGER
from tests import cast as people
from tests.asking import done
from tests.cast import MONDAY, PASSWORD, Cast
from tests.sessions.calendars.reading import feed, fetch

API = "/api/v1/"


def _log_in(email: str, password: str = "wrong", browser: Browser | None = None, **more: Any) -> Any:
    body = {"email": email, "password": password}
    return (browser or Browser()).post(f"{API}auth/login/", body, content_type="application/json", **more)


def _last(action: str) -> AuditEvent:
    return AuditEvent.objects.filter(action=action).latest("id")


def _count(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


# --- what is written down --------------------------------------------------------------------------------------


def test_a_sign_in_and_a_failed_one_are_written_down_without_what_was_typed(cast: Cast) -> None:
    assert _log_in(cast.np.email, PASSWORD).status_code == 200
    entered = _last("auth.login")
    assert (entered.created_by, entered.outcome, entered.address) == (cast.np.pk, "ok", "127.0.0.1")
    assert _log_in(cast.np.email, "my other password").status_code == 401
    wrong = _last("auth.login")
    assert (wrong.created_by, wrong.object_id, wrong.outcome) == (STRANGER, cast.np.pk, "refused")
    assert (wrong.detail, wrong.clients) == ({"code": "wrong_credentials"}, [])
    assert _log_in("my secret password", "x").status_code == 401  # typed into the wrong field
    nobody = _last("auth.login")
    assert (nobody.created_by, nobody.object_id, nobody.object_type) == (STRANGER, None, "auth")
    assert "secret" not in str(AuditEvent.objects.values())
    assert "other password" not in str(AuditEvent.objects.values())


def test_the_try_that_locks_says_so_and_knocking_on_after_it_is_told_once(cast: Cast, settings: Any) -> None:
    settings.LOGIN_ATTEMPTS = 2
    for _ in range(2):
        _log_in(cast.np.email)
    assert _last("auth.login").detail == {"code": "wrong_credentials", "locked": True}
    for _ in range(5):
        assert _log_in(cast.np.email, PASSWORD).status_code == 429
    assert _count("auth.login") == 3
    assert _last("auth.login").detail == {"code": "too_many_attempts"}
    assert _last("auth.login").object_id == cast.np.pk


def test_a_wrong_password_of_ones_own_is_written_down_wherever_it_is_asked_for(
    cast: Cast, settings: Any
) -> None:
    settings.LOGIN_ATTEMPTS = 2
    note = people.written_note(
        people.completed_session(cast, people.opened_program(cast), starts_at=MONDAY), by=cast.therapist
    )
    assert cast.desk("therapist").post(f"notes/{note.pk}/sign/", {"password": "wrong"}).status_code >= 400
    signing = _last("auth.confirm_password")
    assert (signing.created_by, signing.object_id, signing.outcome) == (
        cast.therapist.pk,
        cast.therapist.pk,
        "refused",
    )
    assert _last("note.sign").request_id == signing.request_id
    new = {"new_password": "another battery, another staple"}
    for detail in ({"code": "wrong_password", "locked": True}, {"code": "password_locked"}):
        cast.desk("therapist").post("auth/password/", new | {"old_password": "wrong"})
        changing = _last("auth.confirm_password")
        assert (changing.created_by, changing.detail) == (cast.therapist.pk, detail)


def test_a_calendar_that_is_read_and_one_that_is_not_there(cast: Cast) -> None:
    made = feed(cast, "therapist")
    read = fetch(made["url"])
    event = _last("calendar.ics")
    assert (str(event.object_id), event.outcome, event.clients) == (made["id"], "ok", [])
    assert (event.created_by, event.roles) == (event.object_id, ["calendar"])
    assert fetch(made["url"], HTTP_IF_NONE_MATCH=read["ETag"]).status_code == 304
    assert _count("calendar.ics") == 1
    for _ in range(3):
        assert fetch(f"{API}calendars/{'a' * 43}.ics").status_code == 404
    assert _count("calendar.ics") == 2
    assert (_last("calendar.ics").created_by, _last("calendar.ics").outcome) == (STRANGER, "refused")
    assert made["url"].split("/")[-1].removesuffix(".ics") not in str(AuditEvent.objects.values())


def test_a_record_that_is_asked_for_signed_out_tells_of_it(cast: Cast) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    path = f"{API}clients/{client.pk}/"
    for headers in ({}, {"HTTP_AUTHORIZATION": "Token nobody's"}):
        answer = Browser().get(path, **headers)
        assert answer.status_code == 401
        assert "Robin" not in answer.content.decode()
    rows = cast.desk("director").get(f"clients/{client.pk}/access-log/").json()["results"]
    assert [(row["name"], row["action"], row["outcome"]) for row in rows] == [
        ("not signed in", "client.retrieve", "refused")
    ] * 2
    assert {row["address"] for row in rows} == {"127.0.0.1"}
    before = AuditEvent.objects.count()
    for quiet in ("auth/me/", "locations/", "staff/"):  # nobody's record
        assert Browser().get(API + quiet).status_code == 401
    assert AuditEvent.objects.count() == before


def test_a_stranger_fills_no_log(cast: Cast) -> None:
    """The same act is told once a window, an address has its share and all together theirs; what is left out is counted."""
    for _ in range(5):
        Browser().get(f"{API}clients/")
    assert _count("client.list") == 1
    for n in range(60):
        Browser().get(f"{API}notes/{uuid4()}/")
        strangers.note_stranger(action="x.y", object_type="door", code=str(n), at=MONDAY)
    assert (
        AuditEvent.objects.filter(created_by=STRANGER, address="127.0.0.1").count() == strangers.PER_ADDRESS
    )
    for n in range(strangers.PER_PROCESS):
        Browser(REMOTE_ADDR=f"203.0.113.{n % 250}").get(f"{API}notes/{uuid4()}/")
    written = AuditEvent.objects.filter(created_by=STRANGER).count()
    assert written == strangers.PER_PROCESS
    with clock.fixed(MONDAY + strangers.WINDOW):
        Browser().get(f"{API}clients/")
    told = _last("client.list").detail
    assert told["code"] == "not_authenticated"
    assert told["unlogged"] == 4 + 120 + strangers.PER_PROCESS + 1 - written


# --- where it came from ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hops", "forwarded", "peer", "address"),
    [
        pytest.param(0, None, "198.51.100.7", "198.51.100.7", id="no proxy"),
        pytest.param(0, "203.0.113.9", "198.51.100.7", "198.51.100.7", id="a header that nobody trusts"),
        pytest.param(1, "203.0.113.9", "10.0.0.2", "203.0.113.9", id="one proxy"),
        pytest.param(
            1, "1.2.3.4, 203.0.113.9", "10.0.0.2", "203.0.113.9", id="what a stranger wrote before it"
        ),
        pytest.param(2, "1.2.3.4, 203.0.113.9, 10.0.0.3", "10.0.0.2", "203.0.113.9", id="two proxies"),
        pytest.param(2, "203.0.113.9", "10.0.0.2", "10.0.0.2", id="round the first of two"),
        pytest.param(1, "unknown", "10.0.0.2", "10.0.0.2", id="no address"),
        pytest.param(1, "203.0.113.9:4711", "10.0.0.2", "203.0.113.9", id="with its port"),
        pytest.param(1, "[2001:DB8::1]:4711", "10.0.0.2", "2001:db8::1", id="IPv6 with its port"),
        pytest.param(0, None, "::ffff:198.51.100.7", "198.51.100.7", id="IPv4 in IPv6"),
        pytest.param(0, None, "fe80::1%eth0", "fe80::1", id="with its zone"),
        pytest.param(0, None, "", None, id="a socket of the host"),
    ],
)
def test_an_address_is_that_of_the_connection_or_what_our_proxy_saw(
    hops: int, forwarded: str | None, peer: str, address: str | None
) -> None:
    environ = {"REMOTE_ADDR": peer} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})
    assert address_of(environ, hops=hops) == address


def test_all_of_a_request_has_one_id_which_nobody_else_chooses(cast: Cast, settings: Any) -> None:
    chosen = str(uuid4())
    sent = {"HTTP_X_REQUEST_ID": chosen, "HTTP_X_FORWARDED_FOR": "192.0.2.1, 203.0.113.9"}
    answer = cast.desk("admin").client.patch(
        f"{API}staff/{cast.np.pk}/",
        {"password": "violet lantern harbour", "roles": ["billing"]},
        format="json",
        HTTP_IF_MATCH='"1"',
        **sent,
    )
    assert answer.status_code == 200
    request_id = UUID(answer["X-Request-Id"])
    assert str(request_id) != chosen
    acts = AuditEvent.objects.filter(request_id=request_id).order_by("id")
    assert {act.action for act in acts} == {
        "staff.password_reset",
        "staff.roles_changed",
        "staff.partial_update",
    }
    assert {act.address for act in acts} == {"127.0.0.1"}
    settings.TRUSTED_PROXIES = 1
    _log_in(cast.np.email, **sent)
    assert _last("auth.login").address == "203.0.113.9"
    assert Browser().get("/healthz")["X-Request-Id"]


# --- who reads it ------------------------------------------------------------------------------------------------


def test_the_administrator_and_the_director_read_what_happened_at_the_doors(cast: Cast) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    cast.desk("np").get(f"clients/{client.pk}/")
    _log_in(cast.np.email)
    desk = cast.desk("admin")
    with clock.fixed(MONDAY + timedelta(minutes=1)):
        desk.patch(
            f"staff/{cast.np.pk}/", {"password": "violet lantern harbour", "reason": "Asked in person"}
        )
    rows = desk.get("audit-events/").json()["results"]
    assert [row["action"] for row in rows[:2]] != []
    assert "client.retrieve" not in {row["action"] for row in rows}
    assert str(client.pk) not in str(rows)
    (reset,) = desk.get("audit-events/", action="staff.password_reset").json()["results"]
    assert (reset["name"], reset["object_id"]) == ("Admin", str(cast.np.pk))
    assert reset["detail"]["reason"] == "Asked in person"
    (wrong,) = desk.get("audit-events/", outcome="refused", address="127.0.0.1").json()["results"]
    assert (wrong["name"], wrong["action"], wrong["detail"]) == (
        "not signed in",
        "auth.login",
        {"code": "wrong_credentials"},
    )
    late = {"from": "2026-05-04T15:00:30Z", "object_id": str(cast.np.pk)}
    found = cast.desk("director").get("audit-events/", **late).json()["results"]
    assert {row["action"] for row in found} == {"staff.password_reset", "staff.partial_update"}
    assert desk.get("audit-events/", address="nowhere").status_code == 400
    for name in ("frontdesk", "therapist", "prescriber", "billing"):
        assert cast.desk(name).get("audit-events/").status_code == 403


def test_fifty_acts_cost_no_more_than_one(cast: Cast) -> None:
    desk = cast.desk("admin")

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            done(desk.get("audit-events/", page_size="200"), 200)
        return len(captured)

    _log_in(cast.np.email, PASSWORD)
    few = asked()
    for _ in range(49):
        _log_in(cast.np.email, PASSWORD)
    assert (few, asked()) == (2, 2)
