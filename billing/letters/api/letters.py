"""Letters of medical necessity over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.letters import rules, selectors, services
from billing.letters.api import letter_bodies
from billing.letters.models import LetterQuerySet, NecessityLetter
from kapclinic.core.http.papers import Printed
from kapclinic.core.http.params import Param
from kapclinic.core.http.words import EntryReason
from kapclinic.practice.doors import confirm_password
from kapclinic.practice.rules import CLINICIANS
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


class NecessityLetterViewSet(Printed, ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = NecessityLetter.objects.all()
    object_type = "necessity_letter"
    client_path = "client_id"
    logged = frozenset({"list", "retrieve", "pdf"})
    roles: ClassVar = dict.fromkeys(
        ("list", "retrieve", "create", "partial_update", "discard", "pdf"), rules.WRITERS
    ) | {"sign": CLINICIANS, "void": CLINICIANS}
    inputs: ClassVar = {
        "create": letter_bodies.LetterIn,
        "partial_update": letter_bodies.LetterPatch,
        "sign": letter_bodies.LetterSignIn,
        "discard": EntryReason,
        "void": EntryReason,
    }
    output = letter_bodies.LetterOut
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("location", "uuid", "location_id"),
        Param("status", choices=tuple(NecessityLetter.Status.values)),
        Param("on", "date", lambda qs, value, user: qs.filter(starts__lte=value, ends__gte=value)),
    )
    orderings: ClassVar = {"starts": "starts", "created_at": "created_at"}
    default_order = ("-created_at",)
    fresh = frozenset({"sign"})
    confirmed = False

    def before_write(self) -> None:
        """Check the signer's password outside the transaction: a wrong one is counted although it is refused."""
        data = self.request.data
        password = data.get("password") if isinstance(data, Mapping) else None
        if self.action == "sign" and isinstance(password, str):
            self.confirmed = confirm_password(user=self.user, password=password, at=self.at)

    def get_queryset(self) -> LetterQuerySet:
        return selectors.letters().visible_to(self.user)

    def _shown(self, row: NecessityLetter, *, status: int = 200) -> Response:
        return self.answer(self.get_queryset().get(pk=row.pk), status=status)

    def create(self, request: Request) -> Response:
        made = services.write_letter(values=self.body(), by=self.user, at=self.at)
        return self._shown(made, status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        row = self.matched()
        values = self.given(row)
        return self._shown(services.edit_letter(letter_id=row.pk, values=values, by=self.user, at=self.at))

    def sign(self, request: Request, pk: Any) -> Response:
        self.body()
        row = self.matched() if "If-Match" in request.headers else self.get_object()
        return self._shown(
            services.sign_letter(letter_id=row.pk, confirmed=self.confirmed, by=self.user, at=self.at)
        )

    def discard(self, request: Request, pk: Any) -> Response:
        reason = self.body()["reason"]
        return self._shown(
            services.discard_letter(letter_id=self.get_object().pk, reason=reason, by=self.user, at=self.at)
        )

    def void(self, request: Request, pk: Any) -> Response:
        reason = self.body()["reason"]
        return self._shown(
            services.void_letter(letter_id=self.get_object().pk, reason=reason, by=self.user, at=self.at)
        )

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def pdf(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        content, sha256 = services.pdf_of(row)
        return self.print_out(content, name=f"letter-{row.pk}", sha256=sha256)
