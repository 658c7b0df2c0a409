"""A client has one course that goes on: a second one is refused, or takes the place of the first, which keeps its debts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from kapclinic.core import clock
from programs.models import Program
from sessions.booking.models import Session
from sessions.course import services as course
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from tests import cast as people
from tests.asking import done, refused, sql
from tests.cast import MONDAY, Cast
from tests.racing import race


def asked(cast: Cast, program: Program, **more: Any) -> dict[str, Any]:
    """What opens one more course of the program's client, on the same protocol."""
    return {
        "client": str(program.client_id),
        "protocol": str(program.protocol_id),
        "location": str(cast.north.pk),
        "therapist": str(cast.therapist.pk),
        "prescriber": str(cast.prescriber.pk),
        "accepted_modalities": ["in_person"],
    } | more


def status_of(program: Program) -> str:
    return str(Program.objects.get(pk=program.pk).status)


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("program_type", ["kap", "infusion_only"])
def test_a_second_course_of_a_client_is_refused_and_names_the_first(
    cast: Cast, held: bool, program_type: str
) -> None:
    program = people.opened_program(cast)
    if held:
        cast.desk("therapist").must(f"programs/{program.pk}/hold/", {"reason": "Travels"})
    other = people.approved_protocol(cast, name="Other", program_type=program_type)
    for continues in ({}, {"continues": None}):
        answer = cast.desk("frontdesk").post(
            "programs/", asked(cast, program, protocol=str(other.pk), **continues)
        )
        assert refused(answer, 409, "second_program")["program"] == str(program.pk)
    assert Program.objects.count() == 1


@pytest.mark.parametrize("move", ["discontinue", "complete"])
def test_after_a_course_that_ended_another_one_may_begin(cast: Cast, move: str) -> None:
    program = people.opened_program(cast)
    if move == "complete":
        program.phase = "integration"
        program.save_by(cast.therapist, at=MONDAY)
    cast.desk("therapist").must(f"programs/{program.pk}/{move}/", {"reason": "Done"})
    made = cast.desk("frontdesk").must("programs/", asked(cast, program), status=201)
    assert (made["status"], made["phase"], made["continues"]) == ("active", "screening", None)


@pytest.mark.parametrize("who", ["frontdesk", "np", "therapist", "prescriber", "director"])
def test_the_next_course_completes_the_one_that_it_continues(cast: Cast, who: str) -> None:
    program = people.opened_program(cast)
    booked = people.booked(cast, program, "preparation", MONDAY + timedelta(days=2))
    made = cast.desk(who).must("programs/", asked(cast, program, continues=str(program.pk)), status=201)
    assert (made["status"], made["continues"]) == ("active", str(program.pk))
    first = cast.desk("therapist").get(f"programs/{program.pk}/").json()
    assert (first["status"], first["allowed_moves"]) == ("completed", [])
    assert first["phases"][-1]["ended_at"] == "2026-05-04T15:00:00Z"
    booked.refresh_from_db()
    assert booked.status == Session.Status.CANCELLED


def test_a_course_on_hold_is_continued_too(cast: Cast) -> None:
    program = people.opened_program(cast)
    cast.desk("therapist").must(f"programs/{program.pk}/hold/", {"reason": "Travels"})
    cast.desk("frontdesk").must("programs/", asked(cast, program, continues=str(program.pk)), status=201)
    assert status_of(program) == "completed"


def test_what_the_first_course_owes_stays_booked(cast: Cast) -> None:
    row = people.owed(cast)
    integration.schedule_obligation(obligation_id=row.pk, at=MONDAY)
    row.refresh_from_db()
    assert (row.state, row.program.phase) == ("booked", "dosing")
    done(
        cast.desk("frontdesk").post("programs/", asked(cast, row.program, continues=str(row.program_id))), 201
    )
    row.refresh_from_db()
    assert (row.state, row.integration_session.status) == ("booked", "scheduled")
    assert status_of(row.program) == "completed"


def test_what_the_first_course_owes_is_booked_afterwards_all_the_same(cast: Cast) -> None:
    row = people.owed(cast)
    done(
        cast.desk("frontdesk").post("programs/", asked(cast, row.program, continues=str(row.program_id))), 201
    )
    row.refresh_from_db()
    assert row.state == "due"
    integration.schedule_obligation(obligation_id=row.pk, at=MONDAY)
    row.refresh_from_db()
    assert (row.state, row.program.status) == ("booked", "completed")


