"""Addresses of the worklist."""

from django.urls import path

from kapclinic.trail.api import tasks

urlpatterns = [
    path("tasks/", tasks.TaskViewSet.as_view({"get": "list"})),
    path("tasks/<uuid:pk>/", tasks.TaskViewSet.as_view({"get": "retrieve"})),
    path("tasks/<uuid:pk>/done/", tasks.TaskViewSet.as_view({"post": "done"})),
]
