"""Addresses of the notes."""

from typing import Any

from django.urls import path

from sessions.notes.api import records, views

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}
RECORD = "sessions/<uuid:session_id>/record"

urlpatterns = [
    path("notes/", views.NoteViewSet.as_view(LIST)),
    path("notes/<uuid:pk>/", views.NoteViewSet.as_view(ONE)),
    path("notes/<uuid:pk>/sign/", views.NoteViewSet.as_view({"post": "sign"})),
    path("notes/<uuid:pk>/cosign/", views.NoteViewSet.as_view({"post": "cosign"})),
    path("notes/<uuid:pk>/addenda/", views.NoteViewSet.as_view({"post": "addenda"})),
    path(f"{RECORD}/", records.RecordViewSet.as_view({"get": "retrieve", "post": "create"})),
    path(f"{RECORD}/<uuid:pk>/void/", records.RecordViewSet.as_view({"post": "void"})),
    path("psychotherapy-notes/", views.PsychotherapyNoteViewSet.as_view(LIST)),
    path("psychotherapy-notes/<uuid:pk>/", views.PsychotherapyNoteViewSet.as_view(ONE)),
]
