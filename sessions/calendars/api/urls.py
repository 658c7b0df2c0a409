"""Addresses of calendars."""

from django.urls import path

from sessions.calendars.api import views

urlpatterns = [
    path("calendar-feeds/", views.FeedViewSet.as_view({"get": "list", "post": "create"})),
    path("calendar-feeds/<uuid:pk>/", views.FeedViewSet.as_view({"get": "retrieve"})),
    path("calendar-feeds/<uuid:pk>/revoke/", views.FeedViewSet.as_view({"post": "revoke"})),
    path("calendars/<str:token>.ics", views.CalendarViewSet.as_view({"get": "ics"}), name="calendar"),
]
