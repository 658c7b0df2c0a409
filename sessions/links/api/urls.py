"""Addresses of links, as staff make them."""

from django.urls import path

from sessions.links.api import links

urlpatterns = [
    path("client-links/", links.LinkViewSet.as_view({"get": "list", "post": "create"})),
    path("client-links/<uuid:pk>/", links.LinkViewSet.as_view({"get": "retrieve"})),
    path("client-links/<uuid:pk>/revoke/", links.LinkViewSet.as_view({"post": "revoke"})),
    path("client-links/<uuid:pk>/take-over/", links.LinkViewSet.as_view({"post": "take_over"})),
]
