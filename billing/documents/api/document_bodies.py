"""Bodies that all documents share."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.documents import rules
from billing.documents.models import Voidable
from billing.ledger.api.charge_bodies import WarningOut
from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output


class DocumentIn(Input):
    """A period, both days inclusive; `location` narrows it, `corrects` names the document that this one replaces."""

    client = serializers.UUIDField()
    from_date = serializers.DateField()
    to_date = serializers.DateField()
    location = serializers.UUIDField(required=False)
    corrects = serializers.UUIDField(required=False, allow_null=True)


class TotalsOut(Output):
    charges = serializers.CharField()
    adjustments = serializers.CharField()
    paid = serializers.CharField()
    balance = serializers.CharField()


class PartyOut(Output):
    name = serializers.CharField()
    address = serializers.ListField(child=serializers.CharField())


class BillingProviderOut(PartyOut):
    phone = serializers.CharField()
    ein = serializers.CharField()
    npi = serializers.CharField()


class ClinicianOut(Output):
    name = serializers.CharField()
    credentials = serializers.CharField()
    npi = serializers.CharField()
    license = serializers.CharField()


class RenderingOut(ClinicianOut):
    """Who rendered a line; the supervisor when they are pre-licensed."""

    supervisor = ClinicianOut(allow_null=True)


class LetteredOut(Output):
    letter = serializers.CharField()
    code = serializers.CharField()
    description = serializers.CharField()


class ProofOut(Output):
    """A payment, and how much of it went to the lines of this document."""

    payment = serializers.UUIDField()
    received_on = serializers.DateField()
    method = serializers.CharField()
    reference = serializers.CharField()
    amount = serializers.CharField()


class LineOut(Output):
    charge = serializers.UUIDField()
    date_of_service = serializers.DateField()
    amount = serializers.CharField()
    adjustment = serializers.CharField(default="0.00")  # a paper of earlier days has none
    paid = serializers.CharField()
    balance = serializers.CharField()


class DocumentOut(Output):
    """A document never changes, so its version stays 1; `outdated` says that the books or a name differ from it now.

    `location` issued it; `locations` are those of its lines.
    """

    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    number = serializers.CharField()
    client = serializers.UUIDField(source="client_id")
    client_name = serializers.CharField(source="content.client.name")
    location = serializers.UUIDField(source="location_id")
    locations = serializers.ListField(child=serializers.UUIDField())
    from_date = serializers.DateField()
    to_date = serializers.DateField()
    issued_on = serializers.DateField()
    corrects = serializers.UUIDField(source="corrects_id", allow_null=True)
    replaced_by = serializers.CharField(allow_null=True)
    outdated = serializers.BooleanField()
    sha256 = serializers.CharField()
    billing_provider = BillingProviderOut(source="content.billing_provider")
    totals = TotalsOut(source="content.totals")
    payments = ProofOut(many=True, source="content.payments")
    warnings = WarningOut(many=True)


class VoidableOut(DocumentOut):
    """`status` is issued, replaced (another stands in its place) or voided (none does, and it counts for nothing)."""

    status = serializers.ChoiceField(list(Voidable.Status.values))
    voided_at = Moment(allow_null=True)
    void_reason = serializers.CharField(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, row: Any) -> list[str]:
        by = self.context["request"].user
        return transitions.allowed(rules.DOCUMENT_MOVES, state=row.status, by=by) if row.number else []
