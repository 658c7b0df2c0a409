"""Bodies of what a client's whole course hangs on: a death, and two registrations that are one person."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Output, Reason, Text
from kapclinic.practice.api.client_bodies import ClientOut


class DeceasedIn(Input):
    """When, and who told or where it is written."""

    def get_fields(self) -> dict[str, Any]:
        return {"died_on": serializers.DateField(), "source": Text(min_length=3, max_length=200)}


class DeceasedOut(ClientOut):
    """The client, with what was ended by the death, or goes on after its void."""

    programs = serializers.ListField(child=serializers.UUIDField(), source="ended.programs")
    sessions = serializers.ListField(child=serializers.UUIDField(), source="ended.sessions")
    obligations = serializers.ListField(child=serializers.UUIDField(), source="ended.obligations")


class MergeIn(Reason):
    into = serializers.UUIDField(help_text="the client who stays")


class MergeRefusalOut(Output):
    code = serializers.CharField()
    detail = serializers.CharField()


class DifferenceOut(Output):
    """A field in which the two differ: a question to ask before they are merged."""

    def get_fields(self) -> dict[str, Any]:
        return {name: serializers.CharField() for name in ("field", "client", "into")}


class MergePreviewOut(Output):
    """What a merge would bring: `suspends` clearances hear of what was only known of the other."""

    client = serializers.UUIDField()
    into = serializers.UUIDField()
    possible = serializers.BooleanField()
    refusal = MergeRefusalOut(allow_null=True)
    differences = DifferenceOut(many=True)
    programs = serializers.IntegerField()
    sessions = serializers.IntegerField()
    suspends = serializers.IntegerField()
