"""What changed in a row, over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from billing.records.api import change_bodies
from billing.records.rules.changes import KEPT
from billing.records.selectors import changes
from kapclinic.core.errors import NotPermitted
from kapclinic.core.http.params import Param
from kapclinic.trail.http import ANYONE, ClinicViewSet


class ChangeViewSet(ClinicViewSet):
    """Who may read a kind of row, and which field of it, is in `billing/records/rules/changes.py`."""

    object_type = "change"
    client_path = "client"
    roles: ClassVar = {"list": ANYONE}
    output = change_bodies.ChangeOut
    filters = (
        Param("object_type", choices=tuple(KEPT), required=True, doc="as the access log names it"),
        Param("object_id", "uuid", required=True),
    )

    def list(self, request: Request) -> Response:
        """Each change of one row, field by field, the newest first; a role gets the fields that it reads."""
        asked = self.query()
        kept, roles = KEPT[asked["object_type"]], self.user.role_set
        self._object_id = asked["object_id"]
        if not kept.open_to(roles):
            raise NotPermitted("Your role does not read such rows.")
        row: Any = changes.row_of(kept, asked["object_id"], user=self.user)
        if row is None:
            raise Http404
        if (client := changes.client_of(kept, row)) is not None:
            self._touched.add(client)
        columns = kept.columns(roles, author=getattr(row, "author_id", None) == self.user.pk)
        found: Any = changes.Changes(kept, row.pk, columns=columns)
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.represent(page, many=True))
