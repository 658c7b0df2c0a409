"""Bodies of signing in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice.api.factor_bodies import Credential, Otp
from kapclinic.practice.entry_models import AuthToken
from kapclinic.practice.factors.door import must_enrol
from kapclinic.practice.models import Role
from kapclinic.practice.rules import session_ends


class LoginIn(Input):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    otp = Otp(required=False, allow_blank=True, allow_null=True)
    credential = Credential(required=False, allow_null=True)


class PasswordIn(Input):
    old_password = serializers.CharField(max_length=1000, trim_whitespace=False)
    new_password = serializers.CharField(max_length=200, trim_whitespace=False)


class MeOut(Output):
    """Who is signed in, and until when. Only what a person does puts that off: neither `auth/me/` itself nor a request
    with the header `X-Kap-Poll: 1`, by which a page says that it asks by itself."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    locations = serializers.ListField(child=serializers.UUIDField())
    password_change_required = serializers.BooleanField(
        help_text="somebody else set the password: until it is changed at `auth/password/`, all else is refused"
    )
    second_factor_enrolled = serializers.BooleanField(source="has_factor")
    second_factor_enrolment_required = serializers.SerializerMethodField(
        help_text="nothing else is open until this person has set one up"
    )
    idle_seconds = serializers.SerializerMethodField(
        help_text="how long a browser stays signed in while nobody does anything; null for a token"
    )
    expires_at = serializers.SerializerMethodField(
        help_text="when this browser is signed out if nobody does anything, or the token ends"
    )

    def get_second_factor_enrolment_required(self, user: Any) -> bool:
        return must_enrol(user)

    def _token(self) -> AuthToken | None:
        found = getattr(self.context["request"], "auth", None)
        return found if isinstance(found, AuthToken) else None

    def get_idle_seconds(self, user: Any) -> int | None:
        return None if self._token() else settings.SESSION_IDLE_SECONDS

    @extend_schema_field(Moment(allow_null=True))
    def get_expires_at(self, user: Any) -> datetime | None:
        if (token := self._token()) is not None:
            return token.expires_at
        session = self.context["request"].session
        if "kap_seen" not in session:
            return None
        ends = session_ends(
            began=session["kap_began"],
            seen=session["kap_seen"],
            idle=settings.SESSION_IDLE_SECONDS,
            absolute=settings.SESSION_ABSOLUTE_SECONDS,
        )
        return datetime.fromtimestamp(ends, UTC)


class TokenIn(Input):
    """`roles` and `locations` narrow the token to some of one's own; without them it is for all."""

    name = Text(max_length=80)
    roles = serializers.ListField(
        child=serializers.ChoiceField(Role.choices),
        required=False,
        allow_null=True,
        allow_empty=False,
        max_length=len(Role),
    )
    locations = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_null=True, allow_empty=False, max_length=100
    )


class TokenOut(Output):
    """`last_used_at` is exact to the hour."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    roles = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="of its owner's present roles a request by it has these alone; null: all of them",
    )
    locations = serializers.ListField(
        child=serializers.UUIDField(), allow_null=True, help_text="likewise of the locations"
    )
    created_at = Moment()
    expires_at = Moment()
    last_used_at = Moment(allow_null=True)


class IssuedTokenOut(TokenOut):
    token = serializers.CharField()
