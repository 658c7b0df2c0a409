"""Bodies of statements."""

from __future__ import annotations

from rest_framework import serializers

from billing.documents.api.document_bodies import DocumentOut
from billing.statements.rules import Kind
from kapclinic.core.http.fields import Input, Output


class StatementIn(Input):
    """A period, both days inclusive; `location` narrows it."""

    client = serializers.UUIDField()
    from_date = serializers.DateField()
    to_date = serializers.DateField()
    location = serializers.UUIDField(required=False)


class StatementTotalsOut(Output):
    """opening + charges + adjustments - payments + refunds = balance; `paid` is payments less refunds."""

    opening = serializers.CharField()
    charges = serializers.CharField()
    adjustments = serializers.CharField()
    payments = serializers.CharField()
    refunds = serializers.CharField()
    paid = serializers.CharField()
    balance = serializers.CharField()


class StatementLineOut(Output):
    """`entry` is the row of the books; `amount` is what it adds to the debt, `balance` what is owed then."""

    kind = serializers.ChoiceField([kind.value for kind in Kind])
    entry = serializers.UUIDField()
    date = serializers.DateField()
    description = serializers.CharField()
    amount = serializers.CharField()
    balance = serializers.CharField()


class StatementOut(DocumentOut):
    """`owes` is what the client was to pay on the day of issue, of all services until then: money that a package keeps
    is not taken off it, nor money of an HSA or FSA card off a self-pay line. Null on a paper from before it was told.
    """

    totals = StatementTotalsOut(source="content.totals")  # type: ignore[assignment]
    owes = serializers.CharField(source="content.owes", default=None, allow_null=True)
    lines = StatementLineOut(many=True, source="content.lines")
