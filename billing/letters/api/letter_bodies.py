"""Bodies of letters of medical necessity."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.ledger.models import MOST_DIAGNOSES
from billing.letters.models import NecessityLetter
from billing.letters.rules import MOVES
from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.core.http.words import Words


class LetterPatch(Input):
    """What may change while it is a draft. It holds for a year at most."""

    diagnoses = serializers.ListField(child=Text(max_length=8), min_length=1, max_length=MOST_DIAGNOSES)
    codes = serializers.ListField(child=Text(max_length=15), min_length=1, max_length=30)
    starts = serializers.DateField()
    ends = serializers.DateField()
    text = Words(min_length=3, max_length=10_000)


class LetterIn(LetterPatch):
    """`location` is the client's own unless it is named: whose head the letter has."""

    client = serializers.UUIDField()
    location = serializers.UUIDField(required=False)


class LetterSignIn(Input):
    """The signer's own password. With `If-Match`, only the version that was read is signed."""

    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class LetterOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    created_by = serializers.UUIDField()
    client = serializers.UUIDField(source="client_id")
    location = serializers.UUIDField(source="location_id")
    diagnoses = serializers.ListField(child=serializers.CharField())
    codes = serializers.ListField(child=serializers.CharField())
    starts = serializers.DateField()
    ends = serializers.DateField()
    text = serializers.CharField()
    status = serializers.CharField()
    allowed_moves = serializers.SerializerMethodField()
    reason = serializers.CharField()
    signed_by = serializers.UUIDField(allow_null=True)
    signed_at = Moment(allow_null=True)
    signed_on = serializers.DateField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    warnings = serializers.SerializerMethodField()

    def get_allowed_moves(self, row: NecessityLetter) -> list[str]:
        return transitions.allowed(MOVES, state=row.status, by=self.context["request"].user)

    @staticmethod
    def get_warnings(row: Any) -> list[dict[str, str]]:
        found: list[dict[str, str]] = row.warnings or []
        return found
