"""Changes of staff, hours, rooms and locations over HTTP. They stand here because none may leave a booked session
behind in silence."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.etags import etag_of, require_version
from kapclinic.practice import selectors
from kapclinic.practice.api import locations, rooms, staff
from kapclinic.practice.api.staff_bodies import WorkingHoursIn, WorkingHoursOut
from kapclinic.practice.models import User
from kapclinic.practice.rules import ADMIN
from kapclinic.trail.http import ClinicViewSet
from sessions.absences import services
from sessions.absences.api import going_bodies
from sessions.absences.services.goings import Asked
from sessions.absences.services.moves import Settled, left_rows


class _Goings(ClinicViewSet):
    """Takes `moves` and `leave_unresolved` out of the body, and puts what was left into the answer."""

    def asked(self, row: Any) -> tuple[Any, Asked]:
        """The fields of `row` that change, and what is to become of the sessions."""
        values = self.given(row)
        return values, Asked(values.pop("moves", ()), values.pop("leave_unresolved", False))

    def changed(self, row: Any, settled: Settled) -> Response:
        unresolved = left_rows(settled.left, by=self.user)
        row.unresolved, row.elsewhere = unresolved, len(settled.left) - len(unresolved)
        return self.answer(row)


class StaffChangeViewSet(_Goings, staff.StaffViewSet):
    """One account and its hours."""

    roles: ClassVar = staff.StaffViewSet.roles | dict.fromkeys(("partial_update", "replace_hours"), ADMIN)
    fresh = staff.StaffViewSet.fresh | {"partial_update"}
    inputs: ClassVar = {
        "partial_update": going_bodies.StaffChangeIn,
        "replace_hours": going_bodies.HoursChangeIn,
    }
    outputs: ClassVar = staff.StaffViewSet.outputs | {
        "partial_update": going_bodies.StaffChangeOut,
        "replace_hours": going_bodies.HoursChangeOut,
    }

    def partial_update(self, request: Request, pk: Any) -> Response:
        """Change an account. Closing it, or taking a role or a location away, takes effect at once: the sessions that
        this leaves without the person are in `unresolved`."""
        user = self.matched()
        values, asked = self.asked(user)
        saved, settled = services.change_staff(
            user=user, values=values, moves=asked.moves, by=self.user, at=self.at
        )
        return self.changed(saved, settled)

    def replace_hours(self, request: Request, pk: Any) -> Response:
        """Replace the weekly hours, and say what becomes of the sessions that no longer fall into them.

        A bare list of hours is taken as well, and answered by a list: it is refused over any such session. With
        `If-Match`, they replace only the hours that were read.
        """
        user = self.get_object()
        list(User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"))  # one by one
        if "If-Match" in request.headers:
            require_version(request, selectors.hours_version(user.pk))
        if isinstance(request.data, dict):
            body = self.body()
            asked = Asked(body.get("moves", ()), body.get("leave_unresolved", False), where="hours/")
            rows = body["hours"]
        else:
            listed = WorkingHoursIn(data=request.data, many=True, max_length=100)  # type: ignore[call-arg]
            listed.is_valid(raise_exception=True)
            rows, asked = listed.validated_data, Asked()
        settled = services.change_hours(user=user, rows=rows, asked=asked, by=self.user, at=self.at)
        hours = selectors.current_hours(user_id=user.pk)
        headers = {"ETag": etag_of(selectors.hours_version(user.pk))}
        if not isinstance(request.data, dict):
            return Response(WorkingHoursOut(hours, many=True).data, headers=headers)
        left = left_rows(settled.left, by=self.user)
        told = {"hours": hours, "unresolved": left, "elsewhere": len(settled.left) - len(left)}
        return Response(self.represent(told), headers=headers)


class RoomChangeViewSet(_Goings, rooms.RoomViewSet):
    """One room."""

    roles: ClassVar = rooms.RoomViewSet.roles | {"partial_update": ADMIN}
    inputs: ClassVar = {"partial_update": going_bodies.RoomChangeIn}
    outputs: ClassVar = {"partial_update": going_bodies.RoomChangeOut}

    def partial_update(self, request: Request, pk: Any) -> Response:
        """Change a room. One that closes, or serves fewer kinds, needs a move for each session in it, or
        `leave_unresolved`."""
        room = self.matched()
        values, asked = self.asked(room)
        values = self.require_location(values)
        saved, settled = services.change_room(room=room, values=values, asked=asked, by=self.user, at=self.at)
        return self.changed(saved, settled)


class LocationChangeViewSet(_Goings, locations.LocationViewSet):
    """One location."""

    roles: ClassVar = locations.LocationViewSet.roles | {"partial_update": ADMIN}
    inputs: ClassVar = {"partial_update": going_bodies.LocationChangeIn}
    outputs: ClassVar = {"partial_update": going_bodies.LocationChangeOut}

    def partial_update(self, request: Request, pk: Any) -> Response:
        """Change a location. A day or hour that closes needs a move for each session in it, or `leave_unresolved`."""
        location = self.matched()
        values, asked = self.asked(location)
        saved, settled = services.change_location(
            location=location, values=values, asked=asked, by=self.user, at=self.at
        )
        return self.changed(saved, settled)
