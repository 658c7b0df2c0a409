"""Addresses of the day."""

from typing import Any

from django.urls import path

from sessions.day.api.absence import AbsenceViewSet
from sessions.day.api.availability import AvailabilityViewSet
from sessions.day.api.board import BoardViewSet
from sessions.day.api.evidence import EvidenceViewSet
from sessions.day.api.openings import DoseVoidViewSet, WaiverViewSet
from sessions.day.api.programs import ProgramViewSet
from sessions.day.api.sessions import HoldViewSet, SessionViewSet
from sessions.day.api.time_off import TimeOffViewSet
from sessions.day.api.ward import WardViewSet

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}
READ: dict[str, Any] = {"get": "retrieve"}
EVIDENCE = "sessions/<uuid:session_id>/evidence"

SESSION_MOVES: dict[str, Any] = {
    "check-in": "check_in",
    "start": "start",
    "complete": "complete",
    "cancel": "cancel",
    "no-show": "no_show",
    "reschedule": "reschedule",
    "not-dosed": "not_dosed",
    "stage": "stage",
}
PROGRAM_MOVES: dict[str, Any] = {
    "hold": "hold",
    "resume": "resume",
    "end-dosing": "end_dosing",
    "discontinue": "discontinue",
    "complete": "complete",
}

urlpatterns = [
    path("absences/", AbsenceViewSet.as_view({"post": "create"})),
    path("absences/preview/", AbsenceViewSet.as_view({"post": "preview"})),
    path("availability/", AvailabilityViewSet.as_view({"get": "list"})),
    path("availability/next/", AvailabilityViewSet.as_view({"get": "next"})),
    path("day-board/", BoardViewSet.as_view({"get": "board"})),
    path("monitoring-board/", WardViewSet.as_view({"get": "board"})),
    path("obligations/<uuid:pk>/waive/", WaiverViewSet.as_view({"post": "waive"})),
    path("session-holds/", HoldViewSet.as_view({"post": "create"})),
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
    path("staff/<uuid:pk>/time-off/", TimeOffViewSet.as_view(LIST)),
    path("staff/<uuid:staff_id>/time-off/<uuid:pk>/cancel/", TimeOffViewSet.as_view({"post": "cancel"})),
    path(f"{EVIDENCE}/", EvidenceViewSet.as_view({"get": "live", "post": "create"})),
    path(f"{EVIDENCE}/pdf/", EvidenceViewSet.as_view({"get": "pdf"})),
    path(f"{EVIDENCE}/<uuid:pk>/", EvidenceViewSet.as_view(READ)),
    path(f"{EVIDENCE}/<uuid:pk>/pdf/", EvidenceViewSet.as_view({"get": "frozen_pdf"})),
    path("programs/", ProgramViewSet.as_view(LIST)),
    path("programs/<uuid:pk>/", ProgramViewSet.as_view(ONE)),
    path("programs/<uuid:pk>/plan/", ProgramViewSet.as_view({"get": "propose_plan", "post": "book_plan"})),
    path("programs/<uuid:pk>/timeline/", ProgramViewSet.as_view({"get": "timeline"})),
    *(
        path(f"programs/<uuid:pk>/{at}/", ProgramViewSet.as_view({"post": do}))
        for at, do in PROGRAM_MOVES.items()
    ),
]
