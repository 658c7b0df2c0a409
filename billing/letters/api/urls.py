"""Addresses of the letters of medical necessity."""

from typing import Any

from django.urls import path

from billing.letters.api.letters import NecessityLetterViewSet

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}

urlpatterns = [
    path("necessity-letters/", NecessityLetterViewSet.as_view(LIST)),
    path("necessity-letters/<uuid:pk>/", NecessityLetterViewSet.as_view(ONE)),
    *(
        path(f"necessity-letters/<uuid:pk>/{verb}/", NecessityLetterViewSet.as_view({"post": verb}))
        for verb in ("sign", "discard", "void")
    ),
    path("necessity-letters/<uuid:pk>/pdf/", NecessityLetterViewSet.as_view({"get": "pdf"})),
]
