"""Bodies of disclosures and of requests to amend."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text, VoidedOut
from kapclinic.practice.rules import CLINICIANS
from sessions.rights import rules
from sessions.rights.models import AmendmentRequest

LONGEST = 20_000


class DisclosureIn(Input):
    """What went out, to whom (name, and the address where it is known), why, and on which day."""

    client = serializers.UUIDField()
    recipient = Text(max_length=300)
    purpose = Text(max_length=1000)
    what = Text(max_length=1000)
    disclosed_on = serializers.DateField()


class DisclosureOut(Output):
    """`voided` is null while it stands."""

    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    recipient = serializers.CharField()
    purpose = serializers.CharField()
    what = serializers.CharField()
    disclosed_on = serializers.DateField()
    recorded_by = serializers.UUIDField(source="created_by")
    voided = serializers.SerializerMethodField()
    allowed_moves = serializers.SerializerMethodField()

    @extend_schema_field(VoidedOut(allow_null=True))
    def get_voided(self, row: Any) -> Any:
        void = getattr(row, "void", None)
        return None if void is None else VoidedOut(void).data

    def get_allowed_moves(self, row: Any) -> list[str]:
        may = getattr(row, "void", None) is None and self.context["request"].user.role_set & CLINICIANS
        return ["void"] if may else []


class AmendmentIn(Input):
    """The client's own words; with `note`, about that note. The days count from `received_on`."""

    client = serializers.UUIDField()
    note = serializers.UUIDField(required=False, allow_null=True)
    text = Text(max_length=LONGEST)
    received_on = serializers.DateField()


class ExtendIn(Input):
    """What the client is told of the delay."""

    reason = Text(max_length=1000, required=False, allow_blank=True, default="")


class AcceptIn(Input):
    """What the record says from now on, beside what was written."""

    addendum = Text(max_length=LONGEST)


class DenyIn(Input):
    """Why: not made here, not of the record, not open to the client, or accurate and complete."""

    basis = Text(min_length=3, max_length=2000)


class DisagreementIn(Input):
    """The client's own statement."""

    text = Text(max_length=LONGEST)


class AmendmentOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    note = serializers.UUIDField(source="note_id", allow_null=True)
    text = serializers.CharField()
    received_on = serializers.DateField()
    due_on = serializers.DateField()
    extended_at = Moment(allow_null=True)
    extension_reason = serializers.CharField()
    state = serializers.CharField()
    addendum = serializers.CharField()
    note_addendum = serializers.UUIDField(source="note_addendum_id", allow_null=True)
    basis = serializers.CharField()
    void_reason = serializers.CharField()
    decided_at = Moment(allow_null=True)
    decided_by = serializers.UUIDField(allow_null=True)
    disagreement = serializers.CharField()
    disagreed_at = Moment(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, row: AmendmentRequest) -> list[str]:
        user = self.context["request"].user
        return rules.allowed_moves(row, transitions.allowed(rules.AMENDMENT_MOVES, state=row.state, by=user))
