"""Bodies of signing in."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text


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