@pytest.mark.parametrize(
    ("more", "status", "code", "pointer"),
    [
        ({"therapist": "{prescriber}"}, 400, "wrong_role", "/therapist"),
        ({"preferred_days": [9]}, 400, "max_value", "/preferred_days/0"),
        ({"continues": "01900000-0000-7000-8000-00000000dead"}, 400, "not_found", "/continues"),
        ({"continues": "soon"}, 400, "invalid", "/continues"),
    ],
)
def test_what_is_refused_leaves_the_first_course_as_it_is(
    cast: Cast, more: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    program = people.opened_program(cast)
    booked = people.booked(cast, program, "preparation", MONDAY + timedelta(days=2))
    named = {
        key: str(cast.prescriber.pk) if value == "{prescriber}" else value for key, value in more.items()
    }
    body = asked(cast, program, continues=str(program.pk)) | named
    refused(cast.desk("frontdesk").post("programs/", body), status, code, pointer)
    booked.refresh_from_db()
    assert (status_of(program), booked.status, Program.objects.count()) == ("active", "scheduled", 1)


def test_only_a_course_of_this_client_that_goes_on_is_continued(cast: Cast) -> None:
    program = people.opened_program(cast)
    stranger = people.opened_program(cast, who=people.client(cast.north, by=cast.frontdesk, first="Kim"))
    desk = cast.desk("frontdesk")
    refused(
        desk.post("programs/", asked(cast, program, continues=str(stranger.pk))),
        400,
        "not_found",
        "/continues",
    )
    assert (status_of(program), status_of(stranger)) == ("active", "active")
    cast.desk("therapist").must(f"programs/{program.pk}/discontinue/", {"reason": "Moved away"})
    refused(
        desk.post("programs/", asked(cast, program, continues=str(program.pk))), 409, "illegal_transition"
    )
    assert (status_of(program), Program.objects.count()) == ("discontinued", 2)


@pytest.mark.parametrize("who", ["billing", "admin"])
def test_who_opens_no_course_continues_none(cast: Cast, who: str) -> None:
    program = people.opened_program(cast)
    answer = cast.desk(who).post("programs/", asked(cast, program, continues=str(program.pk)))
    refused(answer, 403, "not_permitted")
    assert status_of(program) == "active"


def test_the_same_request_sent_again_opens_nothing_more(cast: Cast) -> None:
    program = people.opened_program(cast)
    body = asked(cast, program, continues=str(program.pk))
    first = cast.desk("frontdesk").must("programs/", body, key="once", status=201)
    again = cast.desk("frontdesk").post("programs/", body, key="once")
    assert done(again, 201)["id"] == first["id"]
    assert refused(cast.desk("frontdesk").post("programs/", body), 409, "illegal_transition")
    assert Program.objects.count() == 2


def test_the_database_holds_one_course_that_goes_on(cast: Cast) -> None:
    program = people.opened_program(cast)
    columns = ", ".join(
        field.column for field in Program._meta.concrete_fields if field.column not in {"id", "continues_id"}
    )
    copy = f"INSERT INTO programs_program (id, {columns}) SELECT gen_random_uuid(), {columns} FROM programs_program"
    with pytest.raises(IntegrityError, match="program_live_once"), transaction.atomic():
        sql(copy)
    assert list(Program.objects.all()) == [program]


@pytest.fixture
def clinic(transactional_db: None) -> Iterator[Cast]:
    with clock.fixed(MONDAY):
        yield people.assemble()


def test_of_two_desks_at_once_one_opens_the_course(clinic: Cast) -> None:
    protocol = people.approved_protocol(clinic)
    for turn in range(5):
        who = people.client(clinic.north, by=clinic.frontdesk, first=f"Robin{turn}")
        values = {
            "client": who.pk,
            "protocol": protocol.pk,
            "location": clinic.north.pk,
            "therapist": clinic.therapist.pk,
            "prescriber": clinic.prescriber.pk,
        }
        opens = lambda values=values: course.open_program(values=values, by=clinic.frontdesk, at=MONDAY)  # noqa: E731
        (heard,) = race(opens, opens)
        assert getattr(heard, "code", None) == "second_program"
        assert Program.objects.filter(client=who).count() == 1
    connection.close()


def test_of_two_next_courses_at_once_one_takes_the_place_of_the_first(clinic: Cast) -> None:
    first = people.owed(clinic, people.cleared_program(clinic)).program
    values = {
        "client": first.client_id,
        "protocol": first.protocol_id,
        "location": clinic.north.pk,
        "therapist": clinic.therapist.pk,
        "prescriber": clinic.prescriber.pk,
        "continues": first.pk,
    }
    opens = lambda: course.open_program(values=values, by=clinic.frontdesk, at=MONDAY)  # noqa: E731
    (heard,) = race(opens, opens)
    assert getattr(heard, "code", None) == "illegal_transition"
    states = Program.objects.filter(client=first.client_id).order_by("pk").values_list("status", flat=True)
    assert list(states) == ["completed", "active"]
    assert Obligation.objects.get().state == "due"
    connection.close()
