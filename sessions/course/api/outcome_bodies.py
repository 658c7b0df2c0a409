"""Bodies of what a program's measures say."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Output


class MeasureDueOut(Output):
    instrument = serializers.CharField()
    dose_number = serializers.IntegerField(help_text="the number of the dosing session")
    due_at = Moment(help_text="so many days from the dose, at its time of day by the clinic's clock")
    state = serializers.ChoiceField(
        choices=["due", "late", "done", "skipped"],
        help_text="due to the end of its day, then late while a measure would still answer it, then skipped",
    )
    measure = serializers.UUIDField(allow_null=True, help_text="the one that answered it")


class OutcomePointOut(Output):
    measure = serializers.UUIDField()
    taken_at = Moment()
    total = serializers.IntegerField()
    band = serializers.CharField(allow_null=True)
    dose_number = serializers.IntegerField(
        allow_null=True, help_text="of the last dose by then; null before all"
    )
    days_since_dose = serializers.IntegerField(
        allow_null=True, help_text="calendar days by the clinic's clock; null before the first dose"
    )


class OutcomesOut(Output):
    """Null is not known: there is no baseline, no total after the first dose, or the protocol has no cut for it."""

    instrument = serializers.CharField()
    baseline = serializers.IntegerField(
        source="outcome.baseline.total",
        default=None,
        allow_null=True,
        help_text="the last total before dose 1; null when there is none, never 0 for it",
    )
    baseline_measure = serializers.UUIDField(
        source="outcome.baseline.measure", default=None, allow_null=True, help_text="also one of the points"
    )
    points = OutcomePointOut(source="outcome.points", many=True)
    response = serializers.BooleanField(
        source="outcome.verdict.response",
        allow_null=True,
        help_text="has the last total after dose 1 fallen by the protocol's percentage of the baseline?",
    )
    remission = serializers.BooleanField(source="outcome.verdict.remission", allow_null=True)
    worsening = serializers.BooleanField(source="outcome.verdict.worsening", allow_null=True)
    change = serializers.IntegerField(
        source="outcome.verdict.change", allow_null=True, help_text="points; below 0 when the total fell"
    )
    meaningful = serializers.BooleanField(
        source="outcome.verdict.meaningful",
        allow_null=True,
        help_text="did the total move by the protocol's points, either way?",
    )
