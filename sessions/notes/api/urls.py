"""Addresses of the notes."""

from typing import Any

from django.urls import path

from sessions.notes.api import notes, phrases, psychotherapy_notes, records

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}
RECORD = "sessions/<uuid:session_id>/record"

urlpatterns = [
    path("notes/", notes.NoteViewSet.as_view(LIST)),
    path("notes/inbox/", notes.NoteViewSet.as_view({"get": "inbox"})),
    path("notes/<uuid:pk>/", notes.NoteViewSet.as_view(ONE)),
    path("notes/<uuid:pk>/discard/", notes.NoteViewSet.as_view({"post": "discard"})),
    path("notes/<uuid:pk>/sign/", notes.NoteViewSet.as_view({"post": "sign"})),
    path("notes/<uuid:pk>/cosign/", notes.NoteViewSet.as_view({"post": "cosign"})),
    path("notes/<uuid:pk>/return/", notes.NoteViewSet.as_view({"post": "give_back"})),
    path("notes/<uuid:pk>/addenda/", notes.NoteViewSet.as_view({"post": "addenda"})),
    path("phrases/", phrases.PhraseViewSet.as_view(LIST)),
    path("phrases/<uuid:pk>/", phrases.PhraseViewSet.as_view(ONE | {"delete": "destroy"})),
    path(f"{RECORD}/", records.RecordViewSet.as_view({"get": "retrieve", "post": "create"})),
    path(f"{RECORD}/<uuid:pk>/void/", records.RecordViewSet.as_view({"post": "void"})),
    path("psychotherapy-notes/", psychotherapy_notes.PsychotherapyNoteViewSet.as_view(LIST)),
    path("psychotherapy-notes/<uuid:pk>/", psychotherapy_notes.PsychotherapyNoteViewSet.as_view(ONE)),
]
