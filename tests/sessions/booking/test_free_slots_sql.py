"""Free time is asked of the allocations in question alone: the answer is what reading all of them gave."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from django.db.backends.postgresql.psycopg_any import NumericRange

from kapclinic.core import clock
from kapclinic.practice.models import Room, SessionKind
from programs.models import Program
from sessions.booking import rules
from sessions.booking.models import Allocation, Session, SessionHold
from sessions.booking.rules import Slot
from sessions.booking.selectors import availability
from sessions.booking.sql import free_slots
from tests import cast as people
from tests.cast import Cast
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY

QUARTER = timedelta(minutes=15)
LONGEST_TURNOVER = 240
OF_THESE = """resource = ANY ((SELECT resources FROM asked)::uuid[])
      AND starts_at > %(start)s - %(longest)s AND starts_at"""
# All of all locations: how it was asked before, and what any quicker way is held to.
OF_ALL = free_slots.PLACES.replace(OF_THESE, "starts_at")


@pytest.fixture
def owners(cast: Cast) -> tuple[Session, SessionHold, SessionHold]:
    """A session, a hold that still runs and one that has run out."""
    first, second, third = desk.programs_of(cast, 3)
    session = people.booked(cast, first, "preparation", TUESDAY)
    holds = [
        SessionHold(
            program=program,
            kind="preparation",
            modality="video",
            starts_at=TUESDAY,
            ends_at=TUESDAY + QUARTER,
            expires_at=clock.now() + minutes,
        ).save_by(cast.frontdesk, at=clock.now())
        for program, minutes in ((second, QUARTER), (third, -QUARTER))
    ]
    return session, holds[0], holds[1]


def _scattered(
    cast: Cast, owners: tuple[Session, SessionHold, SessionHold], program: Program, seed: int
) -> None:
    """Four days of somebody or something held now and then, from a minute to sixteen hours, here and elsewhere."""
    chance, rows = Random(seed), []
    Allocation.objects.filter(session=owners[0]).update(released_at=clock.now())
    resources: list[tuple[str, UUID]] = [
        ("client", program.client_id),
        *(("room", room.pk) for room in Room.objects.all()),
        *(("staff", cast.people[name].pk) for name in ("therapist", "other_therapist", "np", "prescriber")),
        ("room", UUID(int=seed)),
    ]
    for kind, resource in resources:
        moment = TUESDAY - timedelta(days=1, hours=chance.randrange(12))
        while moment < TUESDAY + timedelta(days=3):
            length = chance.choice(
                [timedelta(minutes=1), QUARTER, 3 * QUARTER, timedelta(hours=chance.choice([2, 12, 16]))]
            )
            owner = chance.choice(owners)
            lane = chance.choice([(0, 100), (0, 1), (1, 2), (100, 101)]) if kind == "staff" else (0, 100)
            rows.append(
                Allocation(
                    session=owner if isinstance(owner, Session) else None,
                    hold=owner if isinstance(owner, SessionHold) else None,
                    expires_at=owner.expires_at if isinstance(owner, SessionHold) else None,
                    kind=kind,
                    resource=resource,
                    lanes=NumericRange(*lane),
                    starts_at=moment,
                    ends_at=moment + length,
                    released_at=clock.now() if chance.random() < 0.2 else None,
                    created_at=clock.now(),
                    created_by=cast.frontdesk.pk,
                )
            )
            moment += length + QUARTER * chance.randrange(24)
    Allocation.objects.bulk_create(rows)


def _found(program: Program, kind: str, modality: str, start: datetime, ignoring: list[UUID]) -> list[Slot]:
    return availability.free_slots(
        program=program,
        kind=kind,
        modality=modality,
        at=clock.now(),
        start=start,
        before=start + timedelta(days=2),
        ignoring=ignoring,
    )


@pytest.mark.parametrize("seed", range(4))
def test_it_finds_what_reading_every_allocation_finds(
    cast: Cast,
    owners: tuple[Session, SessionHold, SessionHold],
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    program = people.opened_program(cast)
    people.room("Dogwood", cast.north, ["preparation", "dosing"], turnover=LONGEST_TURNOVER)
    _scattered(cast, owners, program, seed)
    asked = [
        (kind, modality, TUESDAY + back, ignoring)
        for kind in SessionKind.values
        for modality in ("in_person", "video")
        for back in (timedelta(0), -16 * QUARTER, timedelta(hours=15, minutes=59))
        for ignoring in ([], [owners[0].pk])
    ]
    quick = [_found(program, *one) for one in asked]
    monkeypatch.setattr(availability, "PLACES", OF_ALL)
    assert quick == [_found(program, *one) for one in asked]
    assert any(quick)


def test_the_old_way_is_still_another_one() -> None:
    assert OF_THESE in free_slots.PLACES
    assert OF_THESE not in OF_ALL


def test_nothing_is_held_longer_than_a_session_with_its_cleaning() -> None:
    (turnover,) = (one for one in Room._meta.constraints if one.name == "room_turnover")
    assert ("turnover_min__lte", LONGEST_TURNOVER) in turnover.condition.children  # type: ignore[attr-defined]
    assert timedelta(minutes=LONGEST_TURNOVER) + rules.LONGEST == rules.LONGEST_HELD
