"""Tables of the ledger: facts that are inserted once. A correction is a row that reverses another."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from billing.codes.models import LineKind, ServiceCode
from billing.scales.models import FeeAgreement
from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet
from kapclinic.practice.models import Client, Location, User
from sessions.booking.models import Session

MOST_DIAGNOSES = 12  # CMS-1500 box 21


def signed_amount(name: str, *, or_nothing: bool = False) -> models.CheckConstraint:
    """An original is positive (or zero), the row that reverses it negative (or zero)."""
    more, less = ("amount__gte", "amount__lte") if or_nothing else ("amount__gt", "amount__lt")
    original = Q(reverses__isnull=True, **{more: 0})
    return models.CheckConstraint(name=name, condition=original | Q(reverses__isnull=False, **{less: 0}))


class LedgerQuerySet(AppendOnlyQuerySet[Any]):
    def visible_to(self, user: Any) -> LedgerQuerySet:
        """Money of the user's own locations."""
        return self.filter(location__in=list(user.locations))


class Charge(AppendOnlyModel):
    """What one rendered, signed service costs this client before any payer: price, code and diagnoses as of then.

    `rendering_as`, `supervisor_as` ({name, credentials, npi, license}) and `label` are as on the day of the signature,
    whatever becomes of the people and the code later: papers read these alone. A fee without a session (a missed
    appointment) has nobody who rendered it, and is the client's own to pay. An amount above the fee stands in review
    (`needs_review`) until the director confirms it (`ChargeConfirmation`); `override_reason` is the director's.
    """

    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, related_name="charges")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="charges", db_index=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+", db_index=False)
    rendering = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    rendering_as = models.JSONField(null=True)
    supervisor_as = models.JSONField(null=True)
    label = models.CharField(max_length=120)
    code = models.ForeignKey(ServiceCode, on_delete=models.PROTECT, related_name="charges")
    units = models.PositiveSmallIntegerField()
    unit_amount = models.DecimalField(
        max_digits=12, decimal_places=2, null=True
    )  # the fee of that day, if any
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    diagnoses = ArrayField(models.CharField(max_length=8), default=list)
    modifiers = ArrayField(models.CharField(max_length=2), default=list)
    line_kind = models.CharField(max_length=12, choices=LineKind.choices)
    date_of_service = models.DateField()
    pos_code = models.CharField(max_length=2)
    ndc = models.CharField(max_length=11, blank=True)
    ndc_quantity = models.DecimalField(max_digits=9, decimal_places=3, null=True)
    ndc_unit = models.CharField(max_length=2, blank=True)
    needs_review = models.BooleanField(default=False)
    amount_reason = models.CharField(max_length=1000, blank=True)
    kind_reason = models.CharField(max_length=1000, blank=True)
    override_reason = models.CharField(max_length=1000, blank=True)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversal")
    reason = models.CharField(max_length=1000, blank=True)

    # No columns: what `selectors.charges` adds to a row.
    paid: Decimal
    adjusted: Decimal
    forgiven: Decimal
    balance: Decimal
    reversed_by: UUID | None
    in_review: bool

    objects: ClassVar[Any] = LedgerQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            signed_amount("charge_sign", or_nothing=True),
            models.CheckConstraint(name="charge_units", condition=Q(units__gte=1)),
            models.CheckConstraint(name="charge_line_kind", condition=Q(line_kind__in=list(LineKind.values))),
            models.CheckConstraint(name="charge_diagnoses", condition=Q(diagnoses__len__lte=MOST_DIAGNOSES)),
            models.CheckConstraint(
                name="charge_insurance_diagnosed",
                condition=~Q(line_kind="insurance") | Q(diagnoses__len__gte=1),
            ),
            models.CheckConstraint(name="charge_modifiers", condition=Q(modifiers__len__lte=4)),
            models.CheckConstraint(name="charge_pos_code", condition=Q(pos_code__regex=r"^[0-9]{2}$")),
            models.CheckConstraint(
                name="charge_rendered",
                condition=Q(session__isnull=False, rendering__isnull=False, rendering_as__isnull=False)
                | Q(
                    session__isnull=True,
                    rendering__isnull=True,
                    rendering_as__isnull=True,
                    supervisor_as__isnull=True,
                    line_kind="self_pay",
                ),
            ),
            models.CheckConstraint(name="charge_ndc", condition=Q(ndc="") | Q(ndc__regex=r"^[0-9]{11}$")),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "date_of_service"], name="charge_client"),
            models.Index(fields=["location", "-created_at"], name="charge_location"),
        ]

    def __str__(self) -> str:
        return f"charge {self.pk}"

    @property
    def clinician(self) -> dict[str, str]:
        """Who rendered the service, as on the day of the signature; empty for a fee without a session."""
        return dict(self.rendering_as or {})


class ChargeConfirmation(AppendOnlyModel):
    """The director's word for a charge above the fee: from then on it may stand on documents."""

    charge = models.OneToOneField(Charge, on_delete=models.PROTECT, related_name="confirmation")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"confirmation of {self.charge_id}"


