"""Addresses of programs."""

from typing import Any

from django.urls import path

from sessions.course.api.programs import ProgramViewSet

PROGRAM_MOVES: dict[str, Any] = {
    "hold": "hold",
    "resume": "resume",
    "end-dosing": "end_dosing",
    "discontinue": "discontinue",
    "complete": "complete",
}

urlpatterns = [
    path("programs/", ProgramViewSet.as_view({"get": "list", "post": "create"})),
    path("programs/<uuid:pk>/", ProgramViewSet.as_view({"get": "retrieve", "patch": "partial_update"})),
    path("programs/<uuid:pk>/plan/", ProgramViewSet.as_view({"get": "propose_plan", "post": "book_plan"})),
    path("programs/<uuid:pk>/timeline/", ProgramViewSet.as_view({"get": "timeline"})),
    *(
        path(f"programs/<uuid:pk>/{at}/", ProgramViewSet.as_view({"post": do}))
        for at, do in PROGRAM_MOVES.items()
    ),
]
