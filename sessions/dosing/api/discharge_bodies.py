"""Bodies of the discharge."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from sessions.dosing.rules import discharge


class ChecklistIn(Input):
    """What staff state; what the record can compute is computed and may be left out."""

    minimum_stay = serializers.BooleanField(required=False)
    vitals = serializers.BooleanField(required=False)
    alarms = serializers.BooleanField(required=False)
    sedation = serializers.BooleanField(required=False)
    oriented = serializers.BooleanField(required=False)
    walks_unaided = serializers.BooleanField(required=False)
    symptoms_tolerable = serializers.BooleanField(required=False)
    safety_addressed = serializers.BooleanField(required=False)
    instructions_given = serializers.BooleanField(required=False)
    escort = serializers.BooleanField(required=False)
    integration_booked = serializers.BooleanField(required=False)


class EscortHereIn(Input):
    """Who is here to take the client home."""

    name = Text(max_length=120)
    phone = Text(max_length=30)
    relationship = Text(max_length=60, required=False, allow_blank=True, default="")


class DischargeIn(Input):
    checklist = ChecklistIn()
    escort_present = serializers.BooleanField()
    escort = EscortHereIn(
        required=False, allow_null=True, default=None, help_text="when it is not whom the session names"
    )
    escort_change_reason = Text(max_length=1000, required=False, allow_blank=True, default="")
    safety_concern = serializers.BooleanField(
        required=False, default=False, help_text="asks the therapist for a first contact within 24 hours"
    )
    discharged_at = Moment()
    override_reason = Text(max_length=1000, required=False, allow_blank=True, default="")


class EscortOut(Output):
    name = serializers.CharField()
    phone = serializers.CharField()
    relationship = serializers.CharField(default="")


class CriterionOut(Output):
    """`computed`: the record says it; else staff state it. `detail` is empty once it is met."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=discharge.STATES)
    detail = serializers.CharField()
    computed = serializers.BooleanField()


class CriteriaOut(Output):
    """Before the client leaves: how each criterion stands at `at`. The discharge is judged by the same function."""

    session = serializers.UUIDField()
    at = Moment()
    criteria = CriterionOut(many=True)


class DischargeOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    checklist = serializers.DictField(child=serializers.BooleanField(allow_null=True))
    escort_present = serializers.BooleanField()
    escort = EscortOut(allow_null=True)
    escort_change_reason = serializers.CharField()
    safety_concern = serializers.BooleanField()
    discharged_at = Moment()
    no_drive_until = Moment()
    override_reason = serializers.CharField()
    sheet_sha256 = serializers.CharField()
    by = serializers.UUIDField(source="created_by")
    criteria = CriterionOut(many=True, help_text="as they stood")
