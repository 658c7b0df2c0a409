"""Addresses of monitoring."""

from django.urls import path

from sessions.monitoring.api import views

urlpatterns = [
    path("sessions/<uuid:session_id>/checks/", views.CheckViewSet.as_view({"get": "list"})),
    path("sessions/<uuid:session_id>/checks/<uuid:pk>/", views.CheckViewSet.as_view({"get": "retrieve"})),
    path(
        "sessions/<uuid:session_id>/checks/<uuid:pk>/not-taken/",
        views.CheckViewSet.as_view({"post": "not_taken"}),
    ),
    path("sessions/<uuid:session_id>/alarms/", views.SessionAlarmViewSet.as_view({"post": "create"})),
    path("alarms/", views.AlarmViewSet.as_view({"get": "list"})),
    path("alarms/<uuid:pk>/", views.AlarmViewSet.as_view({"get": "retrieve"})),
    path("alarms/<uuid:pk>/acknowledge/", views.AlarmViewSet.as_view({"post": "acknowledge"})),
]
