"""Addresses of the record as a whole."""

from django.urls import path

from billing.records.api.changes import ChangeViewSet
from billing.records.api.exports import RecordExportViewSet

EXPORTS = "record-exports"

urlpatterns = [
    path("changes/", ChangeViewSet.as_view({"get": "list"})),
    path(f"{EXPORTS}/", RecordExportViewSet.as_view({"get": "list", "post": "create"})),
    path(f"{EXPORTS}/<uuid:pk>/", RecordExportViewSet.as_view({"get": "retrieve"})),
    path(f"{EXPORTS}/<uuid:pk>/file/", RecordExportViewSet.as_view({"get": "file"})),
    path(f"{EXPORTS}/<uuid:pk>/stop/", RecordExportViewSet.as_view({"post": "stop"})),
]
