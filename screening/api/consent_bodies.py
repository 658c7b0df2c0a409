"""Bodies of consents."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from screening import rules
from screening.models import Consent
from screening.models.consent_documents import LANGUAGES
from screening.rules.documents import DOCUMENTS

HERE = [(one.value, one.label) for one in Consent.Method if one is not Consent.Method.REMOTE]  # by link alone


class ConsentIn(Input):
    program = serializers.UUIDField()
    document = serializers.ChoiceField(sorted(DOCUMENTS))
    language = serializers.ChoiceField(LANGUAGES, default="en")


class ConsentSignIn(Input):
    signer_name = Text(min_length=2, max_length=160)
    signer_relationship = serializers.ChoiceField(
        Consent.Relationship.choices,
        default=Consent.Relationship.SELF,
        help_text="the client, a guardian, or a proxy of theirs in matters of health",
    )
    method = serializers.ChoiceField(HERE)
    signature = serializers.CharField(max_length=200_000, required=False, allow_blank=True, default="")


class ConsentOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    program = serializers.UUIDField(source="program_id")
    client = serializers.UUIDField(source="program.client_id")
    document = serializers.CharField()
    document_version = serializers.CharField()
    language = serializers.CharField()
    content_hash = serializers.CharField()
    status = serializers.CharField()
    signer_name = serializers.CharField()
    signer_relationship = serializers.CharField(help_text="empty where it was signed before this was asked")
    method = serializers.CharField()
    signed_at = Moment(allow_null=True)
    collected_by = serializers.UUIDField(source="collected_by_id", allow_null=True)
    revoked_at = Moment(allow_null=True)
    revoke_reason = serializers.CharField()
    carried_from = serializers.UUIDField(source="carried_from_id", allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, consent: Any) -> list[str]:
        return transitions.allowed(rules.CONSENT_MOVES, state=consent.status, by=self.context["request"].user)


class ConsentTextOut(ConsentOut):
    """One consent with the exact text, as it is read and signed."""

    text = serializers.CharField()
    signature = serializers.CharField()
