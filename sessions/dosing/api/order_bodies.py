"""Bodies of orders."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Milligrams, Moment, Output, Text
from programs.models import Route
from sessions.booking.http import NOTHING, AboutOut
from sessions.dosing.rules import amounts


class OrderIn(Input):
    drug = Text(max_length=80)
    route = serializers.ChoiceField(Route.choices)
    dose_mg = Milligrams(required=False, allow_null=True)
    dose_mg_per_kg = Milligrams(required=False, allow_null=True)
    max_total_mg = Milligrams()
    valid_until = Moment()
    form = Text(max_length=80, required=False, allow_blank=True, default="")
    reason = Text(max_length=1000, required=False, allow_blank=True, default="")
    above_cap_reason = Text(max_length=1000, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("dose_mg") is not None and attrs.get("dose_mg_per_kg") is not None:
            raise serializers.ValidationError(
                {"dose_mg_per_kg": ["Give dose_mg or dose_mg_per_kg, not both."]}
            )
        for name in ("dose_mg", "dose_mg_per_kg", "max_total_mg"):
            if attrs.get(name) is not None and attrs[name] <= 0:
                raise serializers.ValidationError({name: ["An amount above 0 is expected."]})
        return attrs


class ApprovalOut(Output):
    by = serializers.UUIDField(source="approver_id")
    reason = serializers.CharField()
    at = Moment(source="created_at")


class DoseWarningOut(Output):
    code = serializers.CharField()
    detail = serializers.CharField()


class OrderOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    prescriber = serializers.UUIDField(source="prescriber_id")
    drug = serializers.CharField()
    route = serializers.CharField()
    dose_mg = Milligrams()
    dose_mg_per_kg = Milligrams(allow_null=True)
    weight_kg = serializers.DecimalField(max_digits=6, decimal_places=2, allow_null=True)
    weighed_at = Moment(allow_null=True)
    max_total_mg = Milligrams()
    valid_until = Moment()
    form = serializers.CharField()
    reason = serializers.CharField()
    above_cap_reason = serializers.CharField()
    waits = serializers.BooleanField()
    approval = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()

    @extend_schema_field(ApprovalOut(allow_null=True))
    def get_approval(self, order: Any) -> dict[str, Any] | None:
        return ApprovalOut(order.approval).data if hasattr(order, "approval") else None

    @extend_schema_field(DoseWarningOut(many=True))
    def get_warnings(self, order: Any) -> list[dict[str, str]]:
        return amounts.order_warnings(order.session.program.protocol.dose, order)


class ListedOrderOut(AboutOut, OrderOut):  # type: ignore[misc]  # both tell the session
    """An order with whom it is for; `assigned_to` is who wrote it."""

    client = serializers.UUIDField(source="session.client_id")
    program = serializers.UUIDField(source="session.program_id")
    starts_at = Moment(source="session.starts_at")

    def get_label(self, row: Any) -> str:
        return "Approve the dose above the cap, as a second prescriber." if row.waits else NOTHING
