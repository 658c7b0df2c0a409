"""Addresses of the clinic day, room by room."""

from django.urls import include, path

ROOMS = (
    "visits",
    "course",
    "absences",
    "boards",
    "reports",
    "links",
    "imports",
    "status",
    "evidence",
    "notes",
    "rights",
    "files",
    "dosing",
    "integration",
    "monitoring",
    "drugs",
    "waitlist",
    "reminders",
    "calendars",
)

urlpatterns = [path("", include(f"sessions.{room}.api.urls")) for room in ROOMS]
