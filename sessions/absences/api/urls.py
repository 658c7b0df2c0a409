"""Addresses of absences."""

from django.urls import path

from sessions.absences.api.absences import AbsenceViewSet
from sessions.absences.api.time_off import TimeOffViewSet

urlpatterns = [
    path("absences/", AbsenceViewSet.as_view({"post": "create"})),
    path("absences/preview/", AbsenceViewSet.as_view({"post": "preview"})),
    path("staff/<uuid:pk>/time-off/", TimeOffViewSet.as_view({"get": "list", "post": "create"})),
    path("staff/<uuid:staff_id>/time-off/<uuid:pk>/cancel/", TimeOffViewSet.as_view({"post": "cancel"})),
]
