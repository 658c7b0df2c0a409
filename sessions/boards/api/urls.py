"""Addresses of the boards."""

from typing import Any

from django.urls import path

from sessions.boards.api import worklists
from sessions.boards.api.banner import BannerViewSet
from sessions.boards.api.day import BoardViewSet
from sessions.boards.api.decisions import DecisionViewSet
from sessions.boards.api.monitoring import MonitoringBoardViewSet

LIST: dict[str, Any] = {"get": "list"}
ONE: dict[str, Any] = {"get": "retrieve"}

urlpatterns = [
    path("clients/<uuid:pk>/banner/", BannerViewSet.as_view({"get": "banner"})),
    path("tasks/", worklists.ListedTaskViewSet.as_view(LIST)),
    path("tasks/<uuid:pk>/", worklists.ListedTaskViewSet.as_view(ONE)),
    path("tasks/<uuid:pk>/done/", worklists.ListedTaskViewSet.as_view({"post": "done"})),
    path("safety-alerts/", worklists.ListedSafetyAlertViewSet.as_view(LIST)),
    path("safety-alerts/<uuid:pk>/", worklists.ListedSafetyAlertViewSet.as_view(ONE)),
    path(
        "safety-alerts/<uuid:pk>/acknowledge/",
        worklists.ListedSafetyAlertViewSet.as_view({"post": "acknowledge"}),
    ),
    path(
        "safety-alerts/<uuid:pk>/release/",
        worklists.ListedSafetyAlertViewSet.as_view({"post": "release"}),
    ),
    path("decisions/", DecisionViewSet.as_view({"get": "desk"})),
    path("day-board/", BoardViewSet.as_view({"get": "board"})),
    path("monitoring-board/", MonitoringBoardViewSet.as_view({"get": "board"})),
]
