"""Bodies of accounts: what a client owes, as billing and as the front desk read it."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Money, Output


class AgedOut(Output):
    """What is open of the charges, by days since the service."""

    d0_30 = Money()
    d31_60 = Money()
    d61_90 = Money()
    d91 = Money()


class DeskAccountOut(Output):
    """What the client owes; below zero it is their credit."""

    balance = Money()


class AccountOut(DeskAccountOut):
    """`balance` = charges + adjustments - payments + refunds = what is open, less the credit."""

    client = serializers.UUIDField()
    client_name = serializers.CharField()
    charges = Money()
    adjustments = Money()
    payments = Money()
    refunds = Money()
    credit = Money()
    ageing = AgedOut()


class AccountRowOut(DeskAccountOut):
    """How a client stands: `balance` is what is open, less the `credit` that pays nothing yet."""

    client = serializers.UUIDField()
    client_name = serializers.CharField()
    mrn = serializers.CharField()
    credit = Money()
    ageing = AgedOut()
