"""Bodies of private notes that a reset sealed."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice.api.factor_bodies import Credential, Otp
from kapclinic.practice.factor_models import PrivateNoteOpening


class OpenIn(Input):
    """A code of an app or a recovery code, or a passkey's answer; without either the answer says what is asked."""

    otp = Otp(required=False, allow_blank=True, allow_null=True)
    credential = Credential(required=False, allow_null=True)


class OpeningIn(Input):
    user = serializers.UUIDField()
    reason = Text(max_length=1000)


class OpeningOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    user = serializers.UUIDField(source="user_id")
    name = serializers.CharField(source="user.name")
    sealed_at = Moment()
    reason = serializers.CharField()
    state = serializers.ChoiceField(PrivateNoteOpening.State.choices)
    created_at = Moment()
    created_by = serializers.UUIDField()
    decided_at = Moment(allow_null=True)
    decided_by = serializers.UUIDField(allow_null=True)
