"""The witness in a body."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Output
from kapclinic.practice.api.factor_bodies import Credential


class WitnessIn(Input):
    """A second staff member, who types their own password, and when they have a second factor adds a code, or the
    answer of their passkey to a question of `witnesses/passkey/`."""

    user = serializers.UUIDField()
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    otp = serializers.CharField(max_length=40, required=False, allow_blank=True, allow_null=True)
    challenge = serializers.UUIDField(required=False, allow_null=True)
    credential = Credential(required=False, allow_null=True)


class WitnessPasskeyIn(Input):
    user = serializers.UUIDField()


class WitnessPasskeyOut(Output):
    """`passkey` is for `navigator.credentials.get`, binary values as base64url."""

    challenge = serializers.UUIDField()
    passkey = serializers.DictField()
