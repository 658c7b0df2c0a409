"""Addresses of the worklist."""

from django.urls import path

from kapclinic.trail.api import views

urlpatterns = [
    path("tasks/", views.TaskViewSet.as_view({"get": "list"})),
    path("tasks/<uuid:pk>/", views.TaskViewSet.as_view({"get": "retrieve"})),
    path("tasks/<uuid:pk>/done/", views.TaskViewSet.as_view({"post": "done"})),
]
