"""Questions to the codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import F, Q, QuerySet

from billing.codes import rules
from billing.codes.models import Diagnosis, Fee, ServiceCode
from kapclinic.core.errors import FieldError
from kapclinic.practice.models import User

Dated = TypeVar("Dated", ServiceCode, Fee)  # rows that hold from a day to a day


def search_codes(queryset: QuerySet[ServiceCode], text: str) -> QuerySet[ServiceCode]:
    return queryset.filter(Q(code__istartswith=text) | Q(label__icontains=text))


def only_in_force(queryset: QuerySet[Dated], on: date, user: User) -> QuerySet[Dated]:
    """A list's parameter `on`: the rows that hold that day."""
    found: QuerySet[Dated] = queryset.model.objects.in_force(on)
    return queryset.filter(pk__in=found.values("pk"))


def code_on(*, code: str, on: date) -> tuple[ServiceCode | None, list[FieldError]]:
    """The service code for a service of the day `on`, or why it can't be used."""
    found: ServiceCode | None = ServiceCode.objects.filter(code=code.strip().upper()).first()
    if found is None:
        return None, [FieldError("/code", "unknown_code", "There is no such service code here.")]
    if not found.active or not ServiceCode.objects.in_force(on).filter(pk=found.pk).exists():
        return None, [FieldError("/code", "code_not_in_force", f"{found.code} is not in force on {on}.")]
    return found, []


def label_as_of(code: ServiceCode, moment: datetime) -> str:
    """The clinic's words for the code as they were then, as far as its history tells; else as they are."""
    rows = ServiceCode.history.filter(id=code.pk, history_date__lte=moment)
    label: str | None = rows.order_by("-history_date", "-history_id").values_list("label", flat=True).first()
    return label or code.label


def fee_on(*, code: ServiceCode, location: UUID, on: date) -> Fee | None:
    """The fee of one unit on a day: the location's own, else the general one, else None."""
    fees = Fee.objects.in_force(on).filter(Q(location=location) | Q(location__isnull=True), code=code)
    found: Fee | None = fees.order_by(F("location").asc(nulls_last=True)).first()
    return found


def diagnosis_errors(codes: Sequence[str], *, on: date) -> list[FieldError]:
    """One error per diagnosis that no payer would take: unknown, a header, not in force on `on`, or named twice."""
    plain = [rules.undotted(code) for code in codes]
    known = Diagnosis.objects.filter(code__in=[rules.dotted(code) for code in plain])
    ever = set(known.values_list("code_nodot", flat=True))
    billable = dict(known.in_force(on).values_list("code_nodot", "billable"))
    errors = []
    for index, code in enumerate(plain):
        pointer, shown = f"/diagnoses/{index}", rules.dotted(code)
        if code in plain[:index]:
            errors.append(FieldError(pointer, "duplicate", f"{shown} is there already."))
        elif code not in ever:
            errors.append(FieldError(pointer, "unknown_diagnosis", f"{shown} is not an ICD-10-CM code."))
        elif code not in billable:
            errors.append(FieldError(pointer, "diagnosis_not_in_force", f"{shown} is not in force on {on}."))
        elif not billable[code]:
            errors.append(
                FieldError(pointer, "diagnosis_not_billable", f"{shown} is a heading: name the exact code.")
            )
    return errors
