"""Addresses of protocols; `programs/` itself stands in sessions/course."""

from django.urls import path

from programs.api.protocols import ProtocolViewSet

urlpatterns = [
    path("protocols/", ProtocolViewSet.as_view({"get": "list", "post": "create"})),
    path("protocols/<uuid:pk>/", ProtocolViewSet.as_view({"get": "retrieve"})),
    path("protocols/<uuid:pk>/approve/", ProtocolViewSet.as_view({"post": "approve"})),
]
