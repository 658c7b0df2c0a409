"""Who may have a secret calendar address, see that it exists, and end it."""

from __future__ import annotations

import hashlib
import logging
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, IntegrityError, connection, transaction
from rest_framework.test import APIClient

from kapclinic.practice.models import Room
from kapclinic.trail.models import IdempotencyRecord
from sessions.calendars.models import CalendarFeed
from tests import cast as people
from tests.asking import sql
from tests.cast import MONDAY, Cast
from tests.sessions.calendars.reading import feed, fetch

EVERYBODY = ["frontdesk", "np", "therapist", "prescriber", "billing", "director", "admin"]
BOOKERS = ["frontdesk", "np", "therapist", "prescriber", "director"]


def _token(url: str) -> str:
    return url.rsplit("/", 1)[1].removesuffix(".ics")


@pytest.mark.parametrize("who", EVERYBODY)
def test_everybody_may_have_their_own(cast: Cast, who: str) -> None:
    made = feed(cast, who)
    assert made["url"].startswith("http://testserver/api/v1/calendars/")
    assert (made["user"], made["room"], made["state"]) == (str(cast.people[who].pk), None, "live")
    assert made["allowed_moves"] == ["revoke"]
    assert fetch(made["url"]).status_code == 200


def test_the_address_is_shown_once_and_never_kept(cast: Cast) -> None:
    made = cast.desk("therapist").must("calendar-feeds/", {}, key="mine")
    token = _token(made["url"])
    assert len(token) >= 43
    row = CalendarFeed.objects.get()
    assert row.digest == hashlib.sha256(token.encode()).hexdigest()
    (listed,) = cast.desk("therapist").get("calendar-feeds/").json()["results"]
    assert listed == cast.desk("therapist").get(f"calendar-feeds/{row.pk}/").json()
    assert "url" not in listed
    again = cast.desk("therapist").must("calendar-feeds/", {}, key="mine")
    assert (again["id"], again["url"]) == (made["id"], None)
    assert IdempotencyRecord.objects.get().answer == {"id": made["id"]}
    assert CalendarFeed.objects.count() == 1
    with connection.cursor() as cursor:
        for table in ("calendarfeed", "historicalcalendarfeed"):
            cursor.execute(
                f"SELECT count(*) FROM clinic_sessions_{table} t WHERE t::text LIKE %s", [f"%{token}%"]
            )
            assert cursor.fetchone()[0] == 0


@pytest.mark.parametrize("who", BOOKERS)
def test_who_books_may_have_a_rooms(cast: Cast, who: str) -> None:
    made = feed(cast, who, room=str(cast.aspen.pk))
    assert (made["user"], made["room"]) == (None, str(cast.aspen.pk))
    assert fetch(made["url"]).status_code == 200


@pytest.mark.parametrize("who", ["billing", "admin"])
def test_who_does_not_book_may_not(cast: Cast, who: str) -> None:
    answer = cast.desk(who).post("calendar-feeds/", {"room": str(cast.aspen.pk)})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert not CalendarFeed.objects.exists()


@pytest.mark.parametrize("room", ["cedar", "nowhere", "closed"])
def test_a_room_of_another_place_or_a_closed_one_is_not_there(cast: Cast, room: str) -> None:
    closed = people.room("Dogwood", cast.north, people.KINDS)
    closed.is_active = False
    closed.save_by(cast.admin, at=MONDAY)
    ids = {"cedar": cast.cedar.pk, "nowhere": uuid4(), "closed": closed.pk}
    answer = cast.desk("frontdesk").post("calendar-feeds/", {"room": str(ids[room])})
    assert answer.status_code == 404
    assert not CalendarFeed.objects.exists()


def test_each_sees_their_own_and_the_administrator_those_of_rooms(cast: Cast) -> None:
    mine, room = feed(cast, "therapist"), feed(cast, "frontdesk", room=str(cast.aspen.pk))
    away = feed(cast, "south_frontdesk", room=str(cast.cedar.pk))
    seen = {
        who: {row["id"] for row in cast.desk(who).get("calendar-feeds/").json()["results"]}
        for who in ("therapist", "frontdesk", "np", "director", "admin", "south_frontdesk")
    }
    assert seen == {
        "therapist": {mine["id"]},
        "frontdesk": {room["id"]},
        "np": set(),
        "director": set(),
        "admin": {room["id"]},
        "south_frontdesk": {away["id"]},
    }
    for who in ("np", "director", "admin"):
        assert cast.desk(who).get(f"calendar-feeds/{mine['id']}/").status_code == 404
        assert cast.desk(who).post(f"calendar-feeds/{mine['id']}/revoke/").status_code == 404
    assert fetch(mine["url"]).status_code == 200


