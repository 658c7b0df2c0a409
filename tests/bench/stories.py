"""What is asked while statements are counted: a whole program, a front desk's day, and then every list and every row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kapclinic.core import clock
from tests import cast as people
from tests.api import routes
from tests.api.routes import READS
from tests.cast import MONDAY, Cast
from tests.journeys import steps
from tests.journeys.steps import moment


def desk_day(cast: Cast) -> None:
    """Booking, moving, cancelling, keeping a slot; a program on hold and off again; rows of the practice."""
    desk, at = cast.desk("frontdesk"), MONDAY + timedelta(days=4)
    program = steps.open_program(cast, steps.register(cast), steps.approve_protocol(cast))
    first, second = (steps.book(cast, program, "preparation", at + timedelta(hours=n)) for n in (0, 3))
    later = {"starts_at": moment(at + timedelta(hours=6)), "ends_at": moment(at + timedelta(hours=7))}
    desk.must(f"sessions/{first['id']}/reschedule/", later | {"reason": "The client asked"})
    desk.must(f"sessions/{first['id']}/cancel/", {"reason": "The client is ill"})
    kept = {"program": program["id"], "kind": "preparation", "modality": "in_person"} | later
    kept |= {"room": str(cast.aspen.pk), "staff": [{"user": str(cast.therapist.pk), "role": "therapist"}]}
    desk.must("session-holds/", kept)
    with clock.fixed(at + timedelta(hours=3)):
        desk.must(f"sessions/{second['id']}/check-in/")
        desk.must(f"sessions/{second['id']}/stage/", {"stage": "roomed"})
    client = program["client"]["id"] if isinstance(program["client"], dict) else program["client"]
    desk.patch(f"clients/{client}/", {"pronouns": "they"})
    desk.patch(f"programs/{program['id']}/", {"goals": "Sleep"})
    cast.desk("therapist").must(f"programs/{program['id']}/hold/", {"reason": "On a journey"})
    cast.desk("therapist").must(f"programs/{program['id']}/resume/", {"reason": "Back again"})
    _practice(cast)


def _practice(cast: Cast) -> None:
    admin, desk = cast.desk("admin"), cast.desk("frontdesk")
    room = {"location": str(cast.north.pk), "name": "Dogwood", "kinds": ["preparation"], "turnover_min": 5}
    made = admin.must("rooms/", room)
    admin.patch(f"rooms/{made['id']}/", {"turnover_min": 10})
    admin.patch(f"locations/{cast.north.pk}/", {"phone": "303-555-0101"})
    admin.patch(f"staff/{cast.other_therapist.pk}/", {"credentials": "LPC"})
    away = {"starts_at": moment(MONDAY + timedelta(days=40)), "ends_at": moment(MONDAY + timedelta(days=41))}
    desk.must(f"staff/{cast.other_therapist.pk}/time-off/", away)
    login = {"email": cast.frontdesk.email, "password": people.PASSWORD}
    desk.client.post("/api/v1/auth/login/", login, format="json")


def dose_day(cast: Cast) -> None:
    """A dose with an alarm, a recheck and a void; then every list, and one row of each that has any."""
    places = routes.places(cast)
    nurse, path = cast.desk("np"), f"sessions/{places.session.pk}"
    red = people.calm() | {"systolic": 205, "diastolic": 121, "measured_at": moment(clock.now())}
    reading = nurse.must(f"{path}/readings/", red)
    alarm = nurse.get("alarms/", state="open").json()["results"][0]
    nurse.must(f"alarms/{alarm['id']}/acknowledge/", {"action": "Sat with the client"})
    nurse.must(f"{path}/readings/{reading['id']}/void/", {"reason": "Cuff was loose"})
    nurse.must(f"{path}/alarms/", {"trigger": "severe_agitation", "note": "Restless"})
    every_read(places)


def every_read(places: routes.Places) -> None:
    """Every GET as somebody who may; where a list has rows, the first of them by its address."""
    found: dict[str, str] = {}
    for entry in sorted(READS, key=lambda entry: entry.route.count("{")):
        if "{id}" in entry.route and (known := found.get(entry.route.split("{id}")[0])):
            path = places.path(entry).split("01900000-0000-7000-8000-00000000dead")
            places.asker(entry).get(known.join(path), **places.needed(entry))
            continue
        answer = places.get(entry)
        rows = answer.json().get("results") if _is_list(answer) else None
        if rows and isinstance(rows[0], dict) and "id" in rows[0]:
            found[entry.route] = rows[0]["id"]


def _is_list(answer: Any) -> bool:
    return (
        answer.status_code == 200
        and answer["Content-Type"] == "application/json"
        and b'"results"' in answer.content
    )
