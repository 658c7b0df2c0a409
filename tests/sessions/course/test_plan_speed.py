"""How fast a plan is proposed in a busy clinic: 8 rooms, 20 staff, 2,000 future sessions."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.backends.postgresql.psycopg_any import NumericRange

from kapclinic.practice.models import SYSTEM
from sessions.booking.models import Allocation, Session
from tests import cast as people
from tests.asking import analyze
from tests.cast import MONDAY, Cast, client, opened_program


def _fill(cast: Cast) -> None:
    """2,000 sessions of one hour over ten weeks, each with a room and a therapist or nurse practitioner."""
    rooms = [cast.aspen, cast.birch, *(people.room(f"Room {n}", cast.north, people.KINDS) for n in range(6))]
    staff = [people.staff(f"t{n}", ["therapist"], cast.north, kap_trained=True) for n in range(10)]
    staff += [people.staff(f"n{n}", ["nurse_practitioner"], cast.north, monitor_capacity=2) for n in range(6)]
    program = opened_program(cast, who=client(cast.north, by=cast.frontdesk, first="Busy"))
    rows = []
    for n in range(2000):
        start = MONDAY.replace(hour=14) + timedelta(days=n // 30, hours=n % 10)
        session = Session(
            program=program,
            client=program.client,
            location=cast.north,
            kind="integration",
            number=n + 1,
            modality="in_person",
            starts_at=start,
            ends_at=start + timedelta(hours=1),
            room=rooms[n % 8],
            staff=[{"user": str(staff[n % 16].pk), "role": "therapist"}],
        )
        session.save_by(SYSTEM, at=MONDAY)
        for kind, resource in (("room", rooms[n % 8].pk), ("staff", staff[n % 16].pk), ("client", uuid4())):
            rows.append(
                Allocation(
                    session=session,
                    kind=kind,
                    resource=resource,
                    lanes=NumericRange(0, 100),
                    starts_at=session.starts_at,
                    ends_at=session.ends_at,
                    created_at=MONDAY,
                    created_by=SYSTEM.pk,
                )
            )
    kept, seen = [], set()
    for row in rows:
        if (row.resource, row.starts_at) not in seen:
            seen.add((row.resource, row.starts_at))
            kept.append(row)
    Allocation.objects.bulk_create(kept, batch_size=2000)
    analyze(Allocation._meta.db_table, Session._meta.db_table)


@pytest.mark.django_db(transaction=True)
def test_a_plan_takes_under_two_seconds(cast: Cast) -> None:
    _fill(cast)
    program = opened_program(cast)
    desk = cast.desk("frontdesk")
    began = time.perf_counter()
    plan = desk.get(f"programs/{program.pk}/plan/").json()
    took = time.perf_counter() - began
    assert len(plan["sessions"]) == 14
    assert took < 2
    began = time.perf_counter()
    found = desk.get("availability/", program=str(program.pk), kind="dosing").json()
    assert found["count"]
    assert time.perf_counter() - began < 0.5
