"""Tables of the codes."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, UUIDField, Value
from django.db.models.functions import Coalesce

from kapclinic.core.audited import AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Location

NOWHERE = "00000000-0000-0000-0000-000000000000"


class LineKind(models.TextChoices):
    """Who may pay a line: a plan, a health account, or the client's own pocket alone."""

    INSURANCE = "insurance"
    HSA_ELIGIBLE = "hsa_eligible"
    SELF_PAY = "self_pay"


class InForceQuerySet(AuditedQuerySet[Any]):
    def in_force(self, on: date) -> InForceQuerySet:
        """Rows whose validity holds the day `on`, both ends inclusive."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=on), Q(valid_to__isnull=True) | Q(valid_to__gte=on)
        )


class ServiceCode(AuditedModel):
    """A service that can be charged. `label` is in the clinic's own words, never a descriptor of the AMA.

    What the record must bear out: the minutes of the first unit, counted on what `minutes_of` names, and
    `unit_minutes` for each further one; `units_max` of a session, and what else the units may not pass (`units_by`);
    one of the primaries `addon_of`; none of `excludes` by the same clinician that day; `requires`, in the shape of
    `rules.requirements`.
    """

    class System(models.TextChoices):
        CPT = "CPT"
        HCPCS = "HCPCS"
        INTERNAL = "INTERNAL"

    class MinutesOf(models.TextChoices):
        NOTE = "note"  # the rendering clinician's signed note
        INFUSION = "infusion"  # from the start of the infusion to its end
        STAY = "stay"  # from the first dose to the discharge

    class UnitsBy(models.TextChoices):
        LINE = ""
        MG = "mg"  # a unit is a milligram that was given
        DOSES = "doses"  # a unit is a dose that was given
        INSTRUMENTS = "instruments"  # a unit is a complete instrument of that day

    system = models.CharField(max_length=8, choices=System.choices)
    code = models.CharField(max_length=15, unique=True)
    label = models.CharField(max_length=120)
    minutes_min = models.PositiveSmallIntegerField(null=True)
    minutes_max = models.PositiveSmallIntegerField(null=True)
    minutes_of = models.CharField(max_length=8, choices=MinutesOf.choices, default=MinutesOf.NOTE)
    unit_minutes = models.PositiveSmallIntegerField(null=True)
    units_max = models.PositiveSmallIntegerField(null=True)
    units_by = models.CharField(max_length=11, choices=UnitsBy.choices, blank=True, default=UnitsBy.LINE)
    addon_of = ArrayField(models.CharField(max_length=15), default=list)
    excludes = ArrayField(models.CharField(max_length=15), default=list)
    requires = models.JSONField(default=dict)
    requires_ndc = models.BooleanField(default=False)
    telehealth_ok = models.BooleanField(default=False)
    line_kind = models.CharField(max_length=12, choices=LineKind.choices, default=LineKind.INSURANCE)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    active = models.BooleanField(default=True)

    objects: ClassVar[Any] = InForceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="service_code_shape",
                condition=Q(system="CPT", code__regex=r"^[0-9]{4}[0-9FTUM]$")
                | Q(system="HCPCS", code__regex=r"^[A-VX-Z][0-9]{4}$")
                | (
                    Q(system="INTERNAL", code__regex=r"^[A-Z0-9-]{2,15}$")
                    & ~Q(code__regex=r"^([0-9]{4}[0-9FTUM]|[A-VX-Z][0-9]{4})$")
                ),
            ),
            models.CheckConstraint(
                name="service_code_line_kind", condition=Q(line_kind__in=list(LineKind.values))
            ),
            models.CheckConstraint(
                name="service_code_minutes",
                condition=Q(minutes_max__isnull=True) | Q(minutes_max__gte=F("minutes_min")),
            ),
            models.CheckConstraint(
                name="service_code_minutes_of", condition=Q(minutes_of__in=["note", "infusion", "stay"])
            ),
            models.CheckConstraint(
                name="service_code_units_by", condition=Q(units_by__in=["", "mg", "doses", "instruments"])
            ),
            models.CheckConstraint(
                name="service_code_units",
                condition=(Q(units_max__isnull=True) | Q(units_max__gte=1))
                & (Q(unit_minutes__isnull=True) | Q(unit_minutes__gte=1)),
            ),
            models.CheckConstraint(
                name="service_code_validity",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class DateRange(Func):
    """`daterange(from, to, '[]')` of two columns: a fee holds on its first and on its last day."""

    function = "DATERANGE"
    output_field = DateRangeField()


class Fee(AuditedModel):
    """The clinic's price of one unit of a service from–to; a fee of a location goes before the general one."""

    code = models.ForeignKey(ServiceCode, on_delete=models.PROTECT, related_name="fees")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, related_name="+")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    objects: ClassVar[Any] = InForceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="fee_amount", condition=Q(amount__gte=0)),
            models.CheckConstraint(
                name="fee_validity", condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from"))
            ),
            ExclusionConstraint(
                name="fee_one_at_a_time",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    (Coalesce("location", Value(NOWHERE, output_field=UUIDField())), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[]")), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code_id} {self.amount}"


class DiagnosisQuerySet(models.QuerySet["Diagnosis"]):
    def in_force(self, on: date) -> DiagnosisQuerySet:
        """Codes of the set that holds on the day `on`, both ends inclusive."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on)


class Diagnosis(models.Model):
    """One ICD-10-CM code of the sets that were loaded (CDC/NCHS, public domain). Only a leaf is billable.

    A set holds from its effective day until a later set leaves the code out or changes it.
    """

    undeletable: ClassVar[bool] = True

    code_nodot = models.CharField(max_length=7)
    code = models.CharField(max_length=8)
    billable = models.BooleanField()
    description = models.CharField(max_length=300)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    objects: ClassVar[Any] = DiagnosisQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="diagnosis_once"),
            models.CheckConstraint(
                name="diagnosis_validity",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.code
