"""A refusal that says what is free instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from rest_framework.response import Response

from kapclinic.trail.http import ClinicViewSet
from sessions.booking.services.allocations import ResourceConflict
from sessions.booking.services.bookings import Ask
from sessions.visits.selectors.nearest import Sought, nearest_slots


class TellsNearest(ClinicViewSet):
    """409 `resource_conflict` carries `nearest`: up to three free slots, each as an entry of `availability/`.

    It is asked after the refusal has undone all and let every lock go, so it keeps no other desk waiting.
    """

    def missed(self, refusal: ResourceConflict) -> Sought | None:
        """What was asked for; None where a refusal has no time to be near to."""
        return None

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, ResourceConflict) and (sought := self.missed(exc)) is not None:
            slots = nearest_slots(sought, by=self.user, at=self.at)
            exc.extra = {**exc.extra, "nearest": [slot.as_dict() for slot in slots]}
        return super().handle_exception(exc)


def sought_by(program: UUID, ask: Ask, **more: Any) -> Sought:
    """What a booking asked for; `more` as `Sought` has it."""
    return Sought(
        program=program,
        kind=ask.kind,
        modality=ask.modality,
        starts_at=ask.starts_at,
        ends_at=ask.ends_at,
        team=team_of(ask.staff),
        **more,
    )


# Any: a row of staff as a body or a session has it
def team_of(staff: Iterable[Mapping[str, Any]]) -> dict[str, list[UUID]]:
    """Role -> who was asked for."""
    found: dict[str, list[UUID]] = {}
    for row in staff:
        found.setdefault(str(row["role"]), []).append(UUID(str(row["user"])))
    return found
