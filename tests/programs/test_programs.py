"""Programs: opened by the desk, moved by facts, held, ended; seen only where they belong."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from programs.models import PhaseSpan, Program
from tests.cast import MONDAY, Cast, client, opened_program
from tests.journeys import steps


def _body(cast: Cast, **more: Any) -> dict[str, Any]:
    protocol = steps.approve_protocol(cast)
    body = {
        "client": str(client(cast.north, by=cast.frontdesk).pk),
        "protocol": protocol["id"],
        "location": str(cast.north.pk),
        "therapist": str(cast.therapist.pk),
        "prescriber": str(cast.prescriber.pk),
        "accepted_modalities": ["video"],
    }
    return body | more


def test_a_program_begins_in_screening_with_an_open_span(cast: Cast) -> None:
    made = cast.desk("frontdesk").must("programs/", _body(cast))
    assert (made["status"], made["phase"]) == ("active", "screening")
    assert [(span["phase"], span["ended_at"]) for span in made["phases"]] == [("screening", None)]
    assert made["progress"] == {
        "preparation": {"done": 0, "required": 2},
        "dosing": {"done": 0, "planned": 6},
        "integration": {"open": 0, "met": 0, "missed": 0, "waived": 0},
    }


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"therapist": "prescriber"}, "/therapist"),
        ({"prescriber": "therapist"}, "/prescriber"),
        ({"therapist": "south_therapist"}, "/therapist"),
        ({"therapist": None}, "/therapist"),
    ],
)
def test_staff_must_hold_the_role_at_the_location(cast: Cast, change: dict[str, Any], pointer: str) -> None:
    named = {key: str(getattr(cast, name).pk) if name else None for key, name in change.items()}
    answer = cast.desk("frontdesk").post("programs/", _body(cast, **named))
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Program.objects.exists()


def test_another_houses_client_and_location_can_not_be_used(cast: Cast) -> None:
    hidden = client(cast.south, by=cast.south_frontdesk, first="Hidden")
    for change, pointer in (
        ({"client": str(hidden.pk)}, "/client"),
        ({"location": str(cast.south.pk)}, "/location"),
    ):
        answer = cast.desk("frontdesk").post("programs/", _body(cast, **change))
        assert answer.status_code == 400
        assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert not Program.objects.exists()


def test_front_desk_sends_diagnosis_and_goals_but_does_not_read_them(cast: Cast) -> None:
    made = cast.desk("frontdesk").must("programs/", _body(cast, diagnosis="F33.2", goals="Sleep"))
    assert (made["diagnosis"], made["goals"]) == ("", "")
    seen = cast.desk("therapist").get(f"programs/{made['id']}/").json()
    assert (seen["diagnosis"], seen["goals"]) == ("F33.2", "Sleep")
    billed = cast.desk("billing").get(f"programs/{made['id']}/").json()
    assert (billed["diagnosis"], billed["goals"]) == ("F33.2", "")


def test_the_other_location_sees_nothing(cast: Cast) -> None:
    program = opened_program(cast)
    for name in ("south_frontdesk", "south_therapist", "south_billing"):
        answer = cast.desk(name).get(f"programs/{program.pk}/")
        assert answer.status_code == 404
        assert b"Robin" not in answer.content
        assert cast.desk(name).get("programs/").json()["count"] == 0


def test_hold_resume_and_their_refusals(cast: Cast) -> None:
    program = opened_program(cast)
    held = cast.desk("therapist").must(f"programs/{program.pk}/hold/", {"reason": "Travelling"})
    assert (held["status"], held["allowed_moves"]) == ("on_hold", ["resume", "discontinue"])
    assert cast.desk("therapist").post(f"programs/{program.pk}/hold/", {"reason": "Again"}).status_code == 409
    assert cast.desk("frontdesk").post(f"programs/{program.pk}/resume/").status_code == 403
    assert cast.desk("therapist").must(f"programs/{program.pk}/resume/")["status"] == "active"


def test_complete_waits_for_the_integration_phase(cast: Cast) -> None:
    program = opened_program(cast)
    answer = cast.desk("therapist").post(f"programs/{program.pk}/complete/")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    program.refresh_from_db()
    assert program.status == "active"


def test_discontinuing_frees_what_is_booked(cast: Cast) -> None:
    program = opened_program(cast)
    shown = {"id": str(program.pk)}
    session = steps.book(cast, shown, "preparation", MONDAY.replace(hour=20))
    done = cast.desk("therapist").must(f"programs/{program.pk}/discontinue/", {"reason": "Moved away"})
    assert done["status"] == "discontinued"
    assert done["phases"][-1]["ended_at"]
    assert cast.desk("frontdesk").get(f"sessions/{session['id']}/").json()["status"] == "cancelled"
    other = {"id": str(opened_program(cast, who=client(cast.north, by=cast.frontdesk, first="Next")).pk)}
    steps.book(cast, other, "preparation", MONDAY.replace(hour=20))


def test_declined_discontinues(cast: Cast) -> None:
    program = opened_program(cast)
    body = {
        "program": str(program.pk),
        "answers": steps.HEALTHY | {"PREG": True},
        "blood_pressures": [],
        "medications": [],
    }
    draft = cast.desk("np").must("screenings/", body)
    cast.desk("np").must(f"screenings/{draft['id']}/submit/")
    decision = {"decision": "declined", "rationale": "Not now.", "resolutions": []}
    cast.desk("prescriber").must(f"screenings/{draft['id']}/decide/", decision)
    assert cast.desk("therapist").get(f"programs/{program.pk}/").json()["status"] == "discontinued"


def test_two_open_phases_are_refused_by_the_database(cast: Cast) -> None:
    program = opened_program(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        PhaseSpan(program=program, phase="dosing", started_at=clock.now()).save_by(SYSTEM, at=clock.now())
