"""Offer a package, change what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from django.db import transaction

from billing.codes.models import ServiceCode
from billing.packages import rules
from billing.packages.models import Package
from billing.packages.rules import Item
from kapclinic.core.errors import FieldError, merge
from kapclinic.practice.models import User


class ItemFields(TypedDict):
    code: str
    quantity: int
    unit_amount: Decimal


class PackageFields(TypedDict, total=False):
    """A new package names all but `active`; a change only what it changes, the items whole."""

    name: str
    items: Sequence[ItemFields]
    price: Decimal
    active: bool


@transaction.atomic
def save_package(*, package: Package | None, values: PackageFields, by: User, at: datetime) -> Package:
    """Add a package, or change one: what was sold of it stays as it was sold.

    :raises Invalid: naming the item of an unknown or inactive code, or the price that its items don't come to
    """
    package = package or Package()
    errors: list[FieldError] = []
    if "items" in values:
        package.items = [_kept(item) for item in values["items"]]
        errors += _code_errors(package.items)
    package.name = values.get("name", package.name)
    package.price = values.get("price", package.price)
    package.active = values.get("active", package.active)
    merge(errors + rules.price_errors(package.items, price=package.price))
    return package.save_by(by, at=at)


def _kept(item: ItemFields) -> Item:
    return {
        "code": item["code"].strip().upper(),
        "quantity": item["quantity"],
        "unit_amount": f"{item['unit_amount']:.2f}",
    }


def _code_errors(items: Sequence[Item]) -> list[FieldError]:
    codes = {item["code"] for item in items}
    active = dict(ServiceCode.objects.filter(code__in=codes).values_list("code", "active"))
    errors = []
    for index, item in enumerate(items):
        pointer = f"/items/{index}/code"
        if item["code"] not in active:
            errors.append(FieldError(pointer, "unknown_code", "There is no such service code here."))
        elif not active[item["code"]]:
            errors.append(FieldError(pointer, "code_not_in_force", f"{item['code']} is not in use."))
    return errors
