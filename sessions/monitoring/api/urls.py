"""Addresses of monitoring."""

from django.urls import path

from sessions.monitoring.api import alarms, checks

urlpatterns = [
    path("sessions/<uuid:session_id>/checks/", checks.CheckViewSet.as_view({"get": "list"})),
    path("sessions/<uuid:session_id>/checks/<uuid:pk>/", checks.CheckViewSet.as_view({"get": "retrieve"})),
    path(
        "sessions/<uuid:session_id>/checks/<uuid:pk>/not-taken/",
        checks.CheckViewSet.as_view({"post": "not_taken"}),
    ),
    path("sessions/<uuid:session_id>/alarms/", alarms.SessionAlarmViewSet.as_view({"post": "create"})),
    path("alarms/", alarms.AlarmViewSet.as_view({"get": "list"})),
    path("alarms/<uuid:pk>/", alarms.AlarmViewSet.as_view({"get": "retrieve"})),
    path("alarms/<uuid:pk>/acknowledge/", alarms.AlarmViewSet.as_view({"post": "acknowledge"})),
]
