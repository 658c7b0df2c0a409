"""Consents over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.papers import Printed
from kapclinic.core.http.params import Param
from kapclinic.core.paper import fingerprint
from kapclinic.practice.rules import BOOKERS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from screening import page, rules, services
from screening.api import consent_bodies
from screening.api.filters import OF_PROGRAM
from screening.models import Consent
from screening.rules.documents import DOCUMENTS


class ConsentViewSet(Printed, ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "consent"
    logged = frozenset({"list", "retrieve", "pdf"})
    client_path = "program.client_id"
    roles: ClassVar = {
        "list": BOOKERS,
        "retrieve": BOOKERS,
        "pdf": BOOKERS,
        "create": BOOKERS,
        "sign": BOOKERS,
        "revoke": rules.CONSENT_MOVES["revoke"].roles,
    }
    inputs: ClassVar = {
        "create": consent_bodies.ConsentIn,
        "sign": consent_bodies.ConsentSignIn,
        "revoke": Reason,
    }
    output = consent_bodies.ConsentTextOut
    outputs: ClassVar = {"list": consent_bodies.ConsentOut}
    filters = (
        *OF_PROGRAM,
        Param("document", choices=tuple(DOCUMENTS)),
        Param("status", choices=tuple(Consent.Status.values)),
    )
    orderings: ClassVar = {"created_at": "created_at", "signed_at": "signed_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> QuerySet[Consent]:
        rows = Consent.objects.visible_to(self.user).select_related("program")
        if self.action == "pdf":
            return rows.select_related("program__client", "program__location", "collected_by")
        return rows.defer("text", "signature") if self.action == "list" else rows

    def create(self, request: Request) -> Response:
        return self.answer(services.create_consent(values=self.body(), by=self.user, at=self.at), status=201)

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def pdf(self, request: Request, pk: Any) -> Response:
        """The exact words with the record of the signature, for the client to take away."""
        consent = self.get_object()
        self.touch(consent)
        pdf = page.print_consent(consent)
        return self.print_out(pdf, name=f"consent-{consent.pk}", sha256=fingerprint(pdf))

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
