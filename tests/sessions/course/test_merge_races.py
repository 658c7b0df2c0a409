"""A merge and a booking at once: whichever comes first, the person is never in two places."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kapclinic.practice.models import ClientAlias
from programs import services as programs
from sessions.booking.models import Session
from sessions.booking.services.allocations import ResourceConflict
from sessions.course.services import merges
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 4


@pytest.fixture
def clinic(transactional_db: None, now: object) -> Cast:
    return people.assemble()


def test_a_merge_and_a_booking_at_once_never_put_a_person_in_two_places(clinic: Cast) -> None:
    old, new = (people.client(clinic.north, by=clinic.frontdesk) for _ in range(2))
    over, going = (people.opened_program(clinic, who=client) for client in (old, new))
    starts_at = MONDAY + timedelta(days=1)
    people.booked(clinic, over, "preparation", starts_at)
    programs.discontinue_declined(
        program_id=over.pk, by=clinic.prescriber, at=MONDAY
    )  # the sweep frees it later
    team = people.team(clinic, "other_therapist")
    ask = people.ask(clinic, "preparation", starts_at, room=clinic.birch.pk, staff=team)

    def merge() -> None:
        merges.merge(client=old, into_id=new.pk, reason="Same", by=clinic.director, at=MONDAY)

    def book() -> None:
        visits.book(program_id=going.pk, ask=ask, obligation_id=None, by=clinic.frontdesk, at=MONDAY)

    for _ in range(TIMES):
        (refusal,) = race(merge, book)
        assert isinstance(refusal, ResourceConflict)
        merged = ClientAlias.objects.filter(ended_at__isnull=True).exists()
        session = Session.objects.filter(program=going, status="scheduled").first()
        assert merged != (session is not None)
        if merged:
            merges.unmerge(client=old, reason="Two people", by=clinic.director, at=MONDAY)
        if session:
            visits.end(session_id=session.pk, move="cancel", reason="Ill", by=clinic.frontdesk, at=MONDAY)
