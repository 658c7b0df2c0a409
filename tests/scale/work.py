"""What is asked of the clinic: readings, bookings and doses, each of which is possible once."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from kapclinic.core import clock
from kapclinic.practice.services import issue_token
from programs.models import Program
from sessions.booking.models import Session
from sessions.drugs.models import DrugLot
from tests import cast as people
from tests.bench import clinic
from tests.bench.clinic import LANES, Group
from tests.bench.jobs import signs
from tests.cast import Cast
from tests.scale.asking import Request

HOURS = 8  # of a day in which sessions are booked
FAR = 30  # days from now, where no integration looks for room
LASTS, APART = timedelta(minutes=8), timedelta(minutes=10)


@dataclass
class Work:
    """The clinic's book as far as the test knows it; whoever asks for something has it alone."""

    group: Group
    cast: Cast
    courses: list[Program]
    doses: list[Session]  # ready, not given
    lot: DrugLot
    tokens: dict[str, str]
    _slots: itertools.count[int] = field(default_factory=itertools.count)

    def reading(self) -> Request:
        n = next(self._slots)
        session = self.group.watched[n % len(self.group.watched)]
        path = f"sessions/{session.pk}/readings/"
        return Request(self.group.nurse_token, path, signs(n), str(uuid4()))

    def slot(self) -> dict[str, Any]:
        """A room, a therapist and an hour that nobody else gets."""
        place, n = self.group.places[0], next(self._slots)
        turn, lane = divmod(n, LANES)
        day, hour = divmod(turn, HOURS)
        starts_at = midday(FAR + day) + timedelta(hours=hour - 3)
        return {
            "kind": "preparation",
            "modality": "in_person",
            "room": str(place.rooms[lane].pk),
            "staff": [{"user": str(place.staff["therapist"][lane].pk), "role": "therapist"}],
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(minutes=50)).isoformat(),
        }

    def booking(self, course: Program | None = None, slot: dict[str, Any] | None = None) -> Request:
        chosen = course or self.courses[next(self._slots) % len(self.courses)]
        body = (slot or self.slot()) | {"program": str(chosen.pk)}
        return Request(self.group.places[0].token, "sessions/", body, str(uuid4()))

    def dose(self, session: Session) -> Request:
        """From the safe; its order allows it once."""
        body = {
            "order": str(session.orders.get().pk),
            "dose_mg": "100",
            "supply": "clinic_stock",
            "drug_lot": str(self.lot.pk),
            "administered_at": datetime.now(UTC).isoformat(),
            "given_by": "staff",
        }
        path = f"sessions/{session.pk}/administrations/"
        return Request(self.group.nurse_token, path, body, str(uuid4()))


def midday(days: int) -> datetime:
    """A little before or at one o'clock at the place, so many days from now."""
    return clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days)


def build(*, courses: int, watched: int, doses: int) -> Work:
    """One place with its staff, clients who may be booked, some who are watched, and some who wait for their dose."""
    group = clinic.build(places=1, watched=watched)
    cast = group.cast
    assert cast is not None
    edition = people.approved_protocol(cast, name="Scale", min_preparations=0)
    opened = [
        people.opened_program(cast, protocol=edition, who=_client(cast, f"Course{n}")) for n in range(courses)
    ]
    ready = [_ready(group, cast, edition, n) for n in range(doses)]
    lot = people.lot_of(cast, quantity_mg=Decimal(100_000), container_mg=None)
    tokens = {"director": issue_token(user=cast.director, name="scale", at=clock.now())[1]}
    return Work(group, cast, opened, ready, lot, tokens)


def _client(cast: Cast, last: str) -> Any:
    return people.client(cast.north, by=cast.frontdesk, first="Robin", last=last)


def _ready(group: Group, cast: Cast, edition: Any, number: int) -> Session:
    """Checked in within the last hours, in the lane of its number, with an order for one dose."""
    place, lane = group.places[0], number % LANES
    therapist = place.staff["therapist"][lane]
    who = _client(cast, f"Dose{number}")
    program = people.cleared_program(cast, protocol=edition, who=who, therapist=therapist.pk)
    starts_at = clock.now() - APART * (number // LANES + 1)
    team = [
        {"user": therapist.pk, "role": "therapist"},
        {"user": cast.np.pk, "role": "nurse_practitioner"},
    ]
    session = people.ready_dose(
        cast,
        program,
        without=("order",),
        starts_at=starts_at,
        ends_at=starts_at + LASTS,
        room=place.rooms[lane].pk,
        staff=team,
    )
    people.written_order(cast, session, max_total_mg=Decimal(100))
    return session
