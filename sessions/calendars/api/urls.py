"""Addresses of calendars."""

from django.urls import path

from sessions.calendars.api import calendars, feeds

urlpatterns = [
    path("calendar-feeds/", feeds.FeedViewSet.as_view({"get": "list", "post": "create"})),
    path("calendar-feeds/<uuid:pk>/", feeds.FeedViewSet.as_view({"get": "retrieve"})),
    path("calendar-feeds/<uuid:pk>/revoke/", feeds.FeedViewSet.as_view({"post": "revoke"})),
    path("calendars/<str:token>.ics", calendars.CalendarViewSet.as_view({"get": "ics"}), name="calendar"),
]
