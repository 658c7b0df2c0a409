"""Bodies of the practice's requests and answers."""

from __future__ import annotations

import re
from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice.models import Role, SessionKind
from kapclinic.practice.rules import MIDNIGHT, npi_is_valid

HM = "%H:%M"


class AddressIn(Input):
    line1 = Text(max_length=120)
    line2 = Text(max_length=120, required=False, allow_blank=True, default="")
    city = Text(max_length=80)
    state = serializers.RegexField(r"^[A-Z]{2}$")
    postal_code = serializers.RegexField(r"^\d{5}(-\d{4})?$")


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


class LocationIn(Input):
    name = Text(max_length=120)
    time_zone = Text(max_length=60)
    address = AddressIn()
    phone = Text(max_length=30)
    dea_number = serializers.RegexField(r"^[A-Z]{2}\d{7}$", required=False, allow_blank=True)
    pos_code = serializers.RegexField(r"^\d{2}$", required=False)
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
    legal_name = Text(max_length=160, required=False, allow_blank=True)
    ein = serializers.RegexField(r"^\d{9}$", required=False, allow_blank=True)
    organization_npi = serializers.RegexField(r"^\d{10}$", required=False, allow_blank=True)


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
    legal_name = serializers.CharField()
    ein = serializers.CharField()
    organization_npi = serializers.CharField()


class RoomIn(Input):
    location = serializers.UUIDField(source="location_id")
    name = Text(max_length=80)
    kinds = serializers.ListField(
        child=serializers.ChoiceField(SessionKind.choices), min_length=1, max_length=5
    )
    turnover_min = serializers.IntegerField(min_value=0, max_value=240)
    is_active = serializers.BooleanField(required=False)


class RoomOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    location = serializers.UUIDField(source="location_id")
    name = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    turnover_min = serializers.IntegerField()
    is_active = serializers.BooleanField()


class LicenseIn(Input):
    number = Text(max_length=40)
    state = serializers.RegexField(r"^[A-Z]{2}$")


class StaffIn(Input):
    email = serializers.EmailField(max_length=254)
    name = Text(max_length=120)
    roles = serializers.ListField(child=serializers.ChoiceField(Role.choices), min_length=1, max_length=7)
    locations = serializers.ListField(child=serializers.UUIDField(), max_length=50)
    credentials = Text(max_length=40, required=False, allow_blank=True)
    npi = serializers.RegexField(r"^\d{10}$", required=False, allow_blank=True)
    license = LicenseIn(required=False)
    dea_number = serializers.RegexField(r"^[A-Z]{2}\d{7}$", required=False, allow_blank=True)
    kap_trained = serializers.BooleanField(required=False)
    needs_cosign = serializers.BooleanField(required=False)
    monitor_capacity = serializers.IntegerField(min_value=1, max_value=20, required=False)
    is_active = serializers.BooleanField(required=False)
    password = serializers.CharField(max_length=200, required=False, write_only=True)


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


class EscortIn(Input):
    name = Text(max_length=120)
    phone = Text(max_length=30)
    relationship = Text(max_length=60, required=False, allow_blank=True)


class CommunicationIn(Input):
    email = serializers.BooleanField(required=False)
    sms = serializers.BooleanField(required=False)
    phone = serializers.BooleanField(required=False)


class ClientIn(Input):
    legal_first_name = Text(max_length=80)
    legal_last_name = Text(max_length=80)
    chosen_name = Text(max_length=80, required=False, allow_blank=True)
    pronouns = Text(max_length=40, required=False, allow_blank=True)
    date_of_birth = serializers.DateField()
    administrative_sex = serializers.ChoiceField(choices=list("FMXU"))
    phone = Text(max_length=30)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    address = AddressIn()
    time_zone = Text(max_length=60, required=False, allow_blank=True)
    emergency_contact = EscortIn(required=False)
    escort_contacts = EscortIn(many=True, required=False)
    communication_consent = CommunicationIn(required=False)
    locations = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=50)

    def validate_phone(self, value: str) -> str:
        if len(re.sub(r"[^0-9]", "", value)) < 7:
            raise serializers.ValidationError("A phone number has at least 7 digits.", code="invalid")
        return value


class ClientOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    mrn = serializers.CharField()
    legal_first_name = serializers.CharField()
    legal_last_name = serializers.CharField()
    chosen_name = serializers.CharField()
    pronouns = serializers.CharField()
    date_of_birth = serializers.DateField()
    administrative_sex = serializers.CharField()
    phone = serializers.CharField()
    email = serializers.CharField()
    address = serializers.JSONField()
    time_zone = serializers.CharField()
    emergency_contact = serializers.JSONField()
    escort_contacts = serializers.JSONField()
    communication_consent = serializers.JSONField()
    locations = serializers.ListField(child=serializers.UUIDField())


class DuplicateOut(WarningOut):
    client = serializers.UUIDField()
    mrn = serializers.CharField()


class RegisteredOut(ClientOut):
    """A client as just saved, with likely duplicates; they warn and never refuse."""

    warnings = DuplicateOut(many=True)


class AccessOut(Output):
    """One act on a client's record."""

    at = Moment(source="created_at")
    by = serializers.UUIDField(source="created_by")
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    action = serializers.CharField()
    object_type = serializers.CharField()
    object_id = serializers.UUIDField(allow_null=True)
    outcome = serializers.CharField()


class TimeOffIn(Input):
    starts_at = Moment()
    ends_at = Moment()
    reason = Text(max_length=200, required=False, allow_blank=True, default="")


class TimeOffOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    user = serializers.UUIDField(source="user_id")
    starts_at = Moment()
    ends_at = Moment()
    reason = serializers.CharField()
    cancelled_at = Moment(allow_null=True)
    cancel_reason = serializers.CharField()


class LoginIn(Input):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    otp = serializers.CharField(max_length=10, required=False, allow_blank=True, allow_null=True)


class PasswordIn(Input):
    old_password = serializers.CharField(max_length=1000, trim_whitespace=False)
    new_password = serializers.CharField(max_length=200, trim_whitespace=False)


class MeOut(Output):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    locations = serializers.ListField(child=serializers.UUIDField())


class TokenIn(Input):
    name = Text(max_length=80)


class TokenOut(Output):
    id = serializers.UUIDField()
    name = serializers.CharField()
    created_at = Moment()
    expires_at = Moment()


class IssuedTokenOut(TokenOut):
    token = serializers.CharField()