def test_a_revoked_address_is_gone_at_once(cast: Cast) -> None:
    made, other = feed(cast), feed(cast)
    ended = cast.desk("therapist").must(f"calendar-feeds/{made['id']}/revoke/")
    assert (ended["state"], ended["revoked_at"], ended["allowed_moves"]) == (
        "revoked",
        "2026-05-04T15:00:00Z",
        [],
    )
    assert fetch(made["url"]).status_code == 404
    assert fetch(other["url"]).status_code == 200
    again = cast.desk("therapist").post(f"calendar-feeds/{made['id']}/revoke/")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


def test_the_administrator_ends_a_rooms_address(cast: Cast) -> None:
    made = feed(cast, "frontdesk", room=str(cast.aspen.pk))
    cast.desk("admin").must(f"calendar-feeds/{made['id']}/revoke/")
    assert fetch(made["url"]).status_code == 404


@pytest.mark.parametrize("path", ["", "x", "a" * 43, "..%2f..%2fetc", "ü"])
def test_an_unknown_address_is_not_there(cast: Cast, path: str) -> None:
    feed(cast)
    answer = fetch(f"/api/v1/calendars/{path}.ics")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("room", [False, True])
@pytest.mark.parametrize("lost", ["account", "role", "location"])
def test_who_leaves_the_clinic_a_role_or_a_location_reads_no_more(cast: Cast, room: bool, lost: str) -> None:
    path, both = f"staff/{cast.therapist.pk}/", [str(cast.north.pk), str(cast.south.pk)]
    admin = cast.desk("admin")
    assert admin.patch(path, {"roles": ["therapist", "billing"], "locations": both}).status_code == 200
    made = feed(cast, "therapist", **({"room": str(cast.aspen.pk)} if room else {}))
    assert admin.patch(path, {"name": "Terry Therapist"}).status_code == 200
    assert fetch(made["url"]).status_code == 200
    change = {
        "account": {"is_active": False},
        "role": {"roles": ["billing"]},
        "location": {"locations": both[1:]},
    }
    assert admin.patch(path, change[lost]).status_code == 200
    assert fetch(made["url"]).status_code == 404
    assert CalendarFeed.objects.get().state == "revoked"


def test_a_rooms_address_of_somebody_who_is_elsewhere_is_not_there(cast: Cast) -> None:
    made = feed(cast, "therapist", room=str(cast.aspen.pk))
    sql("UPDATE practice_user SET locations = %s WHERE id = %s", [cast.south.pk], cast.therapist.pk)
    assert fetch(made["url"]).status_code == 404


def test_a_closed_room_is_read_no_more(cast: Cast) -> None:
    made = feed(cast, "frontdesk", room=str(cast.aspen.pk))
    room = Room.objects.get(pk=cast.aspen.pk)
    room.is_active = False
    room.save_by(cast.admin, at=MONDAY)
    assert fetch(made["url"]).status_code == 404


def test_a_digest_is_no_address(cast: Cast) -> None:
    feed(cast)
    assert fetch(f"/api/v1/calendars/{CalendarFeed.objects.get().digest}.ics").status_code == 404


@pytest.mark.parametrize("body", [{"room": "Aspen"}, {"user": "x"}, {"name": "Mine"}])
def test_a_body_that_nobody_reads_is_refused(cast: Cast, body: dict[str, Any]) -> None:
    assert cast.desk("frontdesk").post("calendar-feeds/", body).status_code == 400


def test_the_database_keeps_a_feed_whole(cast: Cast) -> None:
    feed(cast)
    row = CalendarFeed.objects.get()
    row.room_id = cast.aspen.pk
    with pytest.raises(IntegrityError, match="feed_of_one"), transaction.atomic():
        row.save_by(cast.therapist, at=MONDAY)
    row = CalendarFeed.objects.get()
    row.state = CalendarFeed.State.REVOKED
    with pytest.raises(IntegrityError, match="feed_state"), transaction.atomic():
        row.save_by(cast.therapist, at=MONDAY)
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM clinic_sessions_historicalcalendarfeed")


def test_the_log_leaves_the_token_out(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    """The token is all that it takes to read a calendar."""
    with caplog.at_level(logging.DEBUG):
        APIClient().get("/api/v1/calendars/s3cret.ics")
    assert "GET api/v1/calendars/<" in caplog.text
    assert "s3cret" not in caplog.text
