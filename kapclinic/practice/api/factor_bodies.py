"""Bodies of second factors."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice.factor_models import FactorReset, SecondFactor
from kapclinic.practice.factors import resets

LONGEST = 20_000  # letters of what a passkey answers


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": True,
        "description": "what the browser's `PublicKeyCredential.toJSON()` gives: binary values as base64url",
        "example": {"id": "AQID", "rawId": "AQID", "type": "public-key", "response": {}},
    }
)
class Credential(serializers.JSONField):
    """The answer of a passkey (WebAuthn level 3)."""

    default_error_messages = {"shape": "What the browser's passkey answered is expected."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict) or len(json.dumps(data)) > LONGEST:
            self.fail("shape")
        return data


class Otp(serializers.CharField):
    """Six digits of an authenticator app, or a recovery code; blanks and dashes do not matter."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 40} | kwargs)


class OwnPassword(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 1000, "trim_whitespace": False} | kwargs)


class EnrolIn(Input):
    password = OwnPassword()


class ConfirmTotpIn(Input):
    otp = Otp()


class ConfirmPasskeyIn(Input):
    credential = Credential()
    name = Text(max_length=80, required=False, allow_blank=True, default="")


class StepUpIn(Input):
    """The password, and for whoever has a second factor its code or the answer of their passkey."""

    password = OwnPassword()
    otp = Otp(required=False, allow_blank=True, allow_null=True)
    credential = Credential(required=False, allow_null=True)


class TotpOut(Output):
    """Shown this once: the secret, and as an address and a picture what an app reads."""

    id = serializers.UUIDField()
    secret = serializers.CharField()
    otpauth_uri = serializers.CharField()
    picture = serializers.CharField(help_text="`otpauth_uri` as a QR code: an SVG in a data URI")


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": True,
        "description": "for `PublicKeyCredential.parseCreationOptionsFromJSON()`: binary values as base64url",
    }
)
class Options(serializers.JSONField):
    """What a browser asks a passkey with."""


class PasskeyOut(Output):
    id = serializers.UUIDField()
    options = Options()


class RecoveryCodesOut(Output):
    """Ten codes, shown this once; those that were given before count no longer."""

    recovery_codes = serializers.ListField(child=serializers.CharField(), min_length=10, max_length=10)


class FactorOut(Output):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(SecondFactor.Kind.choices)
    name = serializers.CharField()
    confirmed_at = Moment()
    last_used_at = Moment(allow_null=True)
    recovery_codes_left = serializers.IntegerField()


class ResetIn(Input):
    user = serializers.UUIDField()
    reason = Text(max_length=1000)


class ResetOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    user = serializers.UUIDField(source="user_id")
    name = serializers.CharField(source="user.name")
    reason = serializers.CharField()
    state = serializers.SerializerMethodField()
    created_at = Moment()
    created_by = serializers.UUIDField()
    decided_at = Moment(allow_null=True)
    decided_by = serializers.UUIDField(allow_null=True)

    @extend_schema_field(serializers.ChoiceField(FactorReset.State.choices))
    def get_state(self, row: FactorReset) -> str:
        at: datetime = self.context["view"].at
        return resets.state_of(row, at=at)
