"""Who reads what of a visit, and what the administrator is told of an absence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.practice.models import TimeOff
from kapclinic.trail.models import AuditEvent
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import Cast
from tests.journeys.steps import moment
from tests.sessions.absences.leaving import away, drop, everything, kept, looked_at, move, three_sessions
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def session(cast: Cast) -> Session:
    (program,) = desk.programs_of(cast, 1)
    return people.booked(cast, program, "preparation", TUESDAY)


# --- the administrator and an absence ------------------------------------------------------------------------------


def test_the_administrator_sees_when_an_absence_breaks_something_and_not_whose(cast: Cast) -> None:
    three = three_sessions(cast)
    found = looked_at(cast, away(cast.therapist), by="admin")
    assert found["sessions"] == [
        {"starts_at": moment(one.starts_at), "ends_at": moment(one.ends_at)} for one in three
    ]
    assert AuditEvent.objects.get(action="absence.preview").clients == []


@pytest.mark.parametrize("what", [drop, move])
def test_the_administrator_neither_moves_nor_cancels_sessions(
    cast: Cast, session: Session, what: Any
) -> None:
    before = everything()
    answer = kept(cast, away(cast.therapist), [what(session)], by="admin")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert b"Robin" not in answer.content
    assert everything() == before


# --- a reason ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("writer", "reader", "seen"),
    [
        ("frontdesk", "frontdesk", True),
        ("frontdesk", "np", True),
        ("frontdesk", "billing", False),
        ("therapist", "frontdesk", False),
        ("therapist", "billing", False),
        ("therapist", "np", True),
    ],
)
def test_a_reason_is_read_by_those_whose_words_it_is(
    cast: Cast, session: Session, writer: str, reader: str, seen: bool
) -> None:
    cast.desk(writer).must(f"sessions/{session.pk}/cancel/", {"reason": "Voices again"})
    shown = cast.desk(reader).get(f"sessions/{session.pk}/")
    assert shown.json()["reason"] == ("Voices again" if seen else "")
    (row,) = cast.desk(reader).get("sessions/", program=str(session.program_id)).json()["results"]
    assert row["reason"] == shown.json()["reason"]


def test_a_reason_stays_the_clinicians_when_the_front_desk_edits_something_else(
    cast: Cast, session: Session
) -> None:
    later = {"starts_at": moment(TUESDAY + 3 * HOUR), "ends_at": moment(TUESDAY + 4 * HOUR)}
    path = f"sessions/{session.pk}/"
    cast.desk("therapist").must(f"{path}reschedule/", later | {"reason": "Relapse last night"})
    escort = {"escort": {"name": "Alex Example", "phone": "303-555-0177"}}
    assert cast.desk("frontdesk").patch(path, escort).json()["reason"] == ""


def test_billing_reads_neither_escort_nor_the_clients_address(cast: Cast, session: Session) -> None:
    path = f"sessions/{session.pk}/"
    escort = {"name": "Alex Example", "phone": "303-555-0177", "relationship": ""}
    place = {"state": "CO", "address": "2 Hidden Lane"}
    assert cast.desk("frontdesk").patch(path, {"escort": escort, "client_location": place}).status_code == 200
    told = cast.desk("frontdesk").get(path).json()
    assert (told["escort"], told["client_location"]["address"]) == (escort, "2 Hidden Lane")
    billed = cast.desk("billing").get(path)
    assert (billed.json()["escort"], billed.json()["client_location"]) == (None, None)
    assert b"Hidden" not in billed.content


# --- time off ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reader", "status"),
    [("billing", 200), ("admin", 200), ("south_frontdesk", 404), ("south_therapist", 404)],
)
def test_who_is_away_is_told_to_their_own_locations(cast: Cast, reader: str, status: int) -> None:
    span = {"starts_at": moment(TUESDAY), "ends_at": moment(TUESDAY + HOUR), "reason": "Surgery"}
    cast.desk("frontdesk").must(f"staff/{cast.np.pk}/time-off/", span)
    answer = cast.desk(reader).get(f"staff/{cast.np.pk}/time-off/")
    assert answer.status_code == status
    assert (b"Surgery" in answer.content) is (status == 200)
    assert TimeOff.objects.count() == 1


# --- the day's list ------------------------------------------------------------------------------------------------


def test_a_session_over_midnight_stands_on_both_days(cast: Cast) -> None:
    """It begins at 23:00 in Denver on the 5th and ends at 02:00 on the 6th."""
    (program,) = desk.programs_of(cast, 1)
    night = people.booked(cast, program, "dosing", TUESDAY + 14 * HOUR, override_reason="A long night")
    north = {"kind": "dosing", "location": str(cast.north.pk)}

    def on(day: str) -> list[str]:
        found = cast.desk("np").get("sessions/", date=day, **north).json()["results"]
        return [row["id"] for row in found]

    days = {day: on(day) for day in ("2026-05-04", "2026-05-05", "2026-05-06", "2026-05-07")}
    assert days == {
        "2026-05-04": [],
        "2026-05-05": [str(night.pk)],
        "2026-05-06": [str(night.pk)],
        "2026-05-07": [],
    }


# --- free starts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "kind", "modality"),
    [
        (["video"], "preparation", "video"),
        (["video", "in_person"], "preparation", "in_person"),
        (["video"], "dosing", "in_person"),
    ],
)
def test_free_starts_are_of_the_kind_that_the_client_accepts(
    cast: Cast, accepted: list[str], kind: str, modality: str
) -> None:
    program = people.opened_program(cast, accepted_modalities=accepted)
    query = {"kind": kind, "program": str(program.pk), "from": "2026-05-05", "to": "2026-05-05"}
    found = cast.desk("frontdesk").get("availability/", **query).json()["results"]
    assert {slot["modality"] for slot in found} == {modality}


# --- where the client is -------------------------------------------------------------------------------------------


def _stage(cast: Cast, session: Session, stage: str, **more: Any) -> int:
    return int(cast.desk("np").post(f"sessions/{session.pk}/stage/", {"stage": stage} | more).status_code)


@pytest.mark.parametrize("end", [None, "cancel", "no-show"])
def test_nobody_stands_anywhere_who_has_not_come(cast: Cast, session: Session, end: str | None) -> None:
    with clock.fixed(TUESDAY):
        if end is not None:
            cast.desk("frontdesk").must(f"sessions/{session.pk}/{end}/", {"reason": "Ill"})
        state = Session.objects.get(pk=session.pk).status
        answer = cast.desk("np").post(f"sessions/{session.pk}/stage/", {"stage": "roomed"})
    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (
        409,
        "illegal_transition",
        state,
    )
    assert not session.stages.exists()


def test_after_the_visit_a_client_is_checked_out_and_nothing_else(cast: Cast, session: Session) -> None:
    path = f"sessions/{session.pk}"
    with clock.fixed(TUESDAY):
        cast.desk("frontdesk").must(f"{path}/check-in/")
    with clock.fixed(TUESDAY + HOUR):
        cast.desk("therapist").must(f"{path}/complete/")
    with clock.fixed(TUESDAY + 2 * HOUR):
        assert _stage(cast, session, "in_recovery") == 409
        assert _stage(cast, session, "roomed", at=moment(TUESDAY - HOUR)) == 409
        assert _stage(cast, session, "roomed", at=moment(TUESDAY + HOUR / 4)) == 201
        assert _stage(cast, session, "checked_out") == 201
    assert list(session.stages.order_by("at").values_list("stage", flat=True)) == ["roomed", "checked_out"]
