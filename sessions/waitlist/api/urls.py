"""Addresses of the waitlist."""

from django.urls import path

from sessions.waitlist.api import entries, offers

urlpatterns = [
    path("waitlist/", entries.WaitlistViewSet.as_view({"get": "list", "post": "create"})),
    path("waitlist/<uuid:pk>/", entries.WaitlistViewSet.as_view({"get": "retrieve"})),
    path("waitlist/<uuid:pk>/withdraw/", entries.WaitlistViewSet.as_view({"post": "withdraw"})),
    path("waitlist-offers/", offers.OfferViewSet.as_view({"get": "list"})),
    path("waitlist-offers/<uuid:pk>/", offers.OfferViewSet.as_view({"get": "retrieve"})),
]
