"""How the schema of the API is made: a part of the settings."""

from __future__ import annotations

from kapclinic.core.problem_schema import PROBLEM

SPECTACULAR_SETTINGS = {
    "TITLE": "kapclinic",
    "DESCRIPTION": "Practice management for ketamine-assisted psychotherapy. Errors are RFC 9457 problem+json.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "APPEND_COMPONENTS": {"schemas": {"Problem": PROBLEM}},
    "ENUM_NAME_OVERRIDES": {
        "SessionKindEnum": "kapclinic.practice.models.SessionKind",
        "RoleEnum": "kapclinic.practice.models.Role",
        "ModalityEnum": "programs.models.Modality",
        "RouteEnum": "programs.models.Route",
        "AllergySeverityEnum": "screening.models.Allergy.Severity",
        "ConsentMethodEnum": "screening.models.Consent.Method",
        "PaymentMethodEnum": "billing.ledger.models.Method",
        "LabKindEnum": "screening.models.labs.LabKind",
        "NoteKindEnum": "sessions.notes.models.Note.Kind",
        "DrugEntryKindEnum": "sessions.drugs.rules.BY_HAND_CHOICES",
        "AskedStateEnum": "kapclinic.practice.factor_models.FactorReset.State",
    },
    "SERVE_PERMISSIONS": ["kapclinic.core.http.permissions.AllowAny"],
}
