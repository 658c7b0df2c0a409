"""The slot that is held for a dose: it is never lost in silence, never held twice, and is with the therapist of today."""

from __future__ import annotations

from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.trail.models import Task
from sessions.booking.models import Session
from sessions.integration.models import Obligation
from sessions.integration.services import held_slots
from sessions.integration.services.obligations import schedule_obligation
from tests import cast as people
from tests.cast import Cast
from tests.sessions.booking.desk import TUESDAY


def held_for(dose: Session) -> list[Session]:
    return list(Session.objects.filter(for_dose=dose, status="held"))


def with_whom(session: Session) -> str:
    return str(session.staff[0]["user"])


def planned(cast: Cast) -> tuple[Session, Session]:
    """A dose of Tuesday, and the slot that is held for it."""
    dose = people.booked(cast, people.cleared_program(cast), "dosing", TUESDAY)
    (held,) = held_for(dose)
    return dose, held


@pytest.mark.parametrize("free", [True, False])
def test_a_held_slot_that_the_desk_cancels_is_held_at_another_time_or_missed_by_somebody(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, free: bool
) -> None:
    dose, held = planned(cast)
    if not free:
        monkeypatch.setattr(held_slots, "_hold_best", lambda *_, **__: None)
    cast.desk("frontdesk").must(f"sessions/{held.pk}/cancel/", {"reason": "Clicked the wrong row"})
    found = held_for(dose)
    listed = Task.objects.open().filter(kind="integration_no_slot", subject_id=dose.pk)
    assert (len(found), listed.count()) == ((1, 0) if free else (0, 1))
    assert all(one.starts_at != held.starts_at for one in found)  # that time was given up
    cast.desk("frontdesk").must(f"sessions/{dose.pk}/cancel/", {"reason": "Called"})
    assert held_for(dose) == []


def test_one_of_two_slots_of_a_dose_is_confirmed_and_the_other_let_go(cast: Cast) -> None:
    session = people.ready_dose(cast)
    assert (
        held_slots.hold_slot(dose=session, program=session.program, by=cast.frontdesk, at=clock.now())
        is not None
    )
    assert len(held_for(session)) == 2
    people.give(cast, session)
    owed = Obligation.objects.get()
    schedule_obligation(obligation_id=owed.pk, at=clock.now())
    owed.refresh_from_db()
    assert owed.state == "booked"
    assert list(Session.objects.standing().filter(for_dose=session)) == [owed.integration_session]


def change_therapist(cast: Cast, session: Session) -> None:
    path, body = f"programs/{session.program_id}/", {"therapist": str(cast.other_therapist.pk)}
    answer: Any = cast.desk("prescriber").patch(path, body)
    assert answer.status_code == 200, answer.content


def test_held_slots_and_what_is_owed_follow_the_therapist_of_the_course(cast: Cast) -> None:
    dose, _ = planned(cast)
    change_therapist(cast, dose)
    (held,) = held_for(dose)
    assert with_whom(held) == str(cast.other_therapist.pk)


def test_a_held_slot_follows_how_the_client_comes(cast: Cast) -> None:
    """Nobody is booked by video by the scheduler who has said that they want no video any more."""
    program = people.cleared_program(cast, accepted_modalities=["video", "in_person"])
    dose = people.booked(cast, program, "dosing", TUESDAY)
    (before,) = held_for(dose)
    assert (before.modality, before.room) == ("video", None)
    path = f"programs/{program.pk}/"
    assert cast.desk("frontdesk").patch(path, {"goals": "Sleep"}).status_code == 200
    assert held_for(dose) == [before]
    assert cast.desk("frontdesk").patch(path, {"accepted_modalities": ["in_person"]}).status_code == 200
    (held,) = held_for(dose)
    assert held.modality == "in_person"
    assert held.room is not None
    before.refresh_from_db()
    assert before.status == "cancelled"


def test_what_is_owed_is_the_present_therapists_to_see_to(cast: Cast) -> None:
    owed = people.owed(cast)
    change_therapist(cast, owed.dosing_session)
    owed.refresh_from_db()
    assert owed.therapist_id == cast.other_therapist.pk
    schedule_obligation(obligation_id=owed.pk, at=clock.now())
    owed.refresh_from_db()
    assert owed.integration_session is not None
    assert with_whom(owed.integration_session) == str(cast.other_therapist.pk)
    assert list(Session.objects.standing().filter(for_dose=owed.dosing_session)) == [owed.integration_session]
