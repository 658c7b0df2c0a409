"""Screenings, clearances, medications, consents, measures and safety alerts over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Empty, Reason
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import BOOKERS, CLINICIANS, PRESCRIBER
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from screening import rules, selectors, services
from screening.api import serializers as s
from screening.models import Clearance, Consent, Measure, Medication, SafetyAlert, Screening
from screening.rules.conditions import CONDITIONS
from screening.rules.documents import DOCUMENTS
from screening.rules.instruments import INSTRUMENTS

OF_PROGRAM = (Param("program", "uuid", "program_id"), Param("client", "uuid", "program__client_id"))


class ScreeningViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "screening"
    client_path = "program.client_id"
    roles: ClassVar = {
        "list": CLINICIANS,
        "retrieve": CLINICIANS,
        "create": CLINICIANS,
        "partial_update": CLINICIANS,
        "submit": rules.SCREENING_MOVES["submit"].roles,
        "decide": PRESCRIBER,
        "conditions": CLINICIANS,
    }
    inputs: ClassVar = {
        "create": s.ScreeningIn,
        "partial_update": s.ScreeningPatch,
        "submit": Empty,
        "decide": s.DecideIn,
    }
    output = s.ScreeningOut
    outputs: ClassVar = {"conditions": s.ConditionOut}
    filters = (*OF_PROGRAM, Param("status", choices=tuple(Screening.Status.values)))
    paged = frozenset({"list", "conditions"})
    orderings: ClassVar = {"created_at": "created_at", "submitted_at": "submitted_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> QuerySet[Screening]:
        rows = selectors.screenings_with_findings().visible_to(self.user)  # type: ignore[attr-defined]
        if self.action == "partial_update":
            rows = rows.select_related("program__protocol").select_for_update(of=("self",))
        return rows  # type: ignore[no-any-return]

    def create(self, request: Request) -> Response:
        screening = services.create_screening(values=self.body(), by=self.user, at=self.at)
        return self.answer(screening, status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        screening = self.matched()
        values = self.body()  # not `given()`: a partial body would let its nested rows be partial too
        return self.answer(
            services.change_screening(screening=screening, values=values, by=self.user, at=self.at)
        )

    def submit(self, request: Request, pk: Any) -> Response:
        self.body()
        services.submit_screening(screening_id=self.get_object().pk, by=self.user, at=self.at)
        return self.answer(self.get_object())

    def decide(self, request: Request, pk: Any) -> Response:
        screening = self.get_object()
        body = self.body()
        body.setdefault("resolutions", [])
        services.decide_screening(screening_id=screening.pk, **body, by=self.user, at=self.at)
        return self.answer(self.get_object())

    def conditions(self, request: Request) -> Response:
        """The conditions that a screening asks about, with what a yes would mean."""
        self.query()
        return self.get_paginated_response(
            self.represent(self.paginate_queryset(list(CONDITIONS.values())), many=True)
        )


class ClearanceViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "clearance"
    client_path = "program.client_id"
    roles: ClassVar = {
        "list": CLINICIANS,
        "retrieve": CLINICIANS,
        "void": rules.CLEARANCE_MOVES["void"].roles,
    }
    inputs: ClassVar = {"void": Reason}
    output = s.ClearanceOut
    filters = (
        *OF_PROGRAM,
        Param("decision", choices=tuple(Clearance.Decision.values)),
        Param("voided", "bool", lambda qs, value, user: qs.filter(voided_at__isnull=not value)),
    )
    orderings: ClassVar = {"valid_from": "valid_from", "expires_on": "expires_on"}
    default_order = ("-valid_from",)

    def get_queryset(self) -> QuerySet[Clearance]:
        return Clearance.objects.visible_to(self.user).select_related("program")

    def void(self, request: Request, pk: Any) -> Response:
        clearance = self.get_object()
        reason = self.body()["reason"]
        return self.answer(
            services.void_clearance(clearance_id=clearance.pk, reason=reason, by=self.user, at=self.at)
        )


class MedicationViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "medication"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "partial_update"), CLINICIANS)
    inputs: ClassVar = {"create": s.MedicationIn, "partial_update": s.MedicationPatch}
    output = s.MedicationOut
    filters = (
        Param("client", "uuid", "client_id"),
        Param("is_mapped", "bool"),
        Param("active", "bool", lambda qs, value, user: qs.filter(ended_at__isnull=value)),
    )
    orderings: ClassVar = {"created_at": "created_at", "text": "text"}
    default_order = ("created_at",)

    def get_queryset(self) -> QuerySet[Medication]:
        rows = Medication.objects.visible_to(self.user)
        return rows.select_for_update() if self.action == "partial_update" else rows

    def create(self, request: Request) -> Response:
        row = services.record_medication(values=self.body(), by=self.user, at=self.at)
        return self.answer(row, status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        row = self.matched()
        return self.answer(
            services.change_medication(medication=row, values=self.given(), by=self.user, at=self.at)
        )


class ConsentViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "consent"
    client_path = "program.client_id"
    roles: ClassVar = {
        "list": BOOKERS,
        "retrieve": BOOKERS,
        "create": BOOKERS,
        "sign": rules.CONSENT_MOVES["sign"].roles,
        "revoke": rules.CONSENT_MOVES["revoke"].roles,
    }
    inputs: ClassVar = {"create": s.ConsentIn, "sign": s.ConsentSignIn, "revoke": Reason}
    output = s.ConsentTextOut
    outputs: ClassVar = {"list": s.ConsentOut}
    filters = (
        *OF_PROGRAM,
        Param("document", choices=tuple(DOCUMENTS)),
        Param("status", choices=tuple(Consent.Status.values)),
    )
    orderings: ClassVar = {"created_at": "created_at", "signed_at": "signed_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> QuerySet[Consent]:
        rows = Consent.objects.visible_to(self.user).select_related("program")
        return rows.defer("text", "signature") if self.action == "list" else rows

    def create(self, request: Request) -> Response:
        return self.answer(services.create_consent(values=self.body(), by=self.user, at=self.at), status=201)

    def sign(self, request: Request, pk: Any) -> Response:
        consent = self.get_object()
        return self.answer(
            services.sign_consent(consent_id=consent.pk, **self.body(), by=self.user, at=self.at)
        )

    def revoke(self, request: Request, pk: Any) -> Response:
        consent = self.get_object()
        reason = self.body()["reason"]
        return self.answer(
            services.revoke_consent(consent_id=consent.pk, reason=reason, by=self.user, at=self.at)
        )


class MeasureViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "measure"
    client_path = "program.client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create"), CLINICIANS)
    inputs: ClassVar = {"create": s.MeasureIn}
    output = s.MeasureOut
    filters = (*OF_PROGRAM, Param("instrument", choices=tuple(INSTRUMENTS)))
    orderings: ClassVar = {"taken_at": "taken_at", "created_at": "created_at"}
    default_order = ("-taken_at",)

    def get_queryset(self) -> QuerySet[Measure]:
        return Measure.objects.visible_to(self.user).select_related("program")

    def create(self, request: Request) -> Response:
        return self.answer(services.record_measure(values=self.body(), by=self.user, at=self.at), status=201)


class SafetyAlertViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "safety_alert"
    client_path = "program.client_id"
    roles: ClassVar = {
        "list": CLINICIANS,
        "retrieve": CLINICIANS,
        "acknowledge": rules.ALERT_MOVES["acknowledge"].roles,
    }
    inputs: ClassVar = {"acknowledge": s.AcknowledgeIn}
    output = s.SafetyAlertOut
    filters = (
        *OF_PROGRAM,
        Param("status", choices=tuple(SafetyAlert.Status.values)),
        Param("cause", choices=tuple(SafetyAlert.Cause.values)),
    )
    orderings: ClassVar = {"acknowledge_by": "acknowledge_by", "created_at": "created_at"}
    default_order = ("acknowledge_by",)

    def get_queryset(self) -> QuerySet[SafetyAlert]:
        rows = SafetyAlert.objects.visible_to(self.user)
        return rows.select_related("program")

    def acknowledge(self, request: Request, pk: Any) -> Response:
        alert = self.get_object()
        action = self.body()["action"]
        return self.answer(
            services.acknowledge_alert(alert_id=alert.pk, action=action, by=self.user, at=self.at)
        )
