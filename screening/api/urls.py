"""Addresses of screening."""

from django.urls import path

from screening.api import (
    allergies,
    clearances,
    consent_documents,
    consents,
    lab_results,
    measures,
    medications,
    safety_plans,
    screenings,
)

urlpatterns = [
    path(
        "clients/<uuid:pk>/allergies/",
        allergies.AllergyViewSet.as_view({"get": "show", "post": "create"}),
    ),
    path(
        "clients/<uuid:pk>/allergies/none-known/",
        allergies.AllergyViewSet.as_view({"post": "none_known"}),
    ),
    path(
        "clients/<uuid:pk>/allergies/none-known/void/",
        allergies.AllergyViewSet.as_view({"post": "void_none_known"}),
    ),
    path(
        "clients/<uuid:pk>/allergies/<uuid:allergy_id>/",
        allergies.AllergyViewSet.as_view({"get": "retrieve"}),
    ),
    path(
        "clients/<uuid:pk>/allergies/<uuid:allergy_id>/void/",
        allergies.AllergyViewSet.as_view({"post": "void"}),
    ),
    path("screenings/", screenings.ScreeningViewSet.as_view({"get": "list", "post": "create"})),
    path("screenings/conditions/", screenings.ScreeningViewSet.as_view({"get": "conditions"})),
    path(
        "screenings/<uuid:pk>/",
        screenings.ScreeningViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
    path("screenings/<uuid:pk>/submit/", screenings.ScreeningViewSet.as_view({"post": "submit"})),
    path("screenings/<uuid:pk>/decide/", screenings.ScreeningViewSet.as_view({"post": "decide"})),
    path("clearances/", clearances.ClearanceViewSet.as_view({"get": "list"})),
    path("clearances/<uuid:pk>/", clearances.ClearanceViewSet.as_view({"get": "retrieve"})),
    path("clearances/<uuid:pk>/uphold/", clearances.ClearanceViewSet.as_view({"post": "uphold"})),
    path("clearances/<uuid:pk>/void/", clearances.ClearanceViewSet.as_view({"post": "void"})),
    path("medications/", medications.MedicationViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "medications/<uuid:pk>/",
        medications.MedicationViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
    path("medications/<uuid:pk>/map/", medications.MedicationViewSet.as_view({"post": "map"})),
    path("consents/", consents.ConsentViewSet.as_view({"get": "list", "post": "create"})),
    path("consents/<uuid:pk>/", consents.ConsentViewSet.as_view({"get": "retrieve"})),
    path("consents/<uuid:pk>/pdf/", consents.ConsentViewSet.as_view({"get": "pdf"})),
    path(
        "consent-documents/",
        consent_documents.ConsentDocumentViewSet.as_view({"get": "list", "post": "create"}),
    ),
    path("consents/<uuid:pk>/sign/", consents.ConsentViewSet.as_view({"post": "sign"})),
    path("consents/<uuid:pk>/revoke/", consents.ConsentViewSet.as_view({"post": "revoke"})),
    path("lab-results/", lab_results.LabResultViewSet.as_view({"get": "list", "post": "create"})),
    path("lab-results/<uuid:pk>/", lab_results.LabResultViewSet.as_view({"get": "retrieve"})),
    path("lab-results/<uuid:pk>/void/", lab_results.LabResultViewSet.as_view({"post": "void"})),
    path("measures/", measures.MeasureViewSet.as_view({"get": "list", "post": "create"})),
    path("measures/<uuid:pk>/", measures.MeasureViewSet.as_view({"get": "retrieve"})),
    path("measures/<uuid:pk>/void/", measures.MeasureViewSet.as_view({"post": "void"})),
    path("safety-plans/", safety_plans.SafetyPlanViewSet.as_view({"get": "list", "post": "create"})),
    path("safety-plans/<uuid:pk>/", safety_plans.SafetyPlanViewSet.as_view({"get": "retrieve"})),
    path("safety-plans/<uuid:pk>/void/", safety_plans.SafetyPlanViewSet.as_view({"post": "void"})),
]
