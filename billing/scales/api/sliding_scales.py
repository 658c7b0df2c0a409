"""Sliding scales over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.scales import services
from billing.scales.api import sliding_scale_bodies
from billing.scales.models import SlidingScale
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import BILLERS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


class SlidingScaleViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = SlidingScale.objects.all()
    object_type = "sliding_scale"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "partial_update"), BILLERS)
    inputs: ClassVar = {
        "create": sliding_scale_bodies.SlidingScaleIn,
        "partial_update": sliding_scale_bodies.SlidingScaleIn,
    }
    output = sliding_scale_bodies.SlidingScaleOut
    filters = (
        Param("name"),
        Param("on", "date", "valid_from__lte", doc="scales that began on this day or earlier"),
    )
    orderings: ClassVar = {"name": "name", "valid_from": "valid_from"}
    default_order = ("name", "-valid_from")

    def create(self, request: Request) -> Response:
        made = services.save_scale(scale=None, values=self.body(), by=self.user, at=self.at)
        return self.answer(made, status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        scale = self.matched()
        return self.answer(
            services.save_scale(scale=scale, values=self.given(scale), by=self.user, at=self.at)
        )
