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
    """`owes` is what the client is to pay now: all that is open, less the credit that no package keeps. Money of an HSA
    or FSA card is taken off medical care alone, never off a self-pay line.

    `balance` is the ledger's: charges + adjustments - payments + refunds. It counts package money too, so it may be
    below what is owed, or below zero, while something is to be paid.
    """

    balance = Money()
    owes = Money()


class AccountOut(DeskAccountOut):
    """`balance` = charges + adjustments - payments + refunds = what is open, less the `credit`.

    `prepaid` is the part of the credit that is spoken for, by a package or by a charge in review; `health_credit` the
    part that is not, but came by an HSA or FSA card and may pay medical care alone. `in_review` was charged above the
    fee: no part of any other figure, and not owed until the medical director confirms it.
    """

    client = serializers.UUIDField()
    client_name = serializers.CharField()
    charges = Money()
    adjustments = Money()
    payments = Money()
    refunds = Money()
    credit = Money()
    prepaid = Money()
    health_credit = Money()
    in_review = Money()
    ageing = AgedOut()


class AccountRowOut(DeskAccountOut):
    """How a client stands: `balance` is what is open, less the `credit` that pays nothing yet; `prepaid` is the part of
    it that is spoken for, `health_credit` the part that is not, but may pay medical care alone.
    """

    client = serializers.UUIDField()
    client_name = serializers.CharField()
    mrn = serializers.CharField()
    credit = Money()
    prepaid = Money()
    health_credit = Money()
    ageing = AgedOut()
