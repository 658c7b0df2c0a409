"""Questions to the ledger. Balances are sums, made in SQL."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Coalesce, JSONObject

from billing.ledger.models import (
    FORGIVING,
    Adjustment,
    AdjustmentQuerySet,
    Charge,
    LedgerQuerySet,
    Payment,
    PaymentAllocation,
    Refund,
    RefundQuerySet,
)
from kapclinic.core import money
from kapclinic.practice.models import Location, Role, User
from kapclinic.practice.rules import BILLERS
from kapclinic.practice.selectors import person
from sessions.booking.models import Session
from sessions.notes import selectors as notes

_MONEY: DecimalField[Decimal, Decimal] = DecimalField(max_digits=12, decimal_places=2)
_ZERO = Value(money.ZERO, output_field=_MONEY)


def _sum(rows: QuerySet[Model], by: str) -> Coalesce:
    """Σ amount of the rows of `rows` that point at the outer row through `by`; 0.00 when there is none."""
    sums = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(sum=Sum("amount")).values("sum")
    return Coalesce(Subquery(sums, output_field=_MONEY), _ZERO)


def _unless_reversed(amount: CombinedExpression) -> Case:
    gone = Q(reverses__isnull=False) | Q(reversal__isnull=False)
    return Case(When(gone, then=_ZERO), default=amount, output_field=_MONEY)


def charges() -> LedgerQuerySet:
    """Charges with `adjusted`, `forgiven` (the part of it that leaves the price as it was), `paid`, `balance`,
    `reversed_by` and `in_review`; a reversed charge and its reversal owe nothing.
    """
    found: LedgerQuerySet = Charge.objects.select_related("code", "session", "client").annotate(
        adjusted=_sum(Adjustment.objects.all(), "charge"),
        forgiven=_sum(Adjustment.objects.filter(reason__in=sorted(FORGIVING)), "charge"),
        paid=_sum(PaymentAllocation.objects.all(), "charge"),
        reversed_by=F("reversal__id"),
        in_review=ExpressionWrapper(
            Q(
                needs_review=True,
                confirmation__isnull=True,
                reverses__isnull=True,
                reversal__isnull=True,
            ),
            output_field=BooleanField(),
        ),
    )
    balanced: LedgerQuerySet = found.annotate(
        balance=_unless_reversed(F("amount") + F("adjusted") - F("paid"))
    )
    return balanced


def standing_allocations() -> QuerySet[PaymentAllocation]:
    """Allocations that neither reverse nor were reversed."""
    found: QuerySet[PaymentAllocation] = PaymentAllocation.objects.filter(
        reverses__isnull=True, reversal__isnull=True
    )
    return found


def payments() -> LedgerQuerySet:
    """Payments with `allocated`, `refunded`, `unallocated`, `reversed_by` and the standing allocations as data."""
    shares = standing_allocations().filter(payment=OuterRef("pk")).order_by("created_at", "pk")
    share = JSONObject(charge="charge_id", amount=Cast("amount", CharField()))
    rows: LedgerQuerySet = Payment.objects.select_related("client")
    found: LedgerQuerySet = rows.annotate(
        allocated=_sum(PaymentAllocation.objects.all(), "payment"),
        refunded=_sum(Refund.objects.all(), "payment"),
        reversed_by=F("reversal__id"),
        shares=ArraySubquery(shares.values(share=share)),
    )
    balanced: LedgerQuerySet = found.annotate(
        unallocated=_unless_reversed(F("amount") - F("allocated") - F("refunded"))
    )
    return balanced


def refunds() -> RefundQuerySet:
    found: RefundQuerySet = Refund.objects.select_related("payment").annotate(reversed_by=F("reversal__id"))
    return found


def adjustments() -> AdjustmentQuerySet:
    rows: AdjustmentQuerySet = Adjustment.objects.select_related("charge__client")
    return rows.annotate(reversed_by=F("reversal__id"))  # type: ignore[no-any-return]


def standing_adjustments(charge: Charge) -> list[Adjustment]:
    """Those of a charge that neither reverse nor were reversed, from the greatest reduction on."""
    rows = Adjustment.objects.filter(charge=charge, reverses__isnull=True, reversal__isnull=True)
    return list(rows.order_by("amount", "pk"))


def payment_places(user: User) -> list[UUID]:
    """Where the user takes payments: billing at their locations, the front desk at those that let it."""
    if user.role_set & BILLERS:
        return list(user.locations)
    if Role.FRONT_DESK not in user.role_set:
        return []
    places = Location.objects.filter(pk__in=user.locations, desk_takes_payments=True)
    return list(places.order_by("created_at").values_list("pk", flat=True))


def sessions_to_bill(*, among: Collection[UUID]) -> list[tuple[Session, datetime]]:
    """Those of the sessions that are completed, without a standing charge; each with the moment of the first signature,
    or of its completion while nobody has signed.
    """
    standing = Charge.objects.filter(session=OuterRef("pk"), reverses__isnull=True, reversal__isnull=True)
    rows = Session.objects.filter(~Exists(standing), pk__in=among, status=Session.Status.COMPLETED)
    signed = {session.pk: moment for session, moment in notes.with_first_signature(rows)}
    return [(row, signed.get(row.pk) or row.completed_at or row.ends_at) for row in rows]


def standing_of_day(*, client_id: UUID, on: date) -> QuerySet[Charge]:
    """Charges of the person's services of that day that neither reverse nor were reversed, wherever rendered."""
    rows: QuerySet[Charge] = Charge.objects.filter(
        client__in=person(client_id), date_of_service=on, reverses__isnull=True, reversal__isnull=True
    )
    return rows.select_related("code").order_by("created_at", "pk")


def twins_of(charge: Charge) -> int:
    """How many other standing charges of the session carry the same code."""
    others = Charge.objects.filter(session=charge.session_id, code=charge.code_id, reverses__isnull=True)
    return int(others.filter(reversal__isnull=True).exclude(pk=charge.pk).count())
