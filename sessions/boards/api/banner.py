"""The banner above every page about a client, over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.etags import about_of, digest_of, known_of
from kapclinic.core.http.renderers import Told, Unchanged
from kapclinic.practice.models import Client
from kapclinic.practice.rules import BOOKERS, CLIENT_READERS, CLINICIANS
from kapclinic.trail.http import ClinicViewSet
from sessions.boards.api import banner_bodies as s
from sessions.boards.selectors.banner import SIGNED, banner


class BannerViewSet(ClinicViewSet):
    """Who the client is, and what must not be overlooked; the front desk and billing read less (R13).

    A poll with `If-None-Match` answers 304 while all of it is as it was told; nothing was told then, so nothing is
    logged.
    """

    object_type = "client"
    client_path = "id"
    logged = tagged = frozenset({"banner"})
    roles: ClassVar = {"banner": CLIENT_READERS}
    outputs: ClassVar = {"banner": s.BannerOut}

    def get_queryset(self) -> QuerySet[Client]:
        found: QuerySet[Client] = Client.objects.visible_to(self.user)
        return found

    @extend_schema(
        responses=PolymorphicProxySerializer(
            "BannerByRole", [s.BannerOut, s.DeskBannerOut, s.BannerNameOut], resource_type_field_name=None
        )
    )
    def banner(self, request: Request, pk: Any) -> Response:
        """Clinicians read all of it, the front desk who it is and whether there is a consent, billing the name."""
        body = self._body(self.get_object())
        about, read = about_of(request, self.user), digest_of(body)
        headers = {"ETag": f'"{about}-{read}"'}
        if read in known_of(request, about):
            return Unchanged(headers["ETag"])
        return Told(body, headers=headers)

    def _body(self, client: Client) -> dict[str, Any]:
        roles = self.user.role_set
        if not roles & BOOKERS:
            return dict(s.BannerNameOut({"client": client}).data)
        clinical = bool(roles & CLINICIANS)
        shown = banner(client=client, by=self.user, at=self.at, clinical=clinical)
        row = {"client": client, "shown": shown, "consent": shown.consent.state == SIGNED}
        output = s.BannerOut if clinical else s.DeskBannerOut
        return dict(output(row, context=self.get_serializer_context()).data)
