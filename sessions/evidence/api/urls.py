"""Addresses of evidence."""

from django.urls import path

from sessions.evidence.api.evidence import EvidenceViewSet

EVIDENCE = "sessions/<uuid:session_id>/evidence"

urlpatterns = [
    path(f"{EVIDENCE}/", EvidenceViewSet.as_view({"get": "live", "post": "create"})),
    path(f"{EVIDENCE}/pdf/", EvidenceViewSet.as_view({"get": "pdf"})),
    path(f"{EVIDENCE}/<uuid:pk>/", EvidenceViewSet.as_view({"get": "retrieve"})),
    path(f"{EVIDENCE}/<uuid:pk>/pdf/", EvidenceViewSet.as_view({"get": "frozen_pdf"})),
]
