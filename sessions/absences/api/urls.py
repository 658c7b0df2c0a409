"""Addresses of absences."""

from typing import Any

from django.urls import path

from sessions.absences.api.absences import AbsenceViewSet
from sessions.absences.api.goings import LocationChangeViewSet, RoomChangeViewSet, StaffChangeViewSet
from sessions.absences.api.time_off import AwayViewSet, TimeOffViewSet

ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}

urlpatterns = [
    path("absences/", AbsenceViewSet.as_view({"post": "create"})),
    path("absences/preview/", AbsenceViewSet.as_view({"post": "preview"})),
    path("locations/<uuid:pk>/", LocationChangeViewSet.as_view(ONE)),
    path("rooms/<uuid:pk>/", RoomChangeViewSet.as_view(ONE)),
    path("staff/<uuid:pk>/", StaffChangeViewSet.as_view(ONE)),
    path(
        "staff/<uuid:pk>/working-hours/", StaffChangeViewSet.as_view({"get": "hours", "put": "replace_hours"})
    ),
    path("time-off/", AwayViewSet.as_view({"get": "list"})),
    path("staff/<uuid:pk>/time-off/", TimeOffViewSet.as_view({"get": "list", "post": "create"})),
    path("staff/<uuid:staff_id>/time-off/<uuid:pk>/cancel/", TimeOffViewSet.as_view({"post": "cancel"})),
]
