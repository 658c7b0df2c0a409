"""Bodies of the status."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Output
from sessions.status.rules import Concern


class StatusStepOut(Output):
    """`age_seconds` is since its last run began; null: it never ran."""

    name = serializers.CharField()
    age_seconds = serializers.FloatField(allow_null=True)
    period_seconds = serializers.IntegerField()
    is_late = serializers.BooleanField()


class StatusCountOut(Output):
    """`oldest_seconds` is how long the oldest waits; null while none does."""

    kind = serializers.CharField()
    count = serializers.IntegerField()
    oldest_seconds = serializers.FloatField(allow_null=True)


class StatusQueueOut(Output):
    name = serializers.CharField()
    messages = serializers.IntegerField()
    oldest_seconds = serializers.FloatField(allow_null=True)


class StatusWaitingOut(Output):
    """What waits, by kind. `obligations` are those still owed, and their ages are past the end of the window."""

    checks = StatusCountOut(many=True)
    alarms = StatusCountOut(many=True)
    alerts = StatusCountOut(many=True)
    obligations = StatusCountOut(many=True)
    tasks = StatusCountOut(many=True)
    outbox = StatusCountOut(many=True)
    retrying = StatusCountOut(many=True)
    dead = StatusCountOut(many=True)


class StatusBackupsOut(Output):
    """What the service of the backups last said. `newest_seconds` is since the newest checked backup began (null: there
    is none), `told_seconds` since it said so (null: its file, `BACKUP_STATUS`, can't be read)."""

    is_well = serializers.BooleanField()
    newest_seconds = serializers.FloatField(allow_null=True)
    told_seconds = serializers.FloatField(allow_null=True)


class StatusOut(Output):
    """`queues` is null while the broker does not answer; `connections` is how many are in which state. `backups` is
    null, unknown, where no service of the backups has ever said anything."""

    at = Moment()
    concerns = serializers.ListField(child=serializers.ChoiceField(choices=[one.value for one in Concern]))
    steps = StatusStepOut(many=True)
    waiting = StatusWaitingOut()
    queues = StatusQueueOut(many=True, allow_null=True)
    connections = serializers.DictField(child=serializers.IntegerField())
    connections_max = serializers.IntegerField()
    partitions_lacking = serializers.ListField(child=serializers.CharField())
    parts = serializers.DictField(
        child=serializers.BooleanField(), help_text="is each of `anchors`, `field_keys`, `database_log` well"
    )
    backups = StatusBackupsOut(allow_null=True)
