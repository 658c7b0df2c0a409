"""The witness in a body."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input


class WitnessIn(Input):
    """A second staff member, who types their own password, and a code when they have a second factor."""

    user = serializers.UUIDField()
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    otp = serializers.CharField(max_length=40, required=False, allow_blank=True, allow_null=True)
