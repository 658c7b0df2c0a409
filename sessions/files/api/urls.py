"""Addresses of attachments and legal holds."""

from typing import Any

from django.urls import path

from sessions.files.api.attachments import AttachmentViewSet
from sessions.files.api.holds import LegalHoldViewSet

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve"}
ATTACHMENTS = "clients/<uuid:pk>/attachments"

urlpatterns = [
    path(f"{ATTACHMENTS}/", AttachmentViewSet.as_view(LIST)),
    path(f"{ATTACHMENTS}/<uuid:attachment_id>/", AttachmentViewSet.as_view(ONE)),
    path(f"{ATTACHMENTS}/<uuid:attachment_id>/file/", AttachmentViewSet.as_view({"get": "file"})),
    path(f"{ATTACHMENTS}/<uuid:attachment_id>/void/", AttachmentViewSet.as_view({"post": "void"})),
    path("legal-holds/", LegalHoldViewSet.as_view(LIST)),
    path("legal-holds/<uuid:pk>/", LegalHoldViewSet.as_view(ONE)),
    path("legal-holds/<uuid:pk>/lift/", LegalHoldViewSet.as_view({"post": "lift"})),
]
