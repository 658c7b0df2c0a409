"""A course that ends early frees its sessions, but what a dose owes stays owed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from kapclinic.core import clock
from programs import services as programs
from sessions.booking.models import Session
from sessions.integration.models import Obligation
from sessions.integration.services.obligations import schedule_obligation
from sessions.sweep.steps import sweep
from tests import cast as people
from tests.cast import MONDAY, Cast, opened_program
from tests.journeys import steps


def discontinue(cast: Cast, row: Any) -> None:
    cast.desk("prescriber").must(f"programs/{row}/discontinue/", {"reason": "Moves away"})


def statuses() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, status in Session.objects.order_by("starts_at").values_list("kind", "status"):
        found.setdefault(kind, []).append(status)
    return found


def test_discontinuing_frees_what_is_still_in_the_book(cast: Cast) -> None:
    program = people.cleared_program(cast)
    people.booked(cast, program, "preparation", MONDAY + timedelta(days=1))
    people.booked(cast, program, "dosing", MONDAY + timedelta(days=2))
    discontinue(cast, program.pk)
    assert set(Session.objects.values_list("status", flat=True)) == {"cancelled"}


def test_when_the_message_is_lost_the_sweep_frees_it(cast: Cast) -> None:
    """A client who is declined ends their course in the app below, which can only announce it."""
    program = people.cleared_program(cast)
    people.booked(cast, program, "dosing", MONDAY + timedelta(days=2))
    programs.discontinue_declined(program_id=program.pk, by=cast.prescriber, at=clock.now())
    assert statuses() == {"dosing": ["scheduled"], "integration": ["held"]}
    assert sweep(at=clock.now())["ended"] == 2
    assert statuses() == {"dosing": ["cancelled"], "integration": ["cancelled"]}
    assert sweep(at=clock.now())["ended"] == 0


@pytest.mark.parametrize("scheduled", [True, False])
def test_the_integration_of_a_dose_that_was_given_is_still_held(cast: Cast, scheduled: bool) -> None:
    row = people.owed(cast)
    if scheduled:
        schedule_obligation(obligation_id=row.pk, at=clock.now())
    kept = Session.objects.get(kind="integration")
    discontinue(cast, row.program_id)
    sweep(at=clock.now())
    row.refresh_from_db()
    kept.refresh_from_db()
    assert (row.state, row.integration_session, kept.status) == ("booked", kept, "scheduled")


def test_an_ended_course_with_nothing_in_the_book_is_left_alone(cast: Cast) -> None:
    row = people.owed(cast)
    discontinue(cast, row.program_id)
    cast.desk("therapist").must(f"obligations/{row.pk}/waive/", {"reason": "Moves away"})
    assert sweep(at=clock.now())["ended"] == 0
    assert Obligation.objects.get().state == "waived"


def test_completing_a_course_frees_what_it_still_has_in_the_book(cast: Cast) -> None:
    program = opened_program(cast)
    session = steps.book(cast, {"id": str(program.pk)}, "preparation", MONDAY + timedelta(days=1))
    for phase in ("preparation", "dosing", "integration"):
        with transaction.atomic():
            row = programs.lock_program(program.pk)
            programs.enter_phase(program=row, phase=phase, by=cast.therapist, at=MONDAY)
    done = cast.desk("therapist").must(f"programs/{program.pk}/complete/")
    assert done["status"] == "completed"
    assert cast.desk("frontdesk").get(f"sessions/{session['id']}/").json()["status"] == "cancelled"
