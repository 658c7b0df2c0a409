"""Addresses of the dosing day."""

from typing import Any

from django.urls import path

from sessions.dosing.api import (
    adverse_events,
    discharges,
    doses,
    orders,
    overrides,
    readiness,
    readings,
    rems,
)

SESSION = "sessions/<uuid:session_id>"
LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve"}

urlpatterns = [
    path(f"{SESSION}/readiness/", readiness.ReadinessViewSet.as_view({"get": "retrieve"})),
    path(f"{SESSION}/override/", readiness.ReadinessViewSet.as_view({"post": "override"})),
    path(f"{SESSION}/orders/", orders.OrderViewSet.as_view(LIST)),
    path(f"{SESSION}/orders/<uuid:pk>/", orders.OrderViewSet.as_view(ONE)),
    path(f"{SESSION}/orders/<uuid:pk>/approve-cap/", orders.OrderViewSet.as_view({"post": "approve_cap"})),
    path(f"{SESSION}/administrations/", doses.AdministrationViewSet.as_view(LIST)),
    path(f"{SESSION}/administrations/<uuid:pk>/", doses.AdministrationViewSet.as_view(ONE)),
    path(
        f"{SESSION}/administrations/<uuid:pk>/finish/",
        doses.AdministrationViewSet.as_view({"post": "finish"}),
    ),
    path(f"{SESSION}/readings/", readings.ReadingViewSet.as_view(LIST)),
    path(f"{SESSION}/readings/<uuid:pk>/", readings.ReadingViewSet.as_view(ONE)),
    path(f"{SESSION}/readings/<uuid:pk>/void/", readings.ReadingViewSet.as_view({"post": "void"})),
    path(f"{SESSION}/adverse-events/", adverse_events.AdverseEventViewSet.as_view(LIST)),
    path(f"{SESSION}/adverse-events/<uuid:pk>/", adverse_events.AdverseEventViewSet.as_view(ONE)),
    path(
        f"{SESSION}/adverse-events/<uuid:pk>/follow-ups/",
        adverse_events.AdverseEventViewSet.as_view({"post": "follow_ups"}),
    ),
    path(
        f"{SESSION}/adverse-events/<uuid:pk>/review/",
        adverse_events.AdverseEventViewSet.as_view({"post": "review"}),
    ),
    path("orders/", orders.ListedOrderViewSet.as_view({"get": "list"})),
    path("overrides/", overrides.GateOverrideViewSet.as_view({"get": "list"})),
    path("overrides/<uuid:pk>/", overrides.GateOverrideViewSet.as_view(ONE)),
    path("overrides/<uuid:pk>/read/", overrides.GateOverrideViewSet.as_view({"post": "read"})),
    path("rems-records/", rems.RemsRecordViewSet.as_view({"get": "list"})),
    path(f"{SESSION}/rems/", rems.RemsViewSet.as_view({"get": "retrieve", "patch": "partial_update"})),
    path(f"{SESSION}/rems/submit/", rems.RemsViewSet.as_view({"post": "submit"})),
    path(f"{SESSION}/rems/pdf/", rems.RemsViewSet.as_view({"get": "pdf"})),
    path(f"{SESSION}/discharge/", discharges.DischargeViewSet.as_view({"get": "retrieve", "post": "create"})),
    path(f"{SESSION}/discharge/sheet/", discharges.DischargeViewSet.as_view({"get": "sheet"})),
]
