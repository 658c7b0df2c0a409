"""The REMS record over HTTP: the worklist of what is owed, and one session's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.core.http.papers import Printed
from kapclinic.core.http.params import Param
from kapclinic.core.paper import fingerprint
from kapclinic.practice.rules import DIRECTOR, NURSES
from kapclinic.trail.http import ClinicViewSet, ListMixin
from sessions.booking.http import InSession
from sessions.dosing.rems import page, rules, selectors, services
from sessions.dosing.rems.models import EVENTS, RemsRecord

READERS = NURSES | DIRECTOR


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


def columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body's nested answers as the columns that hold them."""
    found = {name: value for name, value in body.items() if name not in {"concomitant", *EVENTS}}
    found |= body.get("concomitant", {})
    for name in EVENTS:
        if name in body:
            found |= {name: body[name]["occurred"], f"{name}_resolved_at": body[name]["resolved_at"]}
    return found


class RemsRecordViewSet(ListMixin, ClinicViewSet):
    """What is owed to the REMS, the earliest deadline first."""

    object_type = "rems_record"
    client_path = "session.client_id"
    roles: ClassVar = {"list": READERS}
    output = RemsRowOut
    filters = (
        Param("state", choices=tuple(RemsRecord.State.values)),
        Param("location", "uuid", "session__location_id"),
        Param("client", "uuid", "session__client_id"),
        Param("owed", "bool", doc="an esketamine dose of the session stands"),
    )
    orderings: ClassVar = {"due_at": "due_at", "created_at": "created_at", "submitted_at": "submitted_at"}
    default_order = ("due_at",)

    def get_queryset(self) -> QuerySet[RemsRecord]:
        return selectors.records().visible_to(self.user)


class RemsViewSet(Printed, InSession):
    """One session's record."""

    object_type = "rems_record"
    logged = frozenset({"retrieve", "pdf"})
    roles: ClassVar = {
        **dict.fromkeys(("retrieve", "pdf"), READERS),
        **dict.fromkeys(("partial_update", "submit"), NURSES),
    }
    inputs: ClassVar = {"partial_update": RemsPatch, "submit": SubmitIn}
    output = RemsOut

    def get_queryset(self) -> QuerySet[RemsRecord]:
        return selectors.records().filter(session=self.session)

    def get_object(self) -> RemsRecord:
        record = self.get_queryset().first()
        if record is None:
            raise Http404
        self.touch(record)
        return record

    def retrieve(self, request: Request, session_id: UUID) -> Response:
        return self.answer(self.get_object())

    def partial_update(self, request: Request, session_id: UUID) -> Response:
        record = self.matched()
        services.write(record_id=record.pk, values=columns(self.given()), by=self.user, at=self.at)
        return self.answer(self.get_object())

    def submit(self, request: Request, session_id: UUID) -> Response:
        services.submit(record_id=self.get_object().pk, **self.body(), by=self.user, at=self.at)
        return self.answer(self.get_object())

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def pdf(self, request: Request, session_id: UUID) -> Response:
        record = self.get_object()
        pdf = page.print_form(record)
        return self.print_out(pdf, name=f"rems-{session_id}", sha256=fingerprint(pdf))
