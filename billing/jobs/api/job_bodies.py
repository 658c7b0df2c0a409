"""Bodies of the jobs."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.jobs import rules
from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output

MOST_CLIENTS = 5000


class RunIn(Input):
    """A period of service, both days inclusive; `location` narrows it. Without `clients`, everybody of the period."""

    from_date = serializers.DateField()
    to_date = serializers.DateField()
    location = serializers.UUIDField(required=False, allow_null=True)
    clients = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_null=True, min_length=1, max_length=MOST_CLIENTS
    )


class ExportIn(Input):
    """A period, both days inclusive: of the services on superbills, of the days of what was booked."""

    kind = serializers.ChoiceField(rules.EXPORTS)
    from_date = serializers.DateField()
    to_date = serializers.DateField()
    location = serializers.UUIDField(required=False, allow_null=True)
    since_last = serializers.BooleanField(default=False)


class ProgressOut(Output):
    done = serializers.IntegerField()
    total = serializers.IntegerField()


class SkippedOut(Output):
    """A client who was left out, and each thing that stands in the way."""

    client = serializers.UUIDField()
    client_name = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())


class JobOut(Output):
    """`sha256` is that of the file, once there is one; `failure` says why a job failed."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    asked_by = serializers.CharField()
    from_date = serializers.DateField()
    to_date = serializers.DateField()
    location = serializers.UUIDField(source="location_id", allow_null=True)
    state = serializers.CharField()
    failure = serializers.CharField()
    progress = ProgressOut(source="*")
    skipped = SkippedOut(many=True, source="left_out")
    sha256 = serializers.CharField(allow_null=True)
    ended_at = Moment(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, row: Any) -> list[str]:
        return transitions.allowed(rules.JOB_MOVES, state=row.state, by=self.context["request"].user)


class ExportOut(JobOut):
    kind = serializers.CharField()
    since_last = serializers.BooleanField()
