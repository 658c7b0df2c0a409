"""The witness in a body."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input


class WitnessIn(Input):
    """A second staff member, who types their own password."""

    user = serializers.UUIDField()
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
