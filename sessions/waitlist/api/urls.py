"""Addresses of the waitlist."""

from django.urls import path

from sessions.waitlist.api import views

urlpatterns = [
    path("waitlist/", views.WaitlistViewSet.as_view({"get": "list", "post": "create"})),
    path("waitlist/<uuid:pk>/", views.WaitlistViewSet.as_view({"get": "retrieve"})),
    path("waitlist/<uuid:pk>/withdraw/", views.WaitlistViewSet.as_view({"post": "withdraw"})),
    path("waitlist-offers/", views.OfferViewSet.as_view({"get": "list"})),
    path("waitlist-offers/<uuid:pk>/", views.OfferViewSet.as_view({"get": "retrieve"})),
]
