"""Addresses of reminders."""

from django.urls import path

from sessions.reminders.api import messages, plans

urlpatterns = [
    path("reminder-plans/", plans.ReminderPlanViewSet.as_view({"get": "list"})),
    path(
        "reminder-plans/<uuid:pk>/",
        plans.ReminderPlanViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update"}),
    ),
    path("messages/", messages.MessageViewSet.as_view({"get": "list"})),
    path("messages/<uuid:pk>/", messages.MessageViewSet.as_view({"get": "retrieve"})),
    path("messages/<uuid:pk>/retry/", messages.MessageViewSet.as_view({"post": "retry"})),
]
