"""Bodies of the worklist."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.trail.rules import TASK_MOVES


class TaskDoneIn(Input):
    outcome = Text(max_length=1000, required=False, allow_blank=True, default="")
    reason = Text(max_length=1000, required=False, allow_blank=True, default="")


class TaskOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    kind = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    assignee = serializers.UUIDField(allow_null=True)
    location = serializers.UUIDField()
    client = serializers.UUIDField(allow_null=True)
    subject_type = serializers.CharField()
    subject_id = serializers.UUIDField()
    due_at = Moment()
    escalation = serializers.IntegerField()
    state = serializers.CharField()
    done_at = Moment(allow_null=True)
    done_by = serializers.UUIDField(allow_null=True)
    outcome = serializers.CharField()
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, task: Any) -> list[str]:
        return transitions.allowed(TASK_MOVES, state=task.state, by=self.context["request"].user)
