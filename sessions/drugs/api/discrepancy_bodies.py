"""Bodies of discrepancies."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Milligrams, Moment, Output, Text
from sessions.drugs import rules


class Form106In(Input):
    form_106_number = Text(min_length=1, max_length=60)
    filed_at = Moment()


class DrugNoticeIn(Input):
    reference = Text(min_length=3, max_length=200)
    notified_at = Moment()


class DiscrepancyOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    created_by = serializers.UUIDField()
    location = serializers.UUIDField(source="location_id")
    lot = serializers.UUIDField(source="lot_id")
    drug = serializers.CharField(source="lot.drug")
    lot_number = serializers.CharField(source="lot.lot_number")
    entry = serializers.UUIDField(source="entry_id")
    cause = serializers.CharField()
    expected_mg = Milligrams()
    counted_mg = Milligrams()
    difference_mg = Milligrams(min_value=None)
    discovered_at = Moment()
    notice_due_at = Moment()
    form_106_due_on = serializers.DateField()
    state = serializers.CharField()
    explanation = serializers.CharField()
    explained_at = Moment(allow_null=True)
    notice_reference = serializers.CharField()
    notified_at = Moment(allow_null=True)
    form_106_number = serializers.CharField()
    filed_at = Moment(allow_null=True)
    close_reason = serializers.CharField()
    closed_at = Moment(allow_null=True)
    notice_overdue_at = Moment(allow_null=True)
    form_106_overdue_at = Moment(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, row: Any) -> list[str]:
        return rules.discrepancy_moves(row, by=self.context["request"].user)
