"""Bodies of clients."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice.api.location_bodies import AddressIn
from kapclinic.practice.api.staff_bodies import WarningOut
from kapclinic.practice.models import Client
from kapclinic.practice.rules import e164


class EscortIn(Input):
    """Whom to call or who takes the client home. Another name is another person: nothing of the one before is left."""

    anew = "name"

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
    died_on = serializers.DateField(allow_null=True)
    merged_into = serializers.UUIDField(allow_null=True, help_text="the client who this one turned out to be")
    sms_reachable = serializers.SerializerMethodField(help_text="false: no SMS can reach the phone number")

    def get_sms_reachable(self, client: Client) -> bool:
        return bool(e164(client.phone))


class CandidateOut(Output):
    """A client who may be the same person, and what is the same."""

    id = serializers.UUIDField()
    mrn = serializers.CharField()
    legal_first_name = serializers.CharField()
    legal_last_name = serializers.CharField()
    chosen_name = serializers.CharField()
    date_of_birth = serializers.DateField()
    same = serializers.ListField(child=serializers.CharField())


class ClientWarningOut(WarningOut):
    """`likely_duplicate` names its candidates; `sms_unreachable` the field."""

    field = serializers.CharField(required=False)
    candidates = CandidateOut(many=True, required=False)


class RegisteredOut(ClientOut):
    """A client as just saved, with likely duplicates; they warn and never refuse."""

    warnings = ClientWarningOut(many=True)


class AccessOut(Output):
    """One act on a client's record. On the paper that the client is given stands no address and no request."""

    at = Moment(source="created_at")
    by = serializers.UUIDField(source="created_by")
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    action = serializers.CharField()
    object_type = serializers.CharField()
    object_id = serializers.UUIDField(allow_null=True)
    outcome = serializers.CharField()
    address = serializers.CharField(
        allow_null=True,
        help_text="where it came from; null for what the system did, and before this was kept",
    )
    request_id = serializers.UUIDField(allow_null=True, help_text="as `X-Request-Id` of the answer told it")
    break_glass = serializers.SerializerMethodField(help_text="the broken glass through which it was read")

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_break_glass(self, row: Any) -> str | None:
        return row.detail.get("break_glass")  # type: ignore[no-any-return]


def warnings_of(client: Client, duplicates: Sequence[tuple[Client, list[str]]]) -> list[dict[str, Any]]:
    """What the front desk should look at once more; nothing of it refuses."""
    found: list[dict[str, Any]] = []
    if duplicates:
        names = [name for name in map(str, CandidateOut().fields) if name != "same"]
        rows = [{name: getattr(row, name) for name in names} | {"same": same} for row, same in duplicates]
        found.append({"code": "likely_duplicate", "detail": "Same person?", "candidates": rows})
    if not e164(client.phone):
        detail = (
            "No SMS can reach this number: it is too short or too long, has an extension, or does not exist."
        )
        found.append({"code": "sms_unreachable", "detail": detail, "field": "phone"})
    return found
