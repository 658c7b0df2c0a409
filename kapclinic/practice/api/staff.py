"""Staff over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.etags import etag_of
from kapclinic.core.http.params import Param
from kapclinic.practice import accounts, rules, selectors, services
from kapclinic.practice.api import staff_bodies
from kapclinic.practice.models import Role, User
from kapclinic.trail.http import ANYONE, ClinicViewSet, ListMixin, RetrieveMixin


class StaffViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """Changes stand in `sessions.absences`: somebody who goes may not leave booked sessions behind."""

    queryset = User.objects.all()
    object_type = "staff"
    roles: ClassVar = {
        "list": ANYONE,
        "retrieve": ANYONE,
        "create": rules.ADMIN,
        "hours": ANYONE,
        "give_roles": rules.DIRECTOR,
    }
    fresh = frozenset({"create", "give_roles"})
    inputs: ClassVar = {
        "create": staff_bodies.StaffIn,
        "give_roles": staff_bodies.ClinicalRolesIn,
    }
    output = staff_bodies.StaffOut
    outputs: ClassVar = {
        "hours": staff_bodies.WorkingHoursOut,
    }
    filters = (
        Param("location", "uuid", lambda qs, value, user: qs.filter(locations__contains=[value])),
        Param(
            "role",
            choices=tuple(Role.values),
            lookup=lambda qs, value, user: qs.filter(roles__contains=[value]),
        ),
        Param("is_active", "bool"),
    )
    orderings: ClassVar = {"name": "name", "created_at": "created_at"}
    default_order = ("name",)
    searches = staticmethod(selectors.search_staff)
    search_doc = "words of a name, or the beginning of an e-mail address"

    def create(self, request: Request) -> Response:
        return self.answer(
            services.save_staff(user=None, values=self.body(), by=self.user, at=self.at), status=201
        )

    def give_roles(self, request: Request, pk: Any) -> Response:
        """Give clinical roles to an administrator, beside those that they hold. Nobody gives them to themselves."""
        roles = self.body()["roles"]
        user = self.get_object()
        return self.answer(
            accounts.give_clinical_roles(user_id=user.pk, roles=roles, by=self.user, at=self.at)
        )

    def present(self, row: User, name: str) -> Mapping[str, Any]:
        return {"number": row.license_number, "state": row.license_state} if row.license_number else {}

    def hours(self, request: Request, pk: Any) -> Response:
        user = self.get_object()
        headers = {"ETag": etag_of(selectors.hours_version(user.pk))}
        return Response(self.represent(selectors.current_hours(user_id=user.pk), many=True), headers=headers)
