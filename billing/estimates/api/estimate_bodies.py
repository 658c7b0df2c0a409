"""Bodies of estimates."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.estimates.models import EstimateIssue
from billing.estimates.rules import MOVES
from billing.ledger.api.charge_bodies import WarningOut
from billing.ledger.models import MOST_DIAGNOSES
from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Money, Output, Text
from kapclinic.core.http.words import Words


class EstimateItemIn(Input):
    """One service; `unit_amount` is what this client will be charged for one, the fee of the day unless it is sent."""

    code = Text(max_length=15)
    quantity = serializers.IntegerField(min_value=1, max_value=999)
    unit_amount = Money(min_value=0, required=False, allow_null=True)
    rendering = serializers.UUIDField()
    location = serializers.UUIDField()
    frequency = Words(max_length=80, required=False, allow_blank=True)


class EstimateIn(Input):
    """Either `requested_at`, or `scheduled_at` with `service_on`, the day of the first service that was booked.

    Without `from_date` and `to_date` it holds for 12 months. `separately` names what is to be scheduled apart;
    `supersedes` the issued estimate that this one takes the place of, once it is issued itself.
    """

    client = serializers.UUIDField()
    program = serializers.UUIDField(required=False, allow_null=True)
    requested_at = Moment(required=False, allow_null=True)
    scheduled_at = Moment(required=False, allow_null=True)
    service_on = serializers.DateField(required=False, allow_null=True)
    items = EstimateItemIn(many=True, min_length=1, max_length=60)  # type: ignore[call-arg]
    diagnoses = serializers.ListField(child=Text(max_length=8), max_length=MOST_DIAGNOSES, required=False)
    separately = serializers.ListField(child=Words(max_length=200), max_length=20, required=False)
    from_date = serializers.DateField(required=False, allow_null=True)
    to_date = serializers.DateField(required=False, allow_null=True)
    supersedes = serializers.UUIDField(required=False, allow_null=True)


class IssueIn(Input):
    """When the client got it in writing, and how."""

    delivered_at = Moment()
    method = serializers.ChoiceField(EstimateIssue.Method.choices)


class EstimateItemOut(Output):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    quantity = serializers.IntegerField()
    unit_amount = serializers.CharField()
    amount = serializers.CharField()
    rendering = serializers.UUIDField()
    rendering_name = serializers.CharField()
    location = serializers.UUIDField()
    frequency = serializers.CharField()


class ExcessOut(Output):
    """What a clinician's charges of the estimate's days come to against it. `over` is never below zero."""

    rendering = serializers.UUIDField()
    billed = Money()
    estimated = Money()
    over = Money()


class EstimateRowOut(Output):
    """An estimate never changes, so its version stays 1; `status` says what came beside it."""

    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    number = serializers.CharField()
    status = serializers.CharField()
    allowed_moves = serializers.SerializerMethodField()
    client = serializers.UUIDField(source="client_id")
    program = serializers.UUIDField(source="program_id", allow_null=True)
    location = serializers.UUIDField(source="location_id")
    requested_at = Moment(allow_null=True)
    scheduled_at = Moment(allow_null=True)
    service_on = serializers.DateField(allow_null=True)
    due_on = serializers.DateField(allow_null=True, help_text="null: scheduled too late for one to be owed")
    from_date = serializers.DateField()
    to_date = serializers.DateField()
    edition = serializers.IntegerField()
    supersedes = serializers.UUIDField(source="supersedes_id", allow_null=True)
    superseded_by = serializers.CharField(allow_null=True)
    items = EstimateItemOut(many=True, source="line_rows")
    diagnoses = serializers.ListField(child=serializers.CharField())
    separately = serializers.ListField(child=serializers.CharField())
    total = Money()
    issued_on = serializers.DateField(allow_null=True)
    delivered_at = Moment(allow_null=True)
    method = serializers.CharField(allow_null=True)
    late = serializers.BooleanField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    void_reason = serializers.CharField(allow_null=True)
    warnings = serializers.SerializerMethodField()

    def get_allowed_moves(self, row: Any) -> list[str]:
        user = self.context["request"].user
        moves = {
            name: move for name, move in MOVES.items() if name != "supersede"
        }  # that is the next edition's issue
        return transitions.allowed(moves, state=row.status, by=user)

    @staticmethod
    def get_warnings(row: Any) -> list[dict[str, str]]:
        found: list[dict[str, str]] = row.warnings or []
        return found


class EstimateOut(EstimateRowOut):
    """One estimate, with what was billed beyond it."""

    excess = ExcessOut(many=True, source="excesses")


class ProposedItemOut(Output):
    """`list_amount` is the fee, `unit_amount` what the client's fee agreement leaves due of it."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    quantity = serializers.IntegerField()
    list_amount = Money(allow_null=True)
    unit_amount = Money(allow_null=True)
    amount = Money(allow_null=True)
    rendering = serializers.UUIDField()
    location = serializers.UUIDField()


class ProposalOut(Output):
    """What the course still plans. Nothing booked: `scheduled_at` is null, and the body says when it was asked for."""

    client = serializers.UUIDField()
    program = serializers.UUIDField()
    scheduled_at = Moment(allow_null=True)
    service_on = serializers.DateField(allow_null=True)
    items = ProposedItemOut(many=True)
    diagnoses = serializers.ListField(child=serializers.CharField())
    total = Money()
    blockers = WarningOut(many=True)
