"""Bodies of adverse events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from sessions.dosing.models import AdverseEvent
from sessions.dosing.rules import adverse_events
from sessions.monitoring.api.reading_bodies import SignsOut


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words)


class AdverseEventIn(Input):
    term = Text(
        max_length=120, help_text=f"From the list, or free text: {_listed(tuple(adverse_events.TERMS))}"
    )
    term_text = Text(max_length=500, required=False, allow_blank=True, default="", help_text="for `other`")
    grade = serializers.IntegerField(
        min_value=1, max_value=5, help_text="CTCAE v5, as the clinician judges it: nothing sets it by itself"
    )
    serious = serializers.BooleanField()
    seriousness = serializers.ListField(
        child=serializers.ChoiceField(adverse_events.SERIOUSNESS), required=False, max_length=6
    )
    onset_at = Moment()
    resolved_at = Moment(required=False, allow_null=True)
    causality = Text(max_length=40, help_text=_listed(adverse_events.CAUSALITIES))
    expectedness = serializers.ChoiceField(
        AdverseEvent.Expectedness.choices, required=False, allow_blank=True, default=""
    )
    action = Text(max_length=200, help_text=_listed(adverse_events.ACTIONS))
    treatment = Text(max_length=1000, required=False, allow_blank=True, default="")
    outcome = Text(max_length=200)
    witness = Text(max_length=200, required=False, allow_blank=True, default="")
    reported_to = serializers.ListField(
        child=serializers.ChoiceField(adverse_events.REPORTED_TO), required=False, max_length=5
    )
    note = Text(required=False, allow_blank=True, default="")


class FollowUpIn(Input):
    text = Text()
    outcome = Text(max_length=200, required=False, allow_blank=True, default="")
    resolved_at = Moment(required=False, allow_null=True)
    root_cause = serializers.BooleanField(
        required=False, default=False, help_text="This is why a serious event happened; the director's word"
    )


class FollowUpOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    text = serializers.CharField()
    outcome = serializers.CharField()
    resolved_at = Moment(allow_null=True)
    root_cause = serializers.BooleanField()
    by = serializers.UUIDField(source="created_by")


class ReviewIn(Input):
    conclusion = Text()
    hold_released = serializers.BooleanField(help_text="May the client be dosed again?")


class ReviewOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    conclusion = serializers.CharField()
    hold_released = serializers.BooleanField()
    by = serializers.UUIDField(source="created_by")


class NearestOut(SignsOut):
    """The standing reading nearest to the onset."""

    id = serializers.UUIDField()
    measured_at = Moment()


class AdverseEventOut(Output):
    """What was recorded, and beside it what the record itself says: dose, phase, vital signs, a hint of a grade."""

    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    by = serializers.UUIDField(source="created_by")
    term = serializers.CharField()
    term_code = serializers.SerializerMethodField()
    term_text = serializers.CharField()
    grade = serializers.IntegerField()
    suggested_grade = serializers.SerializerMethodField(help_text="A hint for hypertension, never set")
    serious = serializers.BooleanField()
    seriousness = serializers.ListField(child=serializers.CharField())
    onset_at = Moment()
    resolved_at = Moment(allow_null=True)
    phase = serializers.SerializerMethodField(help_text="pre, acute, within_24h or later, from the dose")
    dose = serializers.UUIDField(allow_null=True)
    causality = serializers.CharField()
    expectedness = serializers.CharField()
    action = serializers.CharField()
    treatment = serializers.CharField()
    outcome = serializers.CharField()
    vitals = serializers.SerializerMethodField()
    witness = serializers.CharField()
    reported_to = serializers.ListField(child=serializers.CharField())
    note = serializers.CharField()
    follow_up_due_at = Moment(allow_null=True)
    review_due_at = Moment(allow_null=True)
    root_cause_due_at = Moment(allow_null=True)
    follow_ups = FollowUpOut(many=True)
    reviews = ReviewOut(many=True)
    holds_next_dose = serializers.SerializerMethodField()

    def get_term_code(self, event: Any) -> str:
        return adverse_events.term_code(event.term)

    def get_suggested_grade(self, event: Any) -> int | None:
        return adverse_events.suggested_grade(adverse_events.term_code(event.term), event.nearest)

    def get_phase(self, event: Any) -> str:
        limits = event.session.program.protocol.limits
        return adverse_events.phase_of(onset_at=event.onset_at, dosed_at=event.dosed_at, limits=limits)

    @extend_schema_field(NearestOut(allow_null=True))
    def get_vitals(self, event: Any) -> Any:
        if event.nearest is None:
            return None
        taken = datetime.fromisoformat(event.nearest["measured_at"])
        return NearestOut(event.nearest | {"measured_at": taken}).data

    def get_holds_next_dose(self, event: Any) -> bool:
        reviews = [row.hold_released for row in event.reviews.all()]
        limits = event.session.program.protocol.limits
        severe = adverse_events.is_severe(grade=event.grade, serious=event.serious, limits=limits)
        return severe and not (reviews and reviews[-1])
