"""Addresses of screening."""

from django.urls import path

from screening.api import views as v

urlpatterns = [
    path("screenings/", v.ScreeningViewSet.as_view({"get": "list", "post": "create"})),
    path("screenings/conditions/", v.ScreeningViewSet.as_view({"get": "conditions"})),
    path("screenings/<uuid:pk>/", v.ScreeningViewSet.as_view({"get": "retrieve", "patch": "partial_update"})),
    path("screenings/<uuid:pk>/submit/", v.ScreeningViewSet.as_view({"post": "submit"})),
    path("screenings/<uuid:pk>/decide/", v.ScreeningViewSet.as_view({"post": "decide"})),
    path("clearances/", v.ClearanceViewSet.as_view({"get": "list"})),
    path("clearances/<uuid:pk>/", v.ClearanceViewSet.as_view({"get": "retrieve"})),
    path("clearances/<uuid:pk>/void/", v.ClearanceViewSet.as_view({"post": "void"})),
    path("medications/", v.MedicationViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "medications/<uuid:pk>/", v.MedicationViewSet.as_view({"get": "retrieve", "patch": "partial_update"})
    ),
    path("consents/", v.ConsentViewSet.as_view({"get": "list", "post": "create"})),
    path("consents/<uuid:pk>/", v.ConsentViewSet.as_view({"get": "retrieve"})),
    path("consents/<uuid:pk>/sign/", v.ConsentViewSet.as_view({"post": "sign"})),
    path("consents/<uuid:pk>/revoke/", v.ConsentViewSet.as_view({"post": "revoke"})),
    path("measures/", v.MeasureViewSet.as_view({"get": "list", "post": "create"})),
    path("measures/<uuid:pk>/", v.MeasureViewSet.as_view({"get": "retrieve"})),
    path("safety-alerts/", v.SafetyAlertViewSet.as_view({"get": "list"})),
    path("safety-alerts/<uuid:pk>/", v.SafetyAlertViewSet.as_view({"get": "retrieve"})),
    path("safety-alerts/<uuid:pk>/acknowledge/", v.SafetyAlertViewSet.as_view({"post": "acknowledge"})),
]
