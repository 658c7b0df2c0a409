"""Addresses of reminders."""

from django.urls import path

from sessions.reminders.api import views

urlpatterns = [
    path("reminder-plans/", views.ReminderPlanViewSet.as_view({"get": "list"})),
    path(
        "reminder-plans/<uuid:pk>/",
        views.ReminderPlanViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update"}),
    ),
    path("messages/", views.MessageViewSet.as_view({"get": "list"})),
    path("messages/<uuid:pk>/", views.MessageViewSet.as_view({"get": "retrieve"})),
    path("messages/<uuid:pk>/retry/", views.MessageViewSet.as_view({"post": "retry"})),
]
