"""Bodies of locations."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Milligrams, Moment, Output, Text
from kapclinic.practice.models import Role
from kapclinic.practice.rules import MIDNIGHT, PLACES_OF_SERVICE, npi_is_valid

HM = "%H:%M"
VIDEO_URL = r"^https://[^\s<>\"'\\]+$"


class AddressIn(Input):
    line1 = Text(max_length=120)
    line2 = Text(max_length=120, required=False, allow_blank=True, default="")
    city = Text(max_length=80)
    state = serializers.RegexField(r"^[A-Z]{2}$")
    postal_code = serializers.RegexField(r"^[0-9]{5}(-[0-9]{4})?$")


class Closing(serializers.TimeField):
    """A local time at which hours end; 24:00 is the midnight that ends the day."""

    def to_internal_value(self, value: Any) -> Any:
        return MIDNIGHT if value == "24:00" else super().to_internal_value(value)

    def to_representation(self, value: Any) -> Any:
        return "24:00" if value == MIDNIGHT else super().to_representation(value)


class HoursIn(Input):
    """One weekly row; weekday 0 is Monday."""

    weekday = serializers.IntegerField(min_value=0, max_value=6)

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {
            "from": serializers.TimeField(source="starts", format=HM),
            "to": Closing(source="ends", format=HM),
        }


class VideoUrl(serializers.RegexField):
    """Where a video session is held; `{session}` stands for the session's id. Empty: none of its own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(VIDEO_URL, **{"max_length": 300, "required": False, "allow_blank": True} | kwargs)


class LocationIn(Input):
    name = Text(max_length=120)
    time_zone = Text(max_length=60)
    address = AddressIn()
    phone = Text(max_length=30)
    dea_number = serializers.RegexField(r"^[A-Z]{2}[0-9]{7}$", required=False, allow_blank=True)
    pos_code = serializers.RegexField(r"^[0-9]{2}$", required=False)
    opening_hours = HoursIn(many=True)
    closed_dates = serializers.ListField(child=serializers.DateField(), required=False, max_length=400)
    override_roles = serializers.ListField(
        child=serializers.ChoiceField(Role.choices), required=False, max_length=7
    )
    late_cancel_hours = serializers.IntegerField(min_value=0, max_value=336, required=False)
    witness_roles = serializers.ListField(
        child=serializers.ChoiceField(Role.choices), required=False, max_length=7
    )
    counts_required = serializers.BooleanField(required=False)
    correction_limit_mg = Milligrams(min_value=Decimal(0), required=False)
    desk_takes_payments = serializers.BooleanField(required=False)
    break_glass_minutes = serializers.IntegerField(min_value=5, max_value=240, required=False)
    legal_name = Text(max_length=160, required=False, allow_blank=True)
    ein = serializers.RegexField(r"^[0-9]{9}$", required=False, allow_blank=True)
    organization_npi = Text(max_length=40, required=False, allow_blank=True)
    video_url = VideoUrl()

    def validate_organization_npi(self, value: str) -> str:
        if value and not npi_is_valid(value):
            raise serializers.ValidationError(
                "This is no NPI: ten digits, the last a check.", code="npi_invalid"
            )
        return value

    def validate_pos_code(self, value: str) -> str:
        if value not in PLACES_OF_SERVICE:
            detail = f"{value} is no place of service of the CMS list."
            raise serializers.ValidationError(detail, code="pos_invalid")
        return value


class LocationOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    name = serializers.CharField()
    time_zone = serializers.CharField()
    address = serializers.JSONField()
    phone = serializers.CharField()
    dea_number = serializers.CharField()
    pos_code = serializers.CharField()
    opening_hours = serializers.JSONField()
    closed_dates = serializers.ListField(child=serializers.DateField())
    override_roles = serializers.ListField(child=serializers.CharField())
    late_cancel_hours = serializers.IntegerField()
    witness_roles = serializers.ListField(child=serializers.CharField())
    counts_required = serializers.BooleanField()
    correction_limit_mg = Milligrams()
    desk_takes_payments = serializers.BooleanField()
    break_glass_minutes = serializers.IntegerField()
    legal_name = serializers.CharField()
    ein = serializers.CharField()
    organization_npi = serializers.CharField()
    video_url = serializers.CharField()
