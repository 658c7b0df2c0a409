"""Bodies of the reports: `totals` over all rows, the `groups` that they fall into, and a page of the `rows` behind.

A group of fewer than five rows tells how many they are and nothing else: its figures are null, and so are the totals'.
"""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Output


class ReportOut(Output):
    """The period as it was taken, both days inclusive, and a page of the rows."""

    to = serializers.DateField()
    location = serializers.UUIDField(allow_null=True)
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        """`from` is no name in Python."""
        return {"from": serializers.DateField(), **super().get_fields()}


class ReportRowOut(Output):
    """Of one client; `day` is the local day on which the row counts."""

    client = serializers.UUIDField()
    mrn = serializers.CharField()
    location = serializers.UUIDField()
    day = serializers.DateField()
    hours = serializers.FloatField(allow_null=True)


# --- integration ------------------------------------------------------------------------------------------------


class IntegrationFiguresOut(Output):
    """`on_time_percent` of all that is settled: on time, late, waived or missed; hours from the dose."""

    doses = serializers.IntegerField()
    on_time = serializers.IntegerField(allow_null=True)
    late = serializers.IntegerField(allow_null=True)
    waived = serializers.IntegerField(allow_null=True)
    missed = serializers.IntegerField(allow_null=True)
    open = serializers.IntegerField(allow_null=True)
    on_time_percent = serializers.FloatField(allow_null=True)
    median_hours = serializers.FloatField(allow_null=True)


class IntegrationWeekOut(IntegrationFiguresOut):
    """The doses of a week; `week` is its Monday."""

    week = serializers.DateField()


class IntegrationRowOut(ReportRowOut):
    """`hours` from the dose to where its integration began; null unless that took place."""

    obligation = serializers.UUIDField()
    program = serializers.UUIDField()
    dosing_session = serializers.UUIDField()
    integration_session = serializers.UUIDField(allow_null=True)
    therapist = serializers.UUIDField(allow_null=True)
    dosed_at = Moment()
    window_start = Moment()
    window_end = Moment()
    state = serializers.CharField()


class IntegrationOut(ReportOut):
    totals = IntegrationFiguresOut()
    groups = IntegrationWeekOut(many=True)
    rows = IntegrationRowOut(many=True)


# --- what is due ------------------------------------------------------------------------------------------------


class DueFiguresOut(Output):
    """`in_time_percent` of those of which it is known; hours of what was done, and of the oldest that is open."""

    done = serializers.IntegerField(allow_null=True)
    open = serializers.IntegerField(allow_null=True)
    in_time = serializers.IntegerField(allow_null=True)
    in_time_percent = serializers.FloatField(allow_null=True)
    median_hours = serializers.FloatField(allow_null=True)
    oldest_open_hours = serializers.FloatField(allow_null=True)


class DueRowOut(ReportRowOut):
    """`hours` until it was done, or so far; `in_time` is null while it is open and not late."""

    session = serializers.UUIDField()
    due_at = Moment()
    in_time = serializers.BooleanField(allow_null=True)


class NotesFiguresOut(DueFiguresOut):
    notes = serializers.IntegerField()


class NotesGroupOut(NotesFiguresOut):
    """The notes of one clinician."""

    clinician = serializers.UUIDField()
    clinician_name = serializers.CharField()


class NotesRowOut(DueRowOut):
    """`note` is null where it is owed and not begun (`status` unwritten); `hours` from the end of the session."""

    note = serializers.UUIDField(allow_null=True)
    kind = serializers.CharField(allow_null=True)
    session_kind = serializers.CharField()
    status = serializers.CharField()
    clinician = serializers.UUIDField()
    clinician_name = serializers.CharField()
    completed_at = Moment(source="since")
    signed_at = Moment(source="done_at", allow_null=True)


class NotesOut(ReportOut):
    totals = NotesFiguresOut()
    groups = NotesGroupOut(many=True)
    rows = NotesRowOut(many=True)


class AlarmsFiguresOut(DueFiguresOut):
    alarms = serializers.IntegerField()


class AlarmsGroupOut(AlarmsFiguresOut):
    cause = serializers.CharField()


class AlarmsRowOut(DueRowOut):
    """`hours` from the alarm to its acknowledgement."""

    alarm = serializers.UUIDField()
    cause = serializers.CharField()
    trigger = serializers.CharField()
    state = serializers.CharField()
    opened_at = Moment(source="since")
    acknowledged_at = Moment(source="done_at", allow_null=True)


class AlarmsOut(ReportOut):
    totals = AlarmsFiguresOut()
    groups = AlarmsGroupOut(many=True)
    rows = AlarmsRowOut(many=True)


# --- outcomes ---------------------------------------------------------------------------------------------------


class OutcomeFiguresOut(Output):
    """`clients` have a total after the dose, `measured` also a baseline: the figures are of these, null under five."""

    clients = serializers.IntegerField()
    measured = serializers.IntegerField()
    response = serializers.IntegerField(allow_null=True)
    response_percent = serializers.FloatField(allow_null=True)
    remission = serializers.IntegerField(allow_null=True)
    remission_percent = serializers.FloatField(allow_null=True)
    worsening = serializers.IntegerField(allow_null=True)
    worsening_percent = serializers.FloatField(allow_null=True)
    unchanged = serializers.IntegerField(allow_null=True)
    median_change = serializers.FloatField(allow_null=True)


class OutcomesGroupOut(OutcomeFiguresOut):
    """The clients after one dose of their course."""

    dose_number = serializers.IntegerField()


class OutcomesRowOut(ReportRowOut):
    """The last total after one dose; `hours` since it. `change` is below 0 when the total fell."""

    measure = serializers.UUIDField()
    program = serializers.UUIDField()
    dose_number = serializers.IntegerField()
    taken_at = Moment()
    total = serializers.IntegerField()
    baseline = serializers.IntegerField(allow_null=True)
    change = serializers.IntegerField(allow_null=True)
    response = serializers.BooleanField(allow_null=True)
    remission = serializers.BooleanField(allow_null=True)
    worsening = serializers.BooleanField(allow_null=True)


class OutcomesReportOut(ReportOut):
    instrument = serializers.CharField()
    totals = OutcomeFiguresOut()
    groups = OutcomesGroupOut(many=True)
    rows = OutcomesRowOut(many=True)
