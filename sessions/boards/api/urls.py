"""Addresses of the boards."""

from django.urls import path

from sessions.boards.api.day import BoardViewSet
from sessions.boards.api.monitoring import MonitoringBoardViewSet

urlpatterns = [
    path("day-board/", BoardViewSet.as_view({"get": "board"})),
    path("monitoring-board/", MonitoringBoardViewSet.as_view({"get": "board"})),
]
