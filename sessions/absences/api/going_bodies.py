"""Bodies of what goes for good: a person, a room, hours; and what becomes of the sessions that were booked on it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output
from kapclinic.practice.api.location_bodies import LocationIn, LocationOut
from kapclinic.practice.api.room_bodies import RoomIn, RoomOut
from kapclinic.practice.api.staff_bodies import StaffIn, StaffOut, WorkingHoursIn, WorkingHoursOut
from sessions.absences.api.absence_bodies import AbsenceMoveIn

MOVES = "Where each session goes that this breaks, as in `absences/`."
LEAVE = "Leave those that no move names: they keep their time, and the front desk finds them on its worklist."


class GoingIn(Input):
    """What is to become of the sessions that a change breaks."""

    moves = AbsenceMoveIn(many=True, max_length=200, required=False, help_text=MOVES)  # type: ignore[call-arg]
    leave_unresolved = serializers.BooleanField(required=False, help_text=LEAVE)


class HoursChangeIn(GoingIn):
    hours = WorkingHoursIn(many=True, max_length=100)  # type: ignore[call-arg]


class RoomChangeIn(GoingIn, RoomIn):
    pass


class LocationChangeIn(GoingIn, LocationIn):
    pass


class StaffChangeIn(GoingIn, StaffIn):
    """Closing an account or taking a role or a location away is never refused: what no move names is left."""


class LeftOut(Output):
    """A session that was left, by its times: whoever changes this reads nothing else of it."""

    id = serializers.UUIDField()
    starts_at = Moment()
    ends_at = Moment()


class GoneOut(Output):
    unresolved = LeftOut(many=True)
    elsewhere = serializers.IntegerField(
        help_text="how many were left at locations that are not the caller's"
    )

    def get_fields(self) -> dict[str, Any]:
        """The fields of the row itself come first."""
        fields: dict[str, Any] = super().get_fields()
        last = {name: fields.pop(name) for name in ("unresolved", "elsewhere")}
        return fields | last


class HoursChangeOut(GoneOut):
    hours = WorkingHoursOut(many=True)


class RoomChangeOut(GoneOut, RoomOut):
    pass


class LocationChangeOut(GoneOut, LocationOut):
    pass


class StaffChangeOut(GoneOut, StaffOut):
    pass
