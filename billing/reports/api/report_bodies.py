"""Bodies of the reports: `totals` over all rows, the `groups` they are made of, and a page of the `rows` behind."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Money, Output


class ReportOut(Output):
    """`count` is of all rows, `rows` are one page of them; sums are over all. Without a day or a location: all."""

    from_date = serializers.DateField(allow_null=True)
    to_date = serializers.DateField(allow_null=True)
    location = serializers.UUIDField(allow_null=True)
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class ReportRowOut(Output):
    client = serializers.UUIDField()
    mrn = serializers.CharField()
    location = serializers.UUIDField()


class AgeingTotalsOut(Output):
    d0_30 = Money()
    d31_60 = Money()
    d61_90 = Money()
    d91 = Money()
    balance = Money()


class AgeingGroupOut(Output):
    bucket = serializers.CharField()
    charges = serializers.IntegerField()
    balance = Money()


class AgeingRowOut(ReportRowOut):
    charge = serializers.UUIDField()
    code = serializers.CharField(source="service")
    date_of_service = serializers.DateField()
    days = serializers.IntegerField()
    amount = Money()
    paid = Money()
    balance = Money()


class AgeingOut(ReportOut):
    totals = AgeingTotalsOut()
    groups = AgeingGroupOut(many=True)
    rows = AgeingRowOut(many=True)


class DepositsTotalsOut(Output):
    """Reversals and refunds are negative: the figures add up to `net`."""

    payments = Money()
    reversals = Money()
    refunds = Money()
    net = Money()


class DepositsGroupOut(DepositsTotalsOut):
    day = serializers.DateField()
    method = serializers.CharField()


class DepositsRowOut(ReportRowOut):
    payment = serializers.UUIDField()
    day = serializers.DateField()
    method = serializers.CharField()
    kind = serializers.CharField()
    amount = Money(source="signed")
    created_at = Moment()


class DepositsOut(ReportOut):
    totals = DepositsTotalsOut()
    groups = DepositsGroupOut(many=True)
    rows = DepositsRowOut(many=True)


class WriteOffsTotalsOut(Output):
    """Less than zero was given up."""

    write_off = Money()
    bad_debt = Money()
    amount = Money()


class WriteOffsGroupOut(Output):
    reason = serializers.CharField()
    adjustments = serializers.IntegerField()
    amount = Money()


class WriteOffsRowOut(ReportRowOut):
    adjustment = serializers.UUIDField()
    charge = serializers.UUIDField()
    code = serializers.CharField(source="service")
    date_of_service = serializers.DateField()
    day = serializers.DateField()
    reason = serializers.CharField()
    amount = Money()
    reverses = serializers.UUIDField(allow_null=True)


class WriteOffsOut(ReportOut):
    totals = WriteOffsTotalsOut()
    groups = WriteOffsGroupOut(many=True)
    rows = WriteOffsRowOut(many=True)


class LiabilityTotalsOut(Output):
    """opening + sold - drawn - returned = closing."""

    opening = Money()
    sold = Money()
    drawn = Money()
    returned = Money()
    closing = Money()


class LiabilityGroupOut(LiabilityTotalsOut):
    purchases = serializers.IntegerField()


class LiabilityRowOut(LiabilityTotalsOut):
    client = serializers.UUIDField()
    mrn = serializers.CharField()
    location = serializers.UUIDField()
    purchase = serializers.UUIDField()
    name = serializers.CharField()
    sold_on = serializers.DateField()


class LiabilityOut(ReportOut):
    totals = LiabilityTotalsOut()
    groups = LiabilityGroupOut(many=True)
    rows = LiabilityRowOut(many=True)
