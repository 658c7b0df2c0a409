"""Superbills over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.documents import services
from billing.documents.api import superbill_bodies
from billing.documents.api.documents import VoidableViewSet
from billing.documents.models import Superbill
from kapclinic.core.http.fields import shown
from kapclinic.core.http.params import Param


class SuperbillViewSet(VoidableViewSet):
    queryset = Superbill.objects.all()
    document = Superbill
    object_type = "superbill"
    output = superbill_bodies.SuperbillOut
    inputs: ClassVar = VoidableViewSet.inputs | {"create": superbill_bodies.SuperbillIn}
    params: ClassVar = {
        "create": (Param("preview", "bool", doc="true: nothing is issued, the answer tells what would be"),)
    }

    @extend_schema(responses={201: superbill_bodies.SuperbillOut, 200: superbill_bodies.SuperbillPreviewOut})
    def create(self, request: Request) -> Response:
        """Issue a superbill. With `preview=true` nothing is issued: the same body without a number, and `left_out`."""
        asked = dict(self.body())
        only_new = asked.pop("only_new")
        values = cast("services.Period", asked)
        if self.only_looks():
            found = services.preview_superbill(values=values, by=self.user, at=self.at, only_new=only_new)
            return Response(self._preview(found))
        made = services.issue_superbill(values=values, by=self.user, at=self.at, only_new=only_new)
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)

    def _preview(self, found: services.Preview) -> dict[str, Any]:
        row: Any = found.row
        self.touch(row)
        row.id = row.created_at = row.number = row.sha256 = row.voided_at = row.void_reason = None
        row.status = Superbill.Status.ISSUED
        row.left_out = [one.as_dict() for one in found.left_out]
        told: dict[str, Any] = shown(
            superbill_bodies.SuperbillPreviewOut, row, context=self.get_serializer_context()
        )
        return told
