"""Addresses of protocols and legal rules; `programs/` itself stands in sessions/course."""

from django.urls import path

from programs.api.legal_rules import LegalRuleViewSet
from programs.api.protocols import ProtocolViewSet

urlpatterns = [
    path("legal-rules/", LegalRuleViewSet.as_view({"get": "list", "post": "create"})),
    path("legal-rules/<uuid:pk>/", LegalRuleViewSet.as_view({"get": "retrieve"})),
    path("legal-rules/<uuid:pk>/void/", LegalRuleViewSet.as_view({"post": "void"})),
    path("protocols/", ProtocolViewSet.as_view({"get": "list", "post": "create"})),
    path("protocols/<uuid:pk>/", ProtocolViewSet.as_view({"get": "retrieve"})),
    path("protocols/<uuid:pk>/approve/", ProtocolViewSet.as_view({"post": "approve"})),
]
