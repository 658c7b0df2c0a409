"""Bodies of what changed."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Output


class ChangeOut(Output):
    """One field as it was and as it became. Moments are in UTC, amounts text; a reference is the other row's id."""

    at = Moment()
    by = serializers.UUIDField(allow_null=True)
    name = serializers.CharField(help_text="who it was")
    field = serializers.CharField()
    old = serializers.JSONField(allow_null=True)
    new = serializers.JSONField(allow_null=True)
