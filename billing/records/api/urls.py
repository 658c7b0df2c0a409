"""Addresses of the record as a whole."""

from django.urls import path

from billing.records.api.changes import ChangeViewSet
from billing.records.api.exports import RecordExportViewSet
from billing.records.api.practice_exports import PracticeExportViewSet

EXPORTS = "record-exports"
PRACTICE = "practice-exports"

urlpatterns = [
    path("changes/", ChangeViewSet.as_view({"get": "list"})),
    path(f"{EXPORTS}/", RecordExportViewSet.as_view({"get": "list", "post": "create"})),
    path(f"{EXPORTS}/<uuid:pk>/", RecordExportViewSet.as_view({"get": "retrieve"})),
    path(f"{EXPORTS}/<uuid:pk>/file/", RecordExportViewSet.as_view({"get": "file"})),
    path(f"{EXPORTS}/<uuid:pk>/stop/", RecordExportViewSet.as_view({"post": "stop"})),
    path(f"{PRACTICE}/", PracticeExportViewSet.as_view({"get": "list", "post": "create"})),
    path(f"{PRACTICE}/<uuid:pk>/", PracticeExportViewSet.as_view({"get": "retrieve"})),
    path(f"{PRACTICE}/<uuid:pk>/file/", PracticeExportViewSet.as_view({"get": "file"})),
    path(f"{PRACTICE}/<uuid:pk>/approve/", PracticeExportViewSet.as_view({"post": "approve"})),
    path(f"{PRACTICE}/<uuid:pk>/refuse/", PracticeExportViewSet.as_view({"post": "refuse"})),
    path(f"{PRACTICE}/<uuid:pk>/stop/", PracticeExportViewSet.as_view({"post": "stop"})),
]
