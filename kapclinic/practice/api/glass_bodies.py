"""Bodies of the broken glass."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice import glass, rules


class BreakGlassIn(Input):
    """`reason`: why this record has to be read now; three words at least."""

    client = serializers.UUIDField()
    reason = Text(max_length=1000)


class GlassReviewIn(Input):
    finding = Text(max_length=1000)


class FindClientIn(Input):
    """An exact MRN, or a whole name with the birth date."""

    mrn = Text(max_length=12, required=False)
    first_name = Text(max_length=80, required=False)
    last_name = Text(max_length=80, required=False)
    date_of_birth = serializers.DateField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        whole = {"first_name", "last_name", "date_of_birth"}
        if "mrn" not in attrs and (missing := sorted(whole - set(attrs))):
            detail = "An MRN is needed, or a whole name with the birth date."
            raise serializers.ValidationError(dict.fromkeys(missing, detail), code="required")
        return attrs


class FoundClientOut(Output):
    """`client`: their id, when there is exactly one; `is_yours`: they are at a location of the caller's own."""

    client = serializers.UUIDField(allow_null=True)
    is_yours = serializers.BooleanField()


class BreakGlassOut(Output):
    """Reason and finding are for clinicians; an administrator gets null."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    user = serializers.UUIDField(source="created_by")
    user_name = serializers.CharField()
    client = serializers.UUIDField()
    client_mrn = serializers.CharField()
    reason = serializers.SerializerMethodField()
    expires_at = Moment()
    ended_at = Moment(allow_null=True)
    state = serializers.SerializerMethodField()
    reviewed_at = Moment(allow_null=True)
    reviewed_by = serializers.UUIDField(allow_null=True)
    finding = serializers.SerializerMethodField()
    allowed_moves = serializers.SerializerMethodField()

    def get_reason(self, row: Any) -> str | None:
        return row.reason if self._is_clinician() else None

    def get_finding(self, row: Any) -> str | None:
        return row.finding if self._is_clinician() else None

    def get_state(self, row: Any) -> str:
        return glass.state_of(row, at=self.context["view"].at)

    def get_allowed_moves(self, row: Any) -> list[str]:
        return glass.moves_of(row, by=self.context["view"].user, at=self.context["view"].at)

    def _is_clinician(self) -> bool:
        return bool(self.context["view"].user.role_set & rules.CLINICIANS)
