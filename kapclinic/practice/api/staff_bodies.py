"""Bodies of staff."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice.api.location_bodies import HM, Closing, HoursIn, VideoUrl
from kapclinic.practice.models import Role
from kapclinic.practice.rules import CLINICIANS, npi_is_valid


class WorkingHoursIn(HoursIn):
    location = serializers.UUIDField()


class WorkingHoursOut(Output):
    location = serializers.UUIDField(source="location_id")
    weekday = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {
            "from": serializers.TimeField(source="starts", format=HM),
            "to": Closing(source="ends", format=HM),
        }


class LicenseIn(Input):
    number = Text(max_length=40)
    state = serializers.RegexField(r"^[A-Z]{2}$")


class StaffIn(Input):
    email = serializers.EmailField(max_length=254)
    name = Text(max_length=120)
    roles = serializers.ListField(child=serializers.ChoiceField(Role.choices), min_length=1, max_length=7)
    locations = serializers.ListField(child=serializers.UUIDField(), max_length=50)
    credentials = Text(max_length=40, required=False, allow_blank=True)
    npi = serializers.RegexField(r"^[0-9]{10}$", required=False, allow_blank=True)
    license = LicenseIn(required=False)
    dea_number = serializers.RegexField(r"^[A-Z]{2}[0-9]{7}$", required=False, allow_blank=True)
    kap_trained = serializers.BooleanField(required=False)
    needs_cosign = serializers.BooleanField(required=False)
    monitor_capacity = serializers.IntegerField(min_value=1, max_value=20, required=False)
    video_url = VideoUrl()
    is_active = serializers.BooleanField(required=False)
    password = serializers.CharField(max_length=200, required=False, write_only=True, trim_whitespace=False)
    reason = Text(
        max_length=1000,
        required=False,
        allow_blank=True,
        write_only=True,
        help_text="of a new password for an account that is there: why; stands in the audit event",
    )


class ClinicalRolesIn(Input):
    roles = serializers.ListField(
        child=serializers.ChoiceField([role for role in Role.choices if role[0] in CLINICIANS]),
        min_length=1,
        max_length=4,
    )


class WarningOut(Output):
    code = serializers.CharField()
    detail = serializers.CharField()


class StaffOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    email = serializers.EmailField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    locations = serializers.ListField(child=serializers.UUIDField())
    credentials = serializers.CharField()
    npi = serializers.CharField()
    license = serializers.SerializerMethodField()
    dea_number = serializers.CharField()
    kap_trained = serializers.BooleanField()
    needs_cosign = serializers.BooleanField()
    monitor_capacity = serializers.IntegerField()
    video_url = serializers.CharField()
    is_active = serializers.BooleanField()
    warnings = serializers.SerializerMethodField()

    def get_license(self, user: Any) -> dict[str, str] | None:
        if not user.license_number:
            return None
        return {"number": user.license_number, "state": user.license_state}

    def get_warnings(self, user: Any) -> list[dict[str, str]]:
        if not user.npi or npi_is_valid(user.npi):
            return []
        return [{"code": "npi_invalid", "detail": "The NPI's check digit is wrong: charges will refuse it."}]
