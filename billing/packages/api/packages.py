"""Packages over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.packages import selectors
from billing.packages.api import package_bodies
from billing.packages.models import Package
from billing.packages.services import packages
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import BILLERS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


class PackageViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """What the clinic offers at one price; of all locations, as the general fees are."""

    queryset = Package.objects.all()
    object_type = "package"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "partial_update"), BILLERS)
    inputs: ClassVar = {"create": package_bodies.PackageIn, "partial_update": package_bodies.PackagePatch}
    output = package_bodies.PackageOut
    filters = (Param("active", "bool"),)
    orderings: ClassVar = {"name": "name", "price": "price", "created_at": "created_at"}
    default_order = ("name", "created_at")
    searches = staticmethod(selectors.search_packages)
    search_doc = "words of a name"

    def create(self, request: Request) -> Response:
        made = packages.save_package(package=None, values=self.body(), by=self.user, at=self.at)
        return self.answer(made, status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        package = self.matched()
        changed = packages.save_package(package=package, values=self.given(package), by=self.user, at=self.at)
        return self.answer(changed)
