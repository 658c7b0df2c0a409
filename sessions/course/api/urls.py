"""Addresses of programs, and of verbs of a client that need their sessions."""

from typing import Any

from django.urls import path

from sessions.course.api.clients import ClientVerbViewSet
from sessions.course.api.outcomes import OutcomeViewSet
from sessions.course.api.programs import ProgramViewSet

PROGRAM_MOVES: dict[str, Any] = {
    "hold": "hold",
    "resume": "resume",
    "end-dosing": "end_dosing",
    "discontinue": "discontinue",
    "complete": "complete",
    "maintain": "maintain",
    "continue": "go_on",
}

urlpatterns = [
    path("programs/", ProgramViewSet.as_view({"get": "list", "post": "create"})),
    path("programs/<uuid:pk>/", ProgramViewSet.as_view({"get": "retrieve", "patch": "partial_update"})),
    path("programs/<uuid:pk>/plan/", ProgramViewSet.as_view({"get": "propose_plan", "post": "book_plan"})),
    path("programs/<uuid:pk>/measures-due/", OutcomeViewSet.as_view({"get": "measures_due"})),
    path("programs/<uuid:pk>/outcomes/", OutcomeViewSet.as_view({"get": "outcomes"})),
    path("clients/<uuid:pk>/deceased/", ClientVerbViewSet.as_view({"post": "deceased"})),
    path("clients/<uuid:pk>/deceased/void/", ClientVerbViewSet.as_view({"post": "void_deceased"})),
    path("clients/<uuid:pk>/merge/", ClientVerbViewSet.as_view({"post": "merge"})),
    path("clients/<uuid:pk>/unmerge/", ClientVerbViewSet.as_view({"post": "unmerge"})),
    *(
        path(f"programs/<uuid:pk>/{at}/", ProgramViewSet.as_view({"post": do}))
        for at, do in PROGRAM_MOVES.items()
    ),
]
