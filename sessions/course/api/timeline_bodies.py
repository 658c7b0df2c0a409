"""Bodies of a course as it went. What a role may not read is left out, and not asked."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Milligrams, Moment, Output
from programs.api.program_bodies import PhaseOut
from sessions.course.selectors.timeline import NOTE_STATES
from sessions.notes.api.record_bodies import PeaksOut

CLINICAL = "for clinicians alone"


class TimelineSeatOut(Output):
    user = serializers.UUIDField()
    role = serializers.CharField()
    name = serializers.CharField()


class TimelineSessionOut(Output):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    number = serializers.IntegerField()
    starts_at = Moment()
    ends_at = Moment()
    modality = serializers.CharField()
    status = serializers.CharField()
    outcome = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    for_dose = serializers.UUIDField(allow_null=True)
    room = serializers.UUIDField(allow_null=True)
    room_name = serializers.CharField(allow_null=True)
    staff = TimelineSeatOut(many=True)


class TimelineEventOut(Output):
    id = serializers.UUIDField()
    session = serializers.UUIDField()
    term = serializers.CharField()
    grade = serializers.IntegerField()
    serious = serializers.BooleanField()
    onset_at = Moment()
    resolved_at = Moment(allow_null=True)
    outcome = serializers.CharField()


class AsAsked(Output):
    """Only what was asked is answered: a key that is not there says that it is not this role's to read."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        row: dict[str, Any] = super().to_representation(instance)
        return {name: value for name, value in row.items() if name in instance}


class TimelineDoseOut(AsAsked):
    """One dose, boosters too. Peaks, the worst event and the note are those of its session."""

    id = serializers.UUIDField()
    session = serializers.UUIDField()
    administered_at = Moment()
    drug = serializers.CharField(required=False, help_text=CLINICAL)
    given_mg = Milligrams(required=False, help_text=CLINICAL)
    route = serializers.CharField(required=False, help_text=CLINICAL)
    peaks = PeaksOut(required=False, help_text=CLINICAL)
    worst_event = TimelineEventOut(required=False, allow_null=True, help_text=CLINICAL)
    note_status = serializers.ChoiceField(
        choices=NOTE_STATES, required=False, allow_null=True, help_text=f"null: no note; {CLINICAL}"
    )


class TimelineObligationOut(Output):
    """`met_at` is when the integration that met it began, which is what its window counts by."""

    id = serializers.UUIDField()
    dosing_session = serializers.UUIDField()
    integration_session = serializers.UUIDField(allow_null=True)
    dosed_at = Moment()
    window_start = Moment()
    window_end = Moment()
    state = serializers.CharField()
    met_at = Moment(allow_null=True)


class TimelineConsentOut(Output):
    id = serializers.UUIDField()
    document = serializers.CharField()
    document_version = serializers.CharField()
    language = serializers.CharField()
    status = serializers.CharField()
    signed_at = Moment(allow_null=True)
    revoked_at = Moment(allow_null=True)


class TimelineMeasureOut(Output):
    """One that stands; an incomplete one has no total."""

    id = serializers.UUIDField()
    instrument = serializers.CharField()
    taken_at = Moment()
    total = serializers.IntegerField(allow_null=True)
    band = serializers.CharField(allow_null=True)
    flags = serializers.ListField(child=serializers.CharField())


class TimelineScreeningOut(Output):
    id = serializers.UUIDField()
    status = serializers.CharField()
    created_at = Moment()
    submitted_at = Moment(allow_null=True)
    decided_at = Moment(allow_null=True)
    decision = serializers.CharField(allow_null=True)


class TimelineClearanceOut(Output):
    id = serializers.UUIDField()
    screening = serializers.UUIDField()
    decision = serializers.CharField()
    state = serializers.CharField(help_text="standing, suspended, expired, voided, declined or deferred")
    valid_from = Moment()
    expires_on = serializers.DateField(allow_null=True)


class CourseOut(AsAsked):
    phases = PhaseOut(many=True)
    sessions = TimelineSessionOut(many=True)
    doses = TimelineDoseOut(many=True)
    obligations = TimelineObligationOut(many=True)
    consents = TimelineConsentOut(many=True, required=False)
    measures = TimelineMeasureOut(many=True, required=False, help_text=CLINICAL)
    screenings = TimelineScreeningOut(many=True, required=False, help_text=CLINICAL)
    clearances = TimelineClearanceOut(many=True, required=False, help_text=CLINICAL)
    events = TimelineEventOut(many=True, required=False, help_text=CLINICAL)