class Method(models.TextChoices):
    CASH = "cash"
    CHECK = "check"
    CARD = "card"
    HSA_CARD = "hsa_card"
    FSA_CARD = "fsa_card"
    ACH = "ach"
    OTHER = "other"


class Payment(AppendOnlyModel):
    """Money that came in from or for a client. What is not allocated to charges is the client's credit."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="payments", db_index=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    method = models.CharField(max_length=8, choices=Method.choices)
    received_on = models.DateField()
    reference = models.CharField(max_length=80, blank=True)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversal")
    reason = models.CharField(max_length=1000, blank=True)

    # No columns: what `selectors.payments` adds to a row.
    allocated: Decimal
    refunded: Decimal
    unallocated: Decimal
    version: int
    reversed_by: UUID | None

    objects: ClassVar[Any] = LedgerQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            signed_amount("payment_sign"),
            models.CheckConstraint(name="payment_method", condition=Q(method__in=list(Method.values))),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "received_on"], name="payment_client"),
            models.Index(fields=["location", "-created_at"], name="payment_location"),
        ]

    def __str__(self) -> str:
        return f"payment {self.pk}"


class PaymentAllocation(AppendOnlyModel):
    """A part of a payment that pays a charge of the same client. Freed by a row that reverses it."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="allocations")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversal")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [signed_amount("allocation_sign")]

    def __str__(self) -> str:
        return f"allocation {self.pk}"


class RefundQuerySet(AppendOnlyQuerySet[Any]):
    def visible_to(self, user: Any) -> RefundQuerySet:
        """Refunds of payments at the user's own locations."""
        return self.filter(payment__location__in=list(user.locations))


class Refund(AppendOnlyModel):
    """Money of a payment that went back to whoever paid."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    method = models.CharField(max_length=8, choices=Method.choices)
    override_reason = models.CharField(max_length=1000, blank=True)  # the director's, for another way back
    reason = models.CharField(max_length=1000)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversal")

    reversed_by: UUID | None  # no column: `selectors.refunds` adds it

    objects: ClassVar[Any] = RefundQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            signed_amount("refund_sign"),
            models.CheckConstraint(name="refund_method", condition=Q(method__in=list(Method.values))),
        ]

    def __str__(self) -> str:
        return f"refund {self.pk}"


class AdjustmentReason(models.TextChoices):
    SLIDING_SCALE = "sliding_scale"
    COURTESY = "courtesy"
    CONTRACTUAL = "contractual"
    WRITE_OFF = "write_off"
    BAD_DEBT = "bad_debt"
    PACKAGE_REPRICE = "package_reprice"
    CORRECTION = "correction"


# These say what the service costs the client, and so make the price on papers another one; the rest forgive a part of
# it, and papers show them beside the price.
PRICING = frozenset(
    {AdjustmentReason.SLIDING_SCALE, AdjustmentReason.PACKAGE_REPRICE, AdjustmentReason.CORRECTION}
)
FORGIVING = frozenset(AdjustmentReason) - PRICING
REDUCING = FORGIVING | {AdjustmentReason.SLIDING_SCALE}  # never more than was charged


class AdjustmentQuerySet(AppendOnlyQuerySet[Any]):
    def visible_to(self, user: Any) -> AdjustmentQuerySet:
        """Adjustments of charges at the user's own locations."""
        return self.filter(charge__location__in=list(user.locations))


def _adjustment_sign() -> Q:
    """A reduction is negative, the row that reverses it positive; the others go either way."""
    reduces = Q(reason__in=sorted(REDUCING))
    return (
        (reduces & Q(reverses__isnull=True, amount__lt=0))
        | (reduces & Q(reverses__isnull=False, amount__gt=0))
        | (~reduces & ~Q(amount=0))
    )


class Adjustment(AppendOnlyModel):
    """What makes the amount of a charge another one after it was made, and why: less than zero takes off.

    One that a fee agreement made names it and its percent, as they were when the charge was posted.
    """

    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="adjustments")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.CharField(max_length=15, choices=AdjustmentReason.choices)
    note = models.CharField(max_length=1000, blank=True)
    agreement = models.ForeignKey(
        FeeAgreement, on_delete=models.PROTECT, null=True, related_name="adjustments"
    )
    percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversal")

    reversed_by: UUID | None  # no column: `selectors.adjustments` adds it

    objects: ClassVar[Any] = AdjustmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="adjustment_reason", condition=Q(reason__in=list(AdjustmentReason.values))
            ),
            models.CheckConstraint(name="adjustment_sign", condition=_adjustment_sign()),
            models.CheckConstraint(
                name="adjustment_agreed",
                condition=Q(agreement__isnull=True, percent__isnull=True)
                | Q(agreement__isnull=False, percent__isnull=False, reason="sliding_scale"),
            ),
        ]

    def __str__(self) -> str:
        return f"adjustment {self.pk}"
