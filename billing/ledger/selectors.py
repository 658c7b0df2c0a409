"""Questions to the ledger. Balances are sums, made in SQL."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    DateTimeField,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    UUIDField,
    Value,
    When,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Coalesce, JSONObject

from billing.codes.models import ServiceCode
from billing.ledger import rules
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
from kapclinic.practice.selectors import ExistsOfPerson, LocalDay, person, person_of
from screening.models import MeasureVoid
from sessions.booking.models import MoveUndo, Session
from sessions.dosing.models import AdministrationVoid
from sessions.notes import selectors as notes

_MONEY: DecimalField[Decimal, Decimal] = DecimalField(max_digits=12, decimal_places=2)
_ZERO = Value(money.ZERO, output_field=_MONEY)
NEW_AFTER = timedelta(
    days=3 * 365
)  # CPT: a patient is new whom nobody of the group and specialty saw in three years


def _sum(rows: QuerySet[Model], by: str) -> Coalesce:
    """Σ amount of the rows of `rows` that point at the outer row through `by`; 0.00 when there is none."""
    sums = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(sum=Sum("amount")).values("sum")
    return Coalesce(Subquery(sums, output_field=_MONEY), _ZERO)


def _count(rows: QuerySet[Model], by: str) -> Coalesce:
    """How many of `rows` point at the outer row through `by`."""
    counts = (
        rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(rows=Count("pk")).values("rows")
    )
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)


def _unless_reversed(amount: CombinedExpression) -> Case:
    gone = Q(reverses__isnull=False) | Q(reversal__isnull=False)
    return Case(When(gone, then=_ZERO), default=amount, output_field=_MONEY)


def charges() -> LedgerQuerySet:
    """Charges with `adjusted`, `forgiven` (the part of it that leaves the price as it was), `paid`, `balance`,
    `reversed_by` and `in_review`.

    Nothing is owed on a reversed charge and its reversal, nor on one above the fee before the director confirms it.
    """
    return _charges().all()


@cache
def _charges() -> LedgerQuerySet:
    """Made once: to make it costs more than to copy it, and every act of billing asks it."""
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
    owed = _unless_reversed(F("amount") + F("adjusted") - F("paid"))
    balanced: LedgerQuerySet = found.annotate(
        balance=Case(When(in_review=True, then=_ZERO), default=owed, output_field=_MONEY)
    )
    return balanced


def charges_of_program(program_id: UUID) -> LedgerQuerySet:
    """`charges` for the sessions of a course, in the order of their days."""
    found: LedgerQuerySet = charges().filter(session__program=program_id)
    return found.order_by("date_of_service", "created_at", "pk")


def standing_allocations() -> QuerySet[PaymentAllocation]:
    """Allocations that neither reverse nor were reversed."""
    found: QuerySet[PaymentAllocation] = PaymentAllocation.objects.filter(
        reverses__isnull=True, reversal__isnull=True
    )
    return found


def shares_across(one: UUID, others: Collection[UUID]) -> QuerySet[PaymentAllocation]:
    """Standing allocations by which a payment of registration `one` pays a charge of `others`, or the other way."""
    there = Q(payment__client__in=[one], charge__client__in=others)
    return standing_allocations().filter(there | Q(payment__client__in=others, charge__client__in=[one]))


def reduced_across(one: UUID, others: Collection[UUID]) -> QuerySet[Adjustment]:
    """What fee agreements of `others` take off standing charges of registration `one`, or the other way."""
    there = Q(agreement__client__in=[one], charge__client__in=others)
    found: QuerySet[Adjustment] = Adjustment.objects.filter(
        there | Q(agreement__client__in=others, charge__client__in=[one]),
        reverses__isnull=True,
        reversal__isnull=True,
        charge__reversal__isnull=True,
    )
    return found


def payments() -> LedgerQuerySet:
    """Payments with `allocated`, `refunded`, `unallocated`, `reversed_by` and the standing allocations as data.

    `version` rises with each row that takes of the money or gives it back, so that a page can tell what it has seen.
    """
    return _payments().all()


@cache
def _payments() -> LedgerQuerySet:
    """Made once, as `_charges` is."""
    shares = standing_allocations().filter(payment=OuterRef("pk")).order_by("created_at", "pk")
    share = JSONObject(charge="charge_id", amount=Cast("amount", CharField()))
    rows: LedgerQuerySet = Payment.objects.select_related("client")
    found: LedgerQuerySet = rows.annotate(
        allocated=_sum(PaymentAllocation.objects.all(), "payment"),
        refunded=_sum(Refund.objects.all(), "payment"),
        reversed_by=F("reversal__id"),
        shares=ArraySubquery(shares.values(share=share)),
        version=Value(1)
        + _count(PaymentAllocation.objects.all(), "payment")
        + _count(Refund.objects.all(), "payment")
        + _count(Payment.objects.all(), "reverses"),
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
    """How many other standing charges of the session, or of the day where there is none, carry the same code."""
    others = Charge.objects.filter(session=charge.session_id, code=charge.code_id, reverses__isnull=True)
    if charge.session_id is None:
        others = others.filter(client__in=person(charge.client_id), date_of_service=charge.date_of_service)
    return int(others.filter(reversal__isnull=True).exclude(pk=charge.pk).count())


# --- what the record says ---------------------------------------------------------------------------------------------


def earlier_visits() -> QuerySet[Session]:
    """Of an outer session: those of the person with a medical clinician in the three years before it."""
    start = OuterRef("starts_at")
    medical = Q()
    for role in (Role.PRESCRIBER, Role.NURSE_PRACTITIONER):
        medical |= Q(staff__contains=[{"role": str(role)}])
    found: QuerySet[Session] = Session.objects.filter(
        medical,
        client__in=person_of("client"),
        status=Session.Status.COMPLETED,
        starts_at__lt=start,
        starts_at__gte=ExpressionWrapper(start - NEW_AFTER, output_field=DateTimeField()),
    )
    return found


def was_seen_before(session: Session) -> bool:
    return bool(Session.objects.filter(ExistsOfPerson(earlier_visits()), pk=session.pk).exists())


def overtaken_charges() -> LedgerQuerySet:
    """Standing charges of whose session a dose, or of whose client a questionnaire, was taken back since, or whose
    session did not take place after all; and fees for an appointment that was not missed after all.

    What the record says of each by now, `services.overtaken` tells.

    What was taken back is asked for by itself, so that the few voids lead to their charges and not the other way.
    """
    standing = Charge.objects.filter(session__isnull=False, reverses__isnull=True, reversal__isnull=True)
    doses = AdministrationVoid.objects.filter(
        administration__session=OuterRef("session"), created_at__gt=OuterRef("created_at")
    )
    forms = MeasureVoid.objects.filter(
        measure__program__client__in=person_of("client"), created_at__gt=OuterRef("created_at")
    )
    persons = Func(F("measure__program__client"), function="practice_person", output_field=UUIDField())
    of_a_dose = standing.filter(
        Exists(doses), session__in=AdministrationVoid.objects.values("administration__session")
    )
    of_a_form = standing.filter(
        ExistsOfPerson(forms),
        client__in=MeasureVoid.objects.values(who=persons),
        code__units_by=ServiceCode.UnitsBy.INSTRUMENTS,
    )
    undone = MoveUndo.objects.filter(move=MoveUndo.Move.COMPLETE, corrected_to__isnull=True)
    of_nothing = standing.filter(session__status__in=rules.NOT_RENDERED, session__in=undone.values("session"))
    found = of_a_dose.values("pk").union(
        of_a_form.values("pk"), of_nothing.values("pk"), _fees_of_who_came().values("pk")
    )
    rows: LedgerQuerySet = Charge.objects.filter(pk__in=found)
    return rows.select_related("code", "rendering", "session__location", "session__program")


def _fees_of_who_came() -> QuerySet[Charge]:
    """Standing fees for a missed appointment of whose day a no-show was taken back since, and no other session of the
    client at that location was missed or called off.
    """
    persons = Func(F("session__client"), function="practice_person", output_field=UUIDField())
    taken_back = MoveUndo.objects.filter(move=MoveUndo.Move.NO_SHOW, corrected_to__isnull=True)
    that_day = Session.objects.annotate(day=LocalDay("starts_at", "location__time_zone")).filter(
        client__in=person_of("client"), location=OuterRef("location"), day=OuterRef("date_of_service")
    )
    fees = Charge.objects.filter(session__isnull=True, reverses__isnull=True, reversal__isnull=True)
    rows: QuerySet[Charge] = fees.filter(
        ~ExistsOfPerson(that_day.filter(status__in=rules.NOT_RENDERED)),
        ExistsOfPerson(
            that_day.filter(
                pk__in=taken_back.filter(created_at__gt=OuterRef(OuterRef("created_at"))).values("session")
            )
        ),
        client__in=taken_back.values(who=persons),
        code__code=rules.MISSED,
    )
    return rows
