"""PATCH of a part leaves the rest: a nested object merges by key, null clears, and the schema says so."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from kapclinic.core.http.merging import WORDS
from kapclinic.local.places import CHECKOUT
from kapclinic.practice.models import Client
from sessions.booking.models import Session
from sessions.notes.models import Note
from tests import cast as people
from tests.asking import done, refused
from tests.cast import HOME, Cast

SECTIONS = {"data": "Spoke.", "assessment": "Calm.", "plan": "Friday."}
ESCORT = {"name": "Alex Example", "phone": "303-555-0177", "relationship": "friend"}


def note(cast: Cast) -> str:
    session = people.one_of_each_kind(cast)["integration"]
    body = {"session": str(session.pk), "kind": "integration", "frame": "dap", "sections": SECTIONS}
    return f"notes/{cast.desk('therapist').must('notes/', body)['id']}/"


@pytest.mark.parametrize(
    ("sent", "left"),
    [
        ({"plan": "Monday."}, SECTIONS | {"plan": "Monday."}),
        ({"plan": None}, {"data": "Spoke.", "assessment": "Calm."}),
        ({"plan": None, "data": "More."}, {"data": "More.", "assessment": "Calm."}),
        ({}, SECTIONS),
        (None, {}),
    ],
)
def test_sections_of_a_note(cast: Cast, sent: Any, left: dict[str, str]) -> None:
    path = note(cast)
    assert done(cast.desk("therapist").patch(path, {"sections": sent}), 200)["sections"] == left


def test_a_section_that_the_frame_lacks_is_refused_and_the_rest_stays(cast: Cast) -> None:
    path = note(cast)
    answer = cast.desk("therapist").patch(path, {"sections": {"objective": "x"}})
    refused(answer, 400, "unknown_section", "/sections/objective")
    refused(cast.desk("therapist").patch(path, {"sections": ["x"]}), 400, "not_a_dict", "/sections")
    assert Note.objects.get().sections == SECTIONS


@pytest.mark.parametrize(
    ("field", "sent", "left"),
    [
        ("communication_consent", {"sms": True}, {"email": True, "sms": True}),
        ("communication_consent", {"email": None}, {}),
        ("communication_consent", None, {}),
        (
            "emergency_contact",
            {"phone": "303-555-0111"},
            {"name": "Kim", "phone": "303-555-0111", "relationship": "sister"},
        ),
        (
            "emergency_contact",  # somebody else is nobody's sister yet
            {"name": "Alex", "phone": "303-555-0112"},
            {"name": "Alex", "phone": "303-555-0112"},
        ),
        ("emergency_contact", None, {}),
        ("address", {"city": "Boulder"}, people.ADDRESS | {"line2": "", "city": "Boulder"}),
    ],
)
def test_nested_objects_of_a_client(cast: Cast, field: str, sent: Any, left: dict[str, Any]) -> None:
    client = people.client(
        cast.north,
        by=cast.frontdesk,
        communication_consent={"email": True},
        emergency_contact={"name": "Kim", "phone": "303-555-0110", "relationship": "sister"},
        address=people.ADDRESS | {"line2": ""},
    )
    body = done(cast.desk("frontdesk").patch(f"clients/{client.pk}/", {field: sent}), 200)
    assert body[field] == left


@pytest.mark.parametrize(
    ("field", "sent", "pointer", "code"),
    [
        ("address", None, "/address", "null"),
        ("address", {"city": None}, "/address/city", "required"),
        ("address", {"planet": None}, "/address/planet", "unknown_field"),
        ("emergency_contact", {"name": None}, "/emergency_contact/name", "required"),
        ("emergency_contact", {"name": "Alex"}, "/emergency_contact/phone", "required"),
        ("communication_consent", {"fax": True}, "/communication_consent/fax", "unknown_field"),
    ],
)
def test_what_an_object_cannot_be_without_is_refused(
    cast: Cast, field: str, sent: Any, pointer: str, code: str
) -> None:
    contact = {"name": "Kim", "phone": "303-555-0110"}
    client = people.client(cast.north, by=cast.frontdesk, emergency_contact=contact)
    before = Client.objects.values(field).get(pk=client.pk)
    refused(cast.desk("frontdesk").patch(f"clients/{client.pk}/", {field: sent}), 400, code, pointer)
    assert Client.objects.values(field).get(pk=client.pk) == before


def test_escort_place_and_words_of_a_session(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("escort",))
    np, path = cast.desk("np"), f"sessions/{session.pk}/"
    refused(np.patch(path, {"escort": {"name": "Alex"}}), 400, "required", "/escort/phone")
    assert Session.objects.get(pk=session.pk).escort is None
    assert done(np.patch(path, {"escort": ESCORT, "client_location": HOME}), 200)["escort"] == ESCORT
    changed = done(np.patch(path, {"escort": {"phone": "303-555-0178"}}), 200)
    assert changed["escort"] == ESCORT | {"phone": "303-555-0178"}
    # Somebody else has not the phone of the one before.
    refused(np.patch(path, {"escort": {"name": "Kim Other"}}), 400, "required", "/escort/phone")
    assert Session.objects.get(pk=session.pk).escort == changed["escort"]
    other = {"name": "Kim Other", "phone": "303-555-0179"}
    assert done(np.patch(path, {"escort": other}), 200)["escort"] == other | {"relationship": ""}
    assert done(np.patch(path, {"escort": ESCORT}), 200)["escort"] == ESCORT
    assert done(np.patch(path, {"escort": {"name": ESCORT["name"], "phone": "303-555-0178"}}), 200) == (
        done(np.get(path), 200) | {"escort": changed["escort"]}
    )
    changed = done(np.patch(path, {"client_location": {"ems_phone": None}}), 200)
    assert changed["client_location"] == {key: text for key, text in HOME.items() if key != "ems_phone"}
    before = changed["attestations"]
    changed = done(np.patch(path, {"attestations": {"equipment": False}}), 200)
    assert changed["attestations"] == before | {"equipment": False}
    refused(np.patch(path, {"attestations": {"equipment": None}}), 400, "null", "/attestations/equipment")
    cleared = done(np.patch(path, {"escort": None, "client_location": None}), 200)
    assert (cleared["escort"], cleared["client_location"]) == (None, None)


def test_license_of_staff_and_hours_of_a_program(cast: Cast) -> None:
    admin, path = cast.desk("admin"), f"staff/{cast.np.pk}/"
    done(admin.patch(path, {"license": {"number": "N-1", "state": "CO"}}), 200)
    assert done(admin.patch(path, {"license": {"state": "WY"}}), 200)["license"] == {
        "number": "N-1",
        "state": "WY",
    }
    assert done(admin.patch(path, {"license": None}), 200)["license"] is None
    desk, path = cast.desk("frontdesk"), f"programs/{people.opened_program(cast).pk}/"
    done(desk.patch(path, {"preferred_hours": {"from": "09:00", "to": "12:00"}}), 200)
    hours = done(desk.patch(path, {"preferred_hours": {"to": "11:00"}}), 200)["preferred_hours"]
    assert hours == {"from": "09:00", "to": "11:00"}
    refused(desk.patch(path, {"preferred_hours": {"to": "08:00"}}), 400, "invalid")
    assert done(desk.patch(path, {"preferred_hours": None}), 200)["preferred_hours"] is None


def test_answers_of_a_screening(cast: Cast) -> None:
    program = people.opened_program(cast)
    body = {"program": str(program.pk), "answers": {"PREG": False, "PSY_SI": True}}
    np = cast.desk("np")
    path = f"screenings/{np.must('screenings/', body)['id']}/"
    assert done(np.patch(path, {"answers": {"PREG": True}}), 200)["answers"] == {"PREG": True, "PSY_SI": True}
    assert done(np.patch(path, {"answers": {"PSY_SI": None}}), 200)["answers"] == {"PREG": True}
    refused(np.patch(path, {"answers": {"NOBODY": True}}), 400, "unknown_code", "/answers/NOBODY")


def test_the_schema_says_so_at_every_patch() -> None:
    paths = yaml.load((CHECKOUT / "docs/openapi.yaml").read_text(), yaml.CSafeLoader)["paths"]
    patches = {path: one["patch"] for path, one in paths.items() if "patch" in one}
    assert len(patches) > 8
    silent = [path for path, one in patches.items() if WORDS not in one.get("description", "")]
    assert silent == []
