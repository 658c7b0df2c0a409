"""Bodies of the biller's worklist."""

from __future__ import annotations

from rest_framework import serializers

from billing.capture.api.proposal_bodies import ChargeBlockerOut
from kapclinic.core.http.fields import Money, Output


class BilledClientOut(Output):
    """The client as on the insurance card."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class BilledSessionOut(Output):
    """`date` is the day of service."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    number = serializers.IntegerField()
    date = serializers.DateField()


class BilledServiceOut(Output):
    code = serializers.CharField()
    units = serializers.IntegerField()


class BilledSumsOut(Output):
    amount = Money()
    paid = Money()
    balance = Money()


class WorklistRowOut(Output):
    """Of a session that is `ready` or `blocked` the services are those that are proposed, else those that stand."""

    state = serializers.CharField()
    client = BilledClientOut()
    session = BilledSessionOut()
    program = serializers.UUIDField()
    location = serializers.UUIDField()
    services = BilledServiceOut(many=True)
    totals = BilledSumsOut()
    blockers = ChargeBlockerOut(many=True)
