"""Bodies of private notes that a reset sealed."""

from __future__ import annotations

from datetime import datetime

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice.api.factor_bodies import Credential, Otp
from kapclinic.practice.factor_models import PrivateNoteOpening
from kapclinic.practice.factors import opening


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
    state = serializers.SerializerMethodField()
    created_at = Moment()
    created_by = serializers.UUIDField()
    decided_at = Moment(allow_null=True)
    decided_by = serializers.UUIDField(allow_null=True)

    @extend_schema_field(serializers.ChoiceField(PrivateNoteOpening.State.choices))
    def get_state(self, row: PrivateNoteOpening) -> str:
        at: datetime = self.context["view"].at
        return opening.state_of(row, owner=row.user, at=at)
