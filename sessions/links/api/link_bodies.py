"""Bodies of client links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, checked
from kapclinic.core.transitions import allowed
from kapclinic.practice.rules import CLINICIANS
from sessions.links import rules
from sessions.links.models import ClientLink
from sessions.links.rules.scales import NAMES

SUBJECT = {
    "oneOf": [
        {"type": "string", "format": "uuid", "description": "the consent, the screening or the session"},
        {
            "type": "object",
            "required": ["program", "instrument"],
            "properties": {
                "program": {"type": "string", "format": "uuid"},
                "instrument": {"type": "string", "enum": sorted(rules.SELF_REPORT)},
            },
        },
    ],
    "description": "Of a measure its program and instrument, else the id of the consent, screening or session.",
    "example": "019a0000-0000-7000-8000-000000000001",
}
CLINICAL = ("answers", "fasting", "medicines")  # of an answer: not for the front desk (R13)


class MeasureSubject(Input):
    program = serializers.UUIDField()
    instrument = serializers.ChoiceField(sorted({*NAMES, *rules.BY_CLINICIAN}))


@extend_schema_field(SUBJECT)
class Subject(serializers.JSONField):
    """An id, or a program with an instrument."""

    default_error_messages = {"subject": "An id, or a program with an instrument, is expected."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            return checked(MeasureSubject, data, context=self.context)
        try:
            return UUID(data)
        except (ValueError, TypeError, AttributeError):
            self.fail("subject")
            raise


class LinkIn(Input):
    client = serializers.UUIDField()
    purpose = serializers.ChoiceField(ClientLink.Purpose.choices)
    subject = Subject()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        whole = isinstance(attrs["subject"], UUID)
        if whole == (attrs["purpose"] == ClientLink.Purpose.MEASURE):
            words = "an id" if not whole else "program and instrument"
            detail = serializers.ErrorDetail(f"This purpose takes {words} as its subject.", code="invalid")
            raise serializers.ValidationError({"subject": [detail]})
        return attrs


class AnswerOut(Output):
    """What the client answered, as they gave it; the front desk reads neither health nor medicines (R13)."""

    at = Moment(source="created_at")
    language = serializers.CharField()
    answers = serializers.SerializerMethodField()

    @extend_schema_field(
        {
            "type": "object",
            "description": "by purpose: confirm has coming, wish, fasting, ride, medicines; intake answers and "
            "medicines; measure and consent the id of what was recorded",
            "additionalProperties": True,
        }
    )
    def get_answers(self, answer: Any) -> dict[str, Any]:
        clinical = bool(self.context["request"].user.role_set & CLINICIANS)
        return {name: told for name, told in answer.answers.items() if clinical or name not in CLINICAL}


class LinkOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    created_by = serializers.UUIDField()
    client = serializers.UUIDField(source="client_id")
    program = serializers.UUIDField(source="program_id")
    purpose = serializers.CharField()
    subject = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    expires_at = Moment()
    tries = serializers.IntegerField(help_text="wrong birth dates; after five the link is dead")
    used_at = Moment(allow_null=True)
    ended_at = Moment(allow_null=True)
    taken_at = Moment(allow_null=True)
    taken_by = serializers.UUIDField(source="taken_by_id", allow_null=True)
    answer = AnswerOut(allow_null=True, default=None)
    allowed_moves = serializers.SerializerMethodField()

    @extend_schema_field(SUBJECT)
    def get_subject(self, link: Any) -> dict[str, str] | UUID:
        return rules.subject_of(link)

    def get_state(self, link: Any) -> str:
        """live, used, locked, revoked, or expired: live, and its time is over."""
        return rules.state_of(link, at=self.context["view"].at)

    def get_allowed_moves(self, link: Any) -> list[str]:
        moves = allowed(rules.LINK_MOVES, state=link.state, by=self.context["request"].user)
        waits = link.purpose in rules.TAKEN_OVER and link.taken_at is None
        return [move for move in moves if move != "take_over" or waits]


class MadeLinkOut(LinkOut):
    """With the address, this once; a repeated request gets it no more."""

    url = serializers.SerializerMethodField()

    def get_url(self, link: Any) -> str | None:
        return getattr(link, "url", None)
