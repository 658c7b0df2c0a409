"""Addresses of a client's rights."""

from typing import Any

from django.urls import path

from sessions.rights.api.rights import AmendmentViewSet, DisclosureViewSet

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve"}

urlpatterns = [
    path("disclosures/", DisclosureViewSet.as_view(LIST)),
    path("disclosures/<uuid:pk>/", DisclosureViewSet.as_view(ONE)),
    path("disclosures/<uuid:pk>/void/", DisclosureViewSet.as_view({"post": "void"})),
    path("amendment-requests/", AmendmentViewSet.as_view(LIST)),
    path("amendment-requests/<uuid:pk>/", AmendmentViewSet.as_view(ONE)),
    path("amendment-requests/<uuid:pk>/extend/", AmendmentViewSet.as_view({"post": "extend"})),
    path("amendment-requests/<uuid:pk>/accept/", AmendmentViewSet.as_view({"post": "accept"})),
    path("amendment-requests/<uuid:pk>/deny/", AmendmentViewSet.as_view({"post": "deny"})),
    path("amendment-requests/<uuid:pk>/void/", AmendmentViewSet.as_view({"post": "void"})),
    path("amendment-requests/<uuid:pk>/disagreement/", AmendmentViewSet.as_view({"post": "disagreement"})),
]
