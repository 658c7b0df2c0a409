"""A clinic sets when its clients are told: one plan per location, by the administrator or the medical director."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from kapclinic.trail.models import AuditEvent
from sessions.reminders.models import ReminderPlan
from tests.cast import MONDAY, Cast
from tests.sessions.booking.desk import codes

WHOLE: dict[str, Any] = {
    "hours_before": [72, 12],
    "on_booking": False,
    "channels": ["email"],
    "quiet_from": "20:00",
    "quiet_to": "09:00",
    "sender_name": "Aspen House",
    "emergency_phone": "112",
    "emergency_text": "Or go to the nearest hospital.",
}


def _path(cast: Cast) -> str:
    return f"reminder-plans/{cast.north.pk}/"


@pytest.mark.parametrize(
    "who", ["frontdesk", "np", "therapist", "prescriber", "billing", "director", "admin"]
)
def test_everybody_reads_the_plan_of_their_place(cast: Cast, who: str) -> None:
    (plan,) = cast.desk(who).get("reminder-plans/", location=str(cast.north.pk)).json()["results"]
    assert plan == cast.desk(who).get(_path(cast)).json()
    assert plan == {
        "id": str(cast.north.pk),
        "version": 0,
        "created_at": None,
        "location": str(cast.north.pk),
        "hours_before": [48, 24, 2],
        "on_booking": True,
        "channels": ["email", "sms"],
        "quiet_from": "21:00",
        "quiet_to": "08:00",
        "sender_name": "",
        "emergency_phone": "911 or 988",
        "emergency_text": "",
    }


@pytest.mark.parametrize("who", ["director", "admin"])
def test_director_and_administrator_set_it(cast: Cast, who: str) -> None:
    answer = cast.desk(who).put(_path(cast), WHOLE)
    assert answer.status_code == 200, answer.content
    assert answer.json() | WHOLE == answer.json()
    assert (answer.json()["version"], answer.headers["ETag"]) == (1, '"1"')
    again = cast.desk(who).patch(_path(cast), {"hours_before": [2, 48]}).json()
    assert (again["hours_before"], again["quiet_to"], again["version"]) == ([48, 2], "09:00", 2)
    assert cast.desk("np").get(_path(cast)).json() == again
    assert ReminderPlan.history.filter(id=cast.north.pk).count() == 2
    assert AuditEvent.objects.filter(action="reminder_plan.update", object_id=cast.north.pk).count() == 1


@pytest.mark.parametrize("who", ["frontdesk", "np", "therapist", "prescriber", "billing"])
def test_nobody_else_does(cast: Cast, who: str) -> None:
    assert cast.desk(who).put(_path(cast), WHOLE).status_code == 403
    assert cast.desk(who).patch(_path(cast), {"on_booking": False}, match='"0"').status_code == 403
    assert not ReminderPlan.objects.exists()


@pytest.mark.parametrize("place", ["south", "nowhere"])
def test_another_place_is_not_there(cast: Cast, place: str) -> None:
    path = f"reminder-plans/{cast.south.pk if place == 'south' else uuid4()}/"
    for answer in (
        cast.desk("director").get(path),
        cast.desk("director").put(path, WHOLE),
        cast.desk("director").patch(path, {"on_booking": False}, match='"0"'),
    ):
        assert answer.status_code == 404
    assert not ReminderPlan.objects.exists()


def test_an_administrator_keeps_the_plans_of_all_places(cast: Cast) -> None:
    """The first one of a new clinic is of no location."""
    path = f"reminder-plans/{cast.south.pk}/"
    assert cast.south.pk not in cast.admin.locations
    assert cast.desk("admin").patch(path, {"on_booking": False}, match='"0"').status_code == 200
    assert cast.desk("south_np").get(path).json()["on_booking"] is False


def test_two_desks_cannot_overwrite_each_other(cast: Cast) -> None:
    desk = cast.desk("director")
    assert desk.patch(_path(cast), {"on_booking": False}, match="").status_code == 428
    assert desk.patch(_path(cast), {"on_booking": False}, match='"0"').status_code == 200
    assert desk.patch(_path(cast), {"on_booking": True}, match='"0"').status_code == 412
    stale = desk.client.put(f"/api/v1/{_path(cast)}", WHOLE, format="json", HTTP_IF_MATCH='"0"')
    assert stale.status_code == 412
    assert ReminderPlan.objects.get().on_booking is False


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"hours_before": [0]}, ("/hours_before/0", "min_value")),
        ({"hours_before": [673]}, ("/hours_before/0", "max_value")),
        ({"hours_before": [1, 2, 3, 4, 5, 6, 7]}, ("/hours_before", "max_length")),
        ({"hours_before": [2, 2]}, ("/hours_before", "repeated")),
        ({"channels": ["fax"]}, ("/channels/0", "invalid_choice")),
        ({"channels": ["sms", "sms"]}, ("/channels", "repeated")),
        ({"quiet_from": "25:00"}, ("/quiet_from", "invalid")),
        ({"quiet_from": "10:00", "quiet_to": "08:00"}, ("/quiet_to", "too_long")),
        ({"quiet_to": "14:00"}, ("/quiet_to", "too_long")),
        ({"emergency_phone": ""}, ("/emergency_phone", "blank")),
        ({"emergency_text": "Tell them that you take ketamine."}, ("/emergency_text", "telling")),
        ({"sender_name": "Mile High Infusions"}, ("/sender_name", "telling")),
        ({"sender_name": "x" * 61}, ("/sender_name", "max_length")),
        ({"quiet": True}, ("/quiet", "unknown_field")),
    ],
)
def test_what_a_plan_cannot_say(cast: Cast, change: dict[str, Any], code: tuple[str, str]) -> None:
    answer = cast.desk("director").patch(_path(cast), change)
    assert answer.status_code == 400
    assert code in codes(answer)
    assert not ReminderPlan.objects.exists()


@pytest.mark.parametrize(
    ("quiet_from", "quiet_to"), [("21:00", "13:00"), ("08:00", "00:00"), ("09:00", "09:00")]
)
def test_sixteen_quiet_hours_are_allowed_and_none(cast: Cast, quiet_from: str, quiet_to: str) -> None:
    body = {"quiet_from": quiet_from, "quiet_to": quiet_to}
    assert cast.desk("director").patch(_path(cast), body).status_code == 200


def test_the_history_of_a_plan_stays(cast: Cast) -> None:
    from django.db import Error, connection, transaction

    cast.desk("director").put(_path(cast), WHOLE)
    for statement in ("DELETE FROM", "UPDATE"):
        words = "SET on_booking = true" if statement == "UPDATE" else ""
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{statement} clinic_sessions_historicalreminderplan {words}")
    assert ReminderPlan.history.get().on_booking is False


def test_a_plan_is_the_plan_of_its_location_in_the_database_too(cast: Cast) -> None:
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError, match="reminder_plan_of_location"), transaction.atomic():
        ReminderPlan(location=cast.north).save_by(cast.admin, at=MONDAY)
