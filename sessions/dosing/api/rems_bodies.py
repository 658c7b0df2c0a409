"""Bodies of the REMS record."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from sessions.dosing.rems import rules, selectors
from sessions.dosing.rems.models import EVENTS


class ConcomitantIn(Input):
    """Taken beside it; all five, null while nobody has answered."""

    benzodiazepines = serializers.BooleanField(allow_null=True)
    sedative_hypnotics = serializers.BooleanField(allow_null=True)
    psychostimulants = serializers.BooleanField(allow_null=True)
    maois = serializers.BooleanField(allow_null=True)
    opioids = serializers.BooleanField(allow_null=True)


class RemsEventIn(Input):
    occurred = serializers.BooleanField(allow_null=True)
    resolved_at = Moment(allow_null=True, required=False, default=None)


class RemsPatch(Input):
    """What staff say. Dose, lots, minutes, blood pressures and the client are read from the record."""

    concomitant = ConcomitantIn()
    monitoring_hcp = serializers.UUIDField(allow_null=True)
    lot_number = Text(max_length=120, allow_blank=True)
    monitoring_ended_at = Moment(allow_null=True)
    ready_without_two_hours_at = Moment(allow_null=True)
    vitals_acceptable_pre = serializers.BooleanField(allow_null=True)
    vitals_acceptable_completion = serializers.BooleanField(allow_null=True)
    blood_pressure_reason = Text(max_length=1000, allow_blank=True)
    sedation = RemsEventIn()
    dissociation = RemsEventIn()
    respiratory_depression = RemsEventIn()
    serious_adverse_event = RemsEventIn()
    events_note = Text(max_length=1000, allow_blank=True)


class SubmitIn(Input):
    reference = Text(max_length=80)
    submitted_at = Moment()


class RemsRowOut(Output):
    """A line of the worklist."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    client = serializers.UUIDField(source="session.client_id")
    location = serializers.UUIDField(source="session.location_id")
    state = serializers.CharField()
    owed = serializers.BooleanField(help_text="does an esketamine dose of the session stand?")
    due_at = Moment()
    warnings = serializers.IntegerField()
    submitted_at = Moment(allow_null=True)
    submitted_by = serializers.UUIDField(source="submitted_by_id", allow_null=True)
    reference = serializers.CharField()
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, record: Any) -> list[str]:
        return transitions.allowed(rules.REMS_MOVES, state=record.state, by=self.context["request"].user)


class MissingOut(Output):
    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class RemsOut(RemsRowOut):
    """The record, the `form` as it would be or was submitted, and what it still lacks."""

    concomitant = serializers.SerializerMethodField()
    monitoring_hcp = serializers.UUIDField(source="monitoring_hcp_id", allow_null=True)
    lot_number = serializers.CharField()
    monitoring_ended_at = Moment(allow_null=True)
    ready_without_two_hours_at = Moment(allow_null=True)
    vitals_acceptable_pre = serializers.BooleanField(allow_null=True)
    vitals_acceptable_completion = serializers.BooleanField(allow_null=True)
    blood_pressure_reason = serializers.CharField()
    sedation = serializers.SerializerMethodField()
    dissociation = serializers.SerializerMethodField()
    respiratory_depression = serializers.SerializerMethodField()
    serious_adverse_event = serializers.SerializerMethodField()
    events_note = serializers.CharField()
    form = serializers.DictField(source="whole")
    missing = MissingOut(many=True, source="lacks")

    def get_concomitant(self, record: Any) -> dict[str, bool | None]:
        return {name: getattr(record, name) for name in rules.CONCOMITANT}

    def get_sedation(self, record: Any) -> dict[str, Any]:
        return _event(record, "sedation")

    def get_dissociation(self, record: Any) -> dict[str, Any]:
        return _event(record, "dissociation")

    def get_respiratory_depression(self, record: Any) -> dict[str, Any]:
        return _event(record, "respiratory_depression")

    def get_serious_adverse_event(self, record: Any) -> dict[str, Any]:
        return _event(record, "serious_adverse_event")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        instance.whole = selectors.form_of(instance)
        instance.lacks = [] if instance.form else rules.missing(instance.whole)
        row: dict[str, Any] = super().to_representation(instance)
        return row


def _event(record: Any, name: str) -> dict[str, Any]:
    resolved = Moment().to_representation(getattr(record, f"{name}_resolved_at"))
    return {"occurred": getattr(record, name), "resolved_at": resolved}


def nested(record: Any, name: str) -> dict[str, Any]:
    """A nested answer of the body as the record has it now."""
    if name == "concomitant":
        return {one: getattr(record, one) for one in rules.CONCOMITANT}
    return _event(record, name)


def columns(body: Any) -> Any:
    """The body's nested answers as the columns that hold them."""
    found = {name: value for name, value in body.items() if name not in {"concomitant", *EVENTS}}
    found |= body.get("concomitant", {})
    for name in EVENTS:
        if name in body:
            found |= {name: body[name]["occurred"], f"{name}_resolved_at": body[name]["resolved_at"]}
    return found
