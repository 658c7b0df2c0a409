"""Addresses of visits."""

from typing import Any

from django.urls import path

from sessions.visits.api.availability import AvailabilityViewSet
from sessions.visits.api.dose_voids import DoseVoidViewSet
from sessions.visits.api.holds import HoldViewSet
from sessions.visits.api.sessions import SessionViewSet
from sessions.visits.api.waivers import WaiverViewSet

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}

SESSION_MOVES: dict[str, Any] = {
    "check-in": "check_in",
    "start": "start",
    "complete": "complete",
    "cancel": "cancel",
    "no-show": "no_show",
    "reschedule": "reschedule",
    "not-dosed": "not_dosed",
    "stage": "stage",
    "undo": "undo",
    "correct-time": "correct_time",
}

urlpatterns = [
    path("availability/", AvailabilityViewSet.as_view({"get": "list"})),
    path("availability/next/", AvailabilityViewSet.as_view({"get": "next"})),
    path("obligations/<uuid:pk>/waive/", WaiverViewSet.as_view({"post": "waive"})),
    path("session-holds/", HoldViewSet.as_view({"post": "create"})),
    path("session-holds/<uuid:pk>/extend/", HoldViewSet.as_view({"post": "extend"})),
    path("session-holds/<uuid:pk>/", HoldViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path("session-swaps/", SessionViewSet.as_view({"post": "swap"})),
    path("sessions/", SessionViewSet.as_view(LIST)),
    path("sessions/<uuid:pk>/", SessionViewSet.as_view(ONE)),
    *(
        path(f"sessions/<uuid:pk>/{at}/", SessionViewSet.as_view({"post": do}))
        for at, do in SESSION_MOVES.items()
    ),
    path(
        "sessions/<uuid:session_id>/administrations/<uuid:pk>/void/",
        DoseVoidViewSet.as_view({"post": "void"}),
    ),
]
