"""Addresses of imports."""

from django.urls import path

from sessions.imports.api.imports import ImportViewSet

urlpatterns = [
    path("imports/", ImportViewSet.as_view({"get": "list", "post": "create"})),
    path("imports/<uuid:pk>/", ImportViewSet.as_view({"get": "retrieve"})),
    path("imports/<uuid:pk>/undo/", ImportViewSet.as_view({"post": "undo"})),
]
