"""Bodies of screenings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from screening import rules
from screening.api import clearance_bodies
from screening.models import Clearance
from screening.rules import labels
from screening.rules.conditions import CONDITIONS
from screening.rules.findings import RANK


class Truth(serializers.JSONField):
    """true, false or "unknown"; nothing is guessed from other words or numbers."""

    default_error_messages = {"truth": 'true, false or "unknown" is expected.'}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, bool) and data != "unknown":
            self.fail("truth")
        return data


class WordedAnswer(Input):
    value = Truth()
    note = Text(max_length=1000, required=False, allow_blank=True)
    degree = serializers.ChoiceField(sorted(RANK), required=False)


class Answer(Truth):
    """An answer, bare or with a note."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        worded = WordedAnswer(data=data)
        worded.is_valid(raise_exception=True)
        return dict(worded.validated_data)


TRUTH = {"oneOf": [{"type": "boolean"}, {"const": "unknown"}], "description": "true, false or unknown"}
WORDED = {
    "type": "object",
    "required": ["value"],
    "properties": {
        "value": TRUTH,
        "note": {"type": "string", "maxLength": 1000},
        "degree": {"enum": sorted(RANK), "description": "where the code offers it, with a note"},
    },
}
ANSWERS = {
    "type": "object",
    "description": "Answers by code; a code that is left out is a finding of its own. "
    + "; ".join(f"`{code}`: {one.label}" for code, one in CONDITIONS.items()),
    "additionalProperties": {"oneOf": [*TRUTH["oneOf"], WORDED], "description": "bare, or with a note"},
    "example": {"PREG": False, "PSY_SI": "unknown", "CV_OTHER": {"value": True, "note": "Told on the phone"}},
}


@extend_schema_field(ANSWERS)
class Answers(serializers.DictField):
    """{CODE: answer}: only codes of the table, and only degrees that the table offers for the code."""

    child = Answer()

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values: dict[str, Any] = super().to_internal_value(data)
        errors = {
            code: problem for code, answer in values.items() if (problem := self._problem(code, answer))
        }
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def _problem(self, code: str, answer: Any) -> list[Any]:
        condition = CONDITIONS.get(code)
        if condition is None:
            return [serializers.ErrorDetail("This code is not known here.", code="unknown_code")]
        if not isinstance(answer, Mapping) or "degree" not in answer:
            return []
        if answer["degree"] not in condition.degrees:
            return [serializers.ErrorDetail("This code has no such degree.", code="invalid")]
        if not answer.get("note"):
            return [serializers.ErrorDetail("A degree comes with a note.", code="required")]
        return []


class BloodPressureIn(Input):
    systolic = serializers.IntegerField(min_value=0, max_value=999)
    diastolic = serializers.IntegerField(min_value=0, max_value=999)
    heart_rate = serializers.IntegerField(min_value=0, max_value=999, required=False, allow_null=True)
    measured_at = Moment()


class MedicineText(Input):
    text = Text(max_length=300)


class ScreeningPatch(Input):
    """What may change in a draft: `answers` are merged by code, a list is sent whole."""

    answers = Answers(required=False)
    blood_pressures = BloodPressureIn(many=True, required=False, max_length=20)  # type: ignore[call-arg]
    medications = MedicineText(many=True, required=False, max_length=100)  # type: ignore[call-arg]


class ScreeningIn(ScreeningPatch):
    program = serializers.UUIDField()


class ResolutionIn(Input):
    finding = serializers.UUIDField()
    resolution = Text(min_length=3)


class DecideIn(Input):
    decision = serializers.ChoiceField(Clearance.Decision.choices)
    rationale = Text(min_length=3)
    resolutions = ResolutionIn(many=True, required=False, max_length=200)  # type: ignore[call-arg]


class ConditionOut(Output):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    severity = serializers.CharField()
    degrees = serializers.SerializerMethodField()
    asked = serializers.BooleanField()
    source = serializers.CharField()  # type: ignore[assignment]

    def get_degrees(self, condition: Any) -> list[str]:
        return sorted(condition.degrees)


class FindingOut(Output):
    id = serializers.UUIDField()
    code = serializers.CharField()
    label = serializers.SerializerMethodField()  # type: ignore[assignment]
    severity = serializers.CharField()
    evidence = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    flags = serializers.ListField(
        child=serializers.CharField(),
        help_text="`trend`: pressures beyond hold were measured on two local days",
    )
    medication = serializers.UUIDField(source="medication_id", allow_null=True)
    resolution = serializers.CharField()
    resolved_by = serializers.UUIDField(source="resolved_by_id", allow_null=True)
    resolved_at = Moment(allow_null=True)

    def get_label(self, finding: Any) -> str:
        return labels.label_of(finding.code)


class DecisionOut(clearance_bodies.Stated):
    """The clearance inside its screening's answer; the screening knows its program and reasons."""

    def _rows(self, clearance: Any) -> list[dict[str, Any]]:
        return clearance.screening.reasons  # type: ignore[no-any-return]

    id = serializers.UUIDField()
    decision = serializers.CharField()
    rationale = serializers.CharField()
    decided_by = serializers.UUIDField(source="decided_by_id")
    valid_from = Moment()
    expires_on = serializers.DateField(allow_null=True)
    voided_at = Moment(allow_null=True)


class ScreeningOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    program = serializers.UUIDField(source="program_id")
    client = serializers.UUIDField(source="program.client_id")
    answers = serializers.JSONField()
    blood_pressures = serializers.JSONField()
    medications = serializers.JSONField()
    status = serializers.CharField()
    submitted_at = Moment(allow_null=True)
    decided_at = Moment(allow_null=True)
    carried_from = serializers.UUIDField(source="carried_from_id", allow_null=True)
    findings = FindingOut(many=True)
    asked = serializers.SerializerMethodField()
    clean = serializers.SerializerMethodField()
    clearance = DecisionOut(allow_null=True, default=None)
    allowed_moves = serializers.SerializerMethodField()

    def get_asked(self, screening: Any) -> int:
        """How many conditions are asked about."""
        return labels.ASKED

    def get_clean(self, screening: Any) -> int:
        """How many of them show nothing; a draft has no findings yet."""
        found = () if screening.status == screening.Status.DRAFT else screening.findings.all()
        return labels.clean(screening.answers, found={finding.code for finding in found})

    def get_allowed_moves(self, screening: Any) -> list[str]:
        return transitions.allowed(
            rules.SCREENING_MOVES, state=screening.status, by=self.context["request"].user
        )
