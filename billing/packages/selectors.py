"""Questions to the packages. What is drawn is a sum over charges that stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from functools import cache
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    CharField,
    DecimalField,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, JSONObject, Least

from billing.codes.models import LineKind
from billing.ledger import selectors as ledger
from billing.ledger.models import LedgerQuerySet
from billing.ledger.rules import HEALTH_CARDS
from billing.packages import rules
from billing.packages.models import Package, PackageDraw, PackagePurchase
from billing.packages.rules import Lot
from kapclinic.core import money
from kapclinic.practice.models import User
from kapclinic.practice.selectors import ExistsOfPerson, person, person_of
from sessions.booking.models import Session

_MONEY: DecimalField[Decimal, Decimal] = DecimalField(max_digits=12, decimal_places=2)
_ZERO = Value(money.ZERO, output_field=_MONEY)


def search_packages(queryset: QuerySet[Package], text: str) -> QuerySet[Package]:
    return queryset.filter(name__icontains=text)


def standing_draws() -> QuerySet[PackageDraw]:
    """Draws of charges that were not reversed."""
    found: QuerySet[PackageDraw] = PackageDraw.objects.filter(charge__reversal__isnull=True)
    return found


def purchases() -> LedgerQuerySet:
    """Purchases with their standing draws, what is `drawn` and `unused` in dollars, and when and why they ended.

    `refundable` is what of the unused credit can be given back now: none before the purchase is cancelled.
    """
    return _purchases().all()


@cache
def _purchases() -> LedgerQuerySet:
    """Made once: to make it costs more than to copy it."""
    own = standing_draws().filter(purchase=OuterRef("pk"))
    drawn = own.order_by().values("purchase").annotate(sum=Sum("amount")).values("sum")
    made = JSONObject(
        position="position", charge="charge_id", quantity="quantity", amount=Cast("amount", CharField())
    )
    credit = ledger.payments().filter(pk=OuterRef("payment_id")).values("unallocated")
    rows: LedgerQuerySet = PackagePurchase.objects.all()
    found: LedgerQuerySet = rows.annotate(
        drawn=Coalesce(Subquery(drawn, output_field=_MONEY), _ZERO),
        draws_made=ArraySubquery(own.order_by("created_at", "pk").values(made=made)),
        cancelled_at=F("cancellation__created_at"),
        cancel_reason=F("cancellation__reason"),
    )
    valued: LedgerQuerySet = found.annotate(unused=F("price") - F("drawn"))
    back: LedgerQuerySet = valued.annotate(
        refundable=Case(
            When(cancellation__isnull=True, then=_ZERO),
            default=Least(F("unused"), Subquery(credit, output_field=_MONEY)),
            output_field=_MONEY,
        )
    )
    return back


def holding() -> LedgerQuerySet:
    """Purchases that still keep money of their payment: not cancelled, with what of it is `unused`."""
    return purchases().filter(cancellation__isnull=True)


def kept_of_payment() -> Coalesce:
    """What of the outer payment a package keeps; a payment serves one at a time."""
    drawn = Func(
        F("pk"), function="billing_package_drawn", output_field=_MONEY
    )  # what its guard reckons with
    held = PackagePurchase.objects.filter(payment=OuterRef("pk"), cancellation__isnull=True).order_by()
    unused = held.annotate(unused=F("price") - drawn).values("unused")
    return Coalesce(Subquery(unused[:1], output_field=_MONEY), _ZERO)


def session_with_package(session_id: object, *, code: str, user: User) -> Session | None:
    """The session, if the user sees it and its client bought a package of this code that was not cancelled."""
    if session_id is None:
        return None
    held = PackagePurchase.objects.filter(
        client__in=person_of("client"), cancellation__isnull=True, items__contains=[{"code": code}]
    )
    rows = Session.objects.visible_to(user).select_related("location")
    found: Session | None = rows.filter(ExistsOfPerson(held), pk=str(session_id)).first()
    return found


def bought_across(one: UUID, others: Collection[UUID]) -> list[PackagePurchase]:
    """Purchases of registration `one` that still keep money of `others`, or the other way."""
    there = Q(client__in=[one], payment__client__in=others) | Q(client__in=others, payment__client__in=[one])
    return list(holding().filter(there).order_by("created_at", "pk"))


def drawn_across(one: UUID, others: Collection[UUID]) -> QuerySet[PackageDraw]:
    """Standing draws of sessions of registration `one` from purchases of `others`, or the other way."""
    there = Q(charge__client__in=[one], purchase__client__in=others)
    rows = standing_draws().filter(there | Q(charge__client__in=others, purchase__client__in=[one]))
    return rows.select_related("charge").order_by("created_at", "pk")


def _usable(client: UUID) -> LedgerQuerySet:
    """What the person may draw from: their own purchases, with their own money."""
    found: LedgerQuerySet = holding().filter(client__in=person(client), payment__client__in=person(client))
    return found


def lots_of(*, client: UUID, code: str, line_kind: str) -> list[Lot]:
    """What the person has left of a service, the oldest purchase first; a health card's money pays no self-pay line."""
    rows: LedgerQuerySet = _usable(client).filter(items__contains=[{"code": code}])
    return _lots(rows, {code: line_kind})[code]


def lots_by_code(*, client: UUID, kinds: Mapping[str, str]) -> dict[str, list[Lot]]:
    """The same of several services, each with the kind of its line, in one query."""
    return _lots(_usable(client), kinds)


def _lots(rows: LedgerQuerySet, kinds: Mapping[str, str]) -> dict[str, list[Lot]]:
    found: dict[str, list[Lot]] = {code: [] for code in kinds}
    for row in rows.select_related("payment").order_by("created_at", "pk"):
        by_card = row.payment.method in HEALTH_CARDS
        for position, item in enumerate(rules.items_left(row.items, row.draws_made)):
            code = item["code"]
            if code not in kinds or item["left"] <= 0 or (by_card and kinds[code] == LineKind.SELF_PAY):
                continue
            found[code].append(Lot(row.pk, position, item["left"], Decimal(item["unit_amount"])))
    return found


def is_promised(payment_id: UUID) -> bool:
    """Does this payment serve a purchase that was not cancelled?"""
    found = PackagePurchase.objects.filter(payment=payment_id, cancellation__isnull=True)
    return bool(found.exists())
