"""The administrator's register: accounts, rooms and locations with their histories, to look at.

Changes go through the API, where the rules are; nothing clinical is registered here.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from kapclinic.practice.models import Location, Room, TimeOff, User, WorkingHours


class Register(SimpleHistoryAdmin):  # type: ignore[misc]
    """Read-only rows with their history."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No filter in an address asks for a field that the page does not show: it would tell it letter by letter."""
        hidden = set(self.exclude or ())
        return not hidden & set(lookup.split("__")) and super().lookup_allowed(lookup, value, request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_staff", False))


@admin.register(Location)
class LocationAdmin(Register):
    list_display = ("name", "time_zone", "phone")


@admin.register(Room)
class RoomAdmin(Register):
    list_display = ("name", "location", "kinds", "turnover_min", "is_active")
    list_select_related = ("location",)


@admin.register(User)
class UserAdmin(Register):
    list_display = ("email", "name", "roles", "is_active")
    search_fields = ("email", "name")
    exclude: ClassVar = ("password",)


@admin.register(WorkingHours)
class WorkingHoursAdmin(Register):
    list_display = ("user", "location", "weekday", "starts", "ends", "ended_at")
    list_select_related = ("user", "location")


@admin.register(TimeOff)
class TimeOffAdmin(Register):
    list_display = ("user", "starts_at", "ends_at", "cancelled_at")
    list_select_related = ("user",)
