"""Bodies of payment plans."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.ledger.api.charge_bodies import CENT
from billing.plans import rules, selectors
from billing.plans.models import LONGEST, MOST_PARTS
from kapclinic.core import money, transitions
from kapclinic.core.http.fields import Input, Moment, Money, Output


class PaymentPlanIn(Input):
    """`total` in `count` parts, the first on `first_due`, the others `interval_days` after each other.

    The total is at most what the client owes now and what issued estimates still expect, less what other standing plans
    are for; else 400 `above_balance`.
    """

    client = serializers.UUIDField()
    total = Money(min_value=CENT)
    count = serializers.IntegerField(min_value=1, max_value=MOST_PARTS)
    first_due = serializers.DateField()
    interval_days = serializers.IntegerField(min_value=1, max_value=LONGEST)
    location = serializers.UUIDField(required=False)


class InstallmentOut(Output):
    number = serializers.IntegerField()
    due_on = serializers.DateField()
    amount = Money()
    paid = Money()


class PaymentPlanOut(Output):
    """`paid` is what the client paid since the plan was made; `overdue` what the parts whose day is over still lack."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    location = serializers.UUIDField(source="location_id")
    total = Money()
    count = serializers.IntegerField()
    first_due = serializers.DateField()
    interval_days = serializers.IntegerField()
    installments = serializers.SerializerMethodField()
    paid = Money()
    overdue = serializers.SerializerMethodField()
    status = serializers.CharField()
    cancelled_at = Moment(allow_null=True)
    cancel_reason = serializers.CharField()
    allowed_moves = serializers.SerializerMethodField()

    @extend_schema_field(InstallmentOut(many=True))
    def get_installments(self, plan: Any) -> Any:
        return InstallmentOut(selectors.parts(plan), many=True).data

    @extend_schema_field(Money())
    def get_overdue(self, plan: Any) -> str:
        late = selectors.late_parts(plan, at=self.context["view"].at)
        return str(money.total(part.open for part in late))

    def get_allowed_moves(self, plan: Any) -> list[str]:
        by = self.context["request"].user
        return transitions.allowed(rules.PAYMENT_PLAN_MOVES, state=plan.status, by=by)
