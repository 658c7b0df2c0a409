"""The client banner: who it is and what must not be overlooked, in one statement, each role its own part."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.practice import services as practice
from sessions.booking.models import Session
from sessions.visits import services as visits
from tests import cast as people
from tests.asking import done, events, refused
from tests.cast import MONDAY, Cast, opened_program

PERSON = {"name", "pronouns", "date_of_birth", "age", "mrn"}
DESK = PERSON | {"contact", "consent"}
CLINICAL = PERSON | {"allergies", "weight", "consent", "clearance", "safety_plan", "alerts", "today"}
READS = {
    "frontdesk": DESK,
    "np": CLINICAL,
    "therapist": CLINICAL,
    "prescriber": CLINICAL,
    "director": CLINICAL,
    "billing": {"name"},
}


def banner(cast: Cast, client_id: Any, who: str = "np", **headers: str) -> Any:
    return cast.desk(who).client.get(f"/api/v1/clients/{client_id}/banner/", headers=headers)


def shown(cast: Cast, client_id: Any, who: str = "np") -> dict[str, Any]:
    return done(banner(cast, client_id, who), 200)


# --- who reads what ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", READS)
def test_each_role_reads_its_own_part(cast: Cast, who: str) -> None:
    session = people.dosed_session(cast)
    found = shown(cast, session.client_id, who)
    assert set(found) == READS[who]
    assert found["name"] == "Robin Sample"
    assert events("client.banner") == [(cast.people[who].pk, "ok", [session.client_id])]


def test_who_is_no_reader_of_clients_is_refused_and_elsewhere_there_is_nobody(cast: Cast) -> None:
    program = opened_program(cast)
    refused(banner(cast, program.client_id, "admin"), 403, "not_permitted")
    for who in ("south_frontdesk", "south_np", "south_billing"):
        refused(banner(cast, program.client_id, who), 404, "not_found")


def test_the_desk_reads_contact_and_whether_there_is_a_consent(cast: Cast) -> None:
    program = opened_program(cast)
    found = shown(cast, program.client_id, "frontdesk")
    assert (found["contact"], found["consent"]) == ({"phone": "303-555-0142", "email": ""}, False)
    people.clear(cast, program)
    assert shown(cast, program.client_id, "frontdesk")["consent"] is True


# --- what it says --------------------------------------------------------------------------------------------------------


def test_of_a_new_client_it_says_that_nothing_is_known(cast: Cast) -> None:
    somebody = people.client(cast.north, by=cast.frontdesk, chosen_name="Rob", pronouns="they/them")
    found = shown(cast, somebody.pk)
    assert found.pop("allergies")["state"] == "none_recorded"
    assert found == {
        "name": "Rob Sample",
        "pronouns": "they/them",
        "date_of_birth": "1985-03-02",
        "age": 41,
        "mrn": somebody.mrn,
        "weight": None,
        "consent": {"state": "none", "signed_at": None, "ends_at": None},
        "clearance": {"state": "none", "expires_on": None},
        "safety_plan": False,
        "alerts": [],
        "today": [],
    }


def test_of_a_day_with_a_dose_it_says_all(cast: Cast) -> None:
    session = people.ready_dose(cast)
    visits.change(session=session, values={"weight_kg": Decimal(82)}, by=cast.np, at=MONDAY)
    people.give(cast, session)
    allergy = {"substance": "Latex", "reaction": "Rash", "severity": "mild"}
    cast.desk("np").must(f"clients/{session.client_id}/allergies/", allergy, status=201)
    found = shown(cast, session.client_id)
    assert [row["substance"] for row in found["allergies"]["results"]] == ["Latex"]
    assert found["weight"] == {
        "weight_kg": "82.00",
        "weighed_at": "2026-05-04T15:00:00Z",
        "source": "measured",
    }
    consent = {"state": "signed", "signed_at": "2026-05-04T15:00:00Z", "ends_at": "2027-05-04T15:00:00Z"}
    assert found["consent"] == consent
    assert (found["clearance"]["state"], found["clearance"]["expires_on"] > "2026-05-04") == (
        "standing",
        True,
    )
    (today,) = found["today"]
    dose = {
        "drug": "ketamine",
        "route": "sublingual",
        "given_mg": "100.000",
        "first_at": "2026-05-04T15:00:00Z",
    }
    assert (today["session"], today["kind"], today["dose"]) == (str(session.pk), "dosing", dose)
    assert (today["room_name"], today["location"]) == ("Aspen", str(cast.north.pk))


def test_a_clearance_that_does_not_stand_says_how(cast: Cast) -> None:
    program = people.cleared_program(cast)
    state = lambda: shown(cast, program.client_id)["clearance"]  # noqa: E731
    expires_on = state()["expires_on"]
    cast.desk("np").must("medications/", {"client": str(program.client_id), "text": "Nardil"})
    assert state() == {"state": "suspended", "expires_on": expires_on}
    clearance = cast.desk("prescriber").get("clearances/").json()["results"][0]["id"]
    cast.desk("prescriber").must(f"clearances/{clearance}/void/", {"reason": "Murmur heard"})
    assert state() == {"state": "voided", "expires_on": expires_on}
    with clock.fixed(MONDAY + timedelta(days=400)):
        assert shown(cast, program.client_id)["consent"]["state"] == "lapsed"


def test_an_expired_clearance_is_so_from_the_clinics_next_day(cast: Cast) -> None:
    program = people.cleared_program(cast)
    last = shown(cast, program.client_id)["clearance"]["expires_on"]
    days = (clock.now().date().fromisoformat(last) - clock.now().date()).days
    for hours, state in ((14, "standing"), (16, "expired")):  # midnight in Denver is 06:00 in UTC
        with clock.fixed(MONDAY + timedelta(days=days, hours=hours)):
            assert shown(cast, program.client_id)["clearance"]["state"] == state


def test_a_consent_that_was_revoked_is_none_for_the_desk(cast: Cast) -> None:
    program = people.cleared_program(cast)
    consent = cast.desk("frontdesk").get("consents/").json()["results"][0]["id"]
    cast.desk("frontdesk").must(f"consents/{consent}/revoke/", {"reason": "Changed their mind"})
    assert shown(cast, program.client_id, "frontdesk")["consent"] is False
    assert shown(cast, program.client_id)["consent"]["state"] == "revoked"


def test_open_alerts_and_a_safety_plan(cast: Cast) -> None:
    program = people.cleared_program(cast)
    people.cssrs(cast, program, 1, 2, 3, 4)
    (alert,) = shown(cast, program.client_id)["alerts"]
    assert (alert["cause"], alert["status"], alert["holds_doses"]) == ("cssrs_high", "open", True)
    done_so = {"action": "Stayed with the client"}
    cast.desk("prescriber").must(f"safety-alerts/{alert['id']}/acknowledge/", done_so)
    assert shown(cast, program.client_id)["alerts"][0]["status"] == "acknowledged"  # it still holds doses
    plan = {"client": str(program.client_id), "text": "Call 988.", "made_on": "2026-05-04"}
    made = cast.desk("np").must("safety-plans/", plan)["id"]
    release = {"rationale": "Seen; plan made.", "safety_plan": made, "not_alone": True}
    cast.desk("prescriber").must(f"safety-alerts/{alert['id']}/release/", release)
    found = shown(cast, program.client_id)
    assert (found["alerts"], found["safety_plan"]) == ([], True)


def test_age_is_told_by_the_clinics_date(cast: Cast) -> None:
    born = MONDAY.date().replace(year=1986, day=5)
    somebody = people.client(cast.north, by=cast.frontdesk, date_of_birth=born)
    for hours, age in ((14, 39), (16, 40)):
        with clock.fixed(MONDAY + timedelta(hours=hours)):
            assert shown(cast, somebody.pk, "frontdesk")["age"] == age


def test_today_is_the_locations_day(cast: Cast) -> None:
    program = opened_program(cast)
    evening = people.booked(cast, program, "preparation", MONDAY + timedelta(hours=9))  # 18:00 in Denver
    people.booked(cast, program, "preparation", MONDAY + timedelta(days=1))
    for hours, days in ((0, [evening.pk]), (14, [evening.pk])):
        with clock.fixed(MONDAY + timedelta(hours=hours)):
            today = shown(cast, program.client_id)["today"]
        assert [row["session"] for row in today] == list(map(str, days))
    with clock.fixed(MONDAY + timedelta(hours=16)):
        assert [row["starts_at"] for row in shown(cast, program.client_id)["today"]] == [
            "2026-05-05T15:00:00Z"
        ]


def test_a_session_by_video_has_no_room(cast: Cast) -> None:
    session = people.booked(
        cast, opened_program(cast), "preparation", MONDAY + timedelta(hours=1), modality="video", room=None
    )
    (today,) = shown(cast, session.client_id)["today"]
    assert (today["room_name"], today["modality"], today["dose"]) == (None, "video", None)


def test_two_registrations_of_one_person_have_one_banner(cast: Cast) -> None:
    session = people.dosed_session(cast)
    twin = people.client(cast.north, by=cast.frontdesk, first="Robyn", phone="303-555-0188")
    cast.desk("np").must(f"clients/{twin.pk}/allergies/none-known/", status=201)
    merge = {"into": str(session.client_id), "reason": "Same person"}
    cast.desk("director").must(f"clients/{twin.pk}/merge/", merge)
    ours, theirs = (shown(cast, pk) for pk in (session.client_id, twin.pk))
    for name in ("weight", "consent", "clearance", "today", "alerts"):
        assert ours[name] == theirs[name]
    assert ours["allergies"]["state"] == theirs["allergies"]["state"] == "none_known"
    assert ours["clearance"]["state"] == "standing"


def test_what_is_of_another_location_is_not_on_it(cast: Cast) -> None:
    """A client of both: the south reads the person and the allergies, not the sessions and decisions of the north."""
    session = people.ready_dose(cast)
    visits.change(session=session, values={"weight_kg": Decimal(82)}, by=cast.np, at=MONDAY)
    people.give(cast, session)
    client = session.client
    client.refresh_from_db()
    both = practice.ClientFields(locations=[cast.north.pk])
    director = cast.director
    director.locations = [cast.north.pk, cast.south.pk]
    director.save_by(cast.admin, at=MONDAY)
    both["locations"] = [cast.north.pk, cast.south.pk]
    practice.save_client(client=client, values=both, by=director, at=MONDAY)
    found = shown(cast, client.pk, "south_np")
    assert (found["weight"], found["today"], found["alerts"]) == (None, [], [])
    assert (found["clearance"]["state"], found["consent"]["state"]) == ("none", "none")


# --- asked again ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["np", "frontdesk", "billing"])
def test_asked_again_it_says_only_that_nothing_changed(cast: Cast, who: str) -> None:
    session = people.dosed_session(cast)
    first = banner(cast, session.client_id, who)
    again = banner(cast, session.client_id, who, if_none_match=first.headers["ETag"])
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert len(events("client.banner")) == 1
    practice.save_client(client=session.client, values={"chosen_name": "Rob"}, by=cast.frontdesk, at=MONDAY)
    told = banner(cast, session.client_id, who, if_none_match=first.headers["ETag"])
    assert done(told, 200)["name"] == "Rob Sample"


def test_nobody_is_told_nothing_changed_by_the_tag_of_another(cast: Cast) -> None:
    session = people.dosed_session(cast)
    tag = banner(cast, session.client_id, "np").headers["ETag"]
    assert banner(cast, session.client_id, "therapist", if_none_match=tag).status_code == 200


def test_it_asks_as_little_of_a_long_record(cast: Cast) -> None:
    session = people.dosed_session(cast)

    def asked(who: str) -> int:
        banner(cast, session.client_id, who)
        with CaptureQueriesContext(connection) as caught:
            banner(cast, session.client_id, who)
        return len(caught)

    assert {who: asked(who) for who in ("np", "frontdesk", "billing")} == {
        "np": 4,
        "frontdesk": 4,
        "billing": 3,
    }
    for hour in range(1, 4):
        people.booked(cast, session.program, "integration", MONDAY + timedelta(hours=4 + hour))
        cast.desk("np").must(f"clients/{session.client_id}/allergies/", {"substance": f"Nut {hour}"})
    people.cssrs(cast, session.program, 1, 2, 3)
    assert Session.objects.filter(client=session.client).count() > 3
    assert asked("np") == 4
