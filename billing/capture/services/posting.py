"""Post the proposed lines of a session: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import cast

from django.db import transaction

from billing.codes.models import ServiceCode
from billing.ledger.models import Charge
from billing.ledger.rules import whole_fee
from billing.ledger.services.allocations import lock_ledger
from billing.ledger.services.charges import ChargeEntry, post_charge
from kapclinic.core.errors import ClinicError, FieldError, Invalid, merge
from kapclinic.practice.models import User
from sessions.booking.models import Session

# What a proposal says of a line beside what a charge is made of.
SHOWN = frozenset(
    {"minutes", "rule", "list_amount", "coverage_expectation", "hsa_eligible", "label", "rendering_name"}
    | {"expected_adjustment", "package_pays", "client_pays"}
)


class ProposedEntry(ChargeEntry):
    """A line as it was proposed; `list_amount` is the list's price that it was shown with."""

    list_amount: Decimal


@transaction.atomic
def post_lines(*, session: Session, lines: Sequence[ProposedEntry], by: User, at: datetime) -> list[Charge]:
    """Charge all these lines of one session, or none. An add-on is posted after the others, wherever it stands.

    :returns: the charges in the order of the lines
    :raises ClinicError: as `post_charge`, of the first kind that refuses; a field is named `/lines/{i}/{field}`
    :raises Invalid: also for a line whose price by the list is no longer the one it was shown with
    """
    lock_ledger(session.client_id)
    made: dict[int, Charge] = {}
    errors: list[FieldError] = []
    for index in _in_order(lines):
        try:
            made[index] = _post(lines[index], session, by=by, at=at)
        except Invalid as refusal:
            errors += [_within(index, error) for error in refusal.errors]
        except ClinicError as refusal:
            refusal.errors = _named(index, refusal)
            raise
    merge(sorted(errors, key=lambda error: int(error.pointer.split("/")[2])))
    return [made[index] for index in range(len(lines))]


def _in_order(lines: Sequence[ProposedEntry]) -> list[int]:
    """The places of the lines, add-ons last."""
    named = {line["code"].upper() for line in lines}
    added = set(
        ServiceCode.objects.filter(code__in=named, addon_of__len__gt=0).values_list("code", flat=True)
    )
    return sorted(range(len(lines)), key=lambda index: lines[index]["code"].upper() in added)


@transaction.atomic
def _post(line: ProposedEntry, session: Session, *, by: User, at: datetime) -> Charge:
    told = {name: value for name, value in line.items() if name not in SHOWN and value is not None}
    charge = post_charge(values=cast("ChargeEntry", told | {"session": session.pk}), by=by, at=at)
    shown = line.get("list_amount")
    if shown is not None and shown != whole_fee(charge.unit_amount, units=charge.units):
        detail = f"{charge.code.code} has another price by the list now: look at the proposal again."
        raise Invalid.field("list_amount", detail, code="price_changed")
    return charge


def _within(index: int, error: FieldError) -> FieldError:
    return replace(error, pointer=f"/lines/{index}{error.pointer}")


FIELDS = {"not_signed": "rendering", "not_rendered": "code", "not_permitted": "override_reason"}


def _named(index: int, refusal: ClinicError) -> tuple[FieldError, ...]:
    """The errors of a refusal that is about a whole line: it names the field that brought it about."""
    if refusal.errors:
        return tuple(_within(index, error) for error in refusal.errors)
    field = FIELDS.get(refusal.code, "code")
    return (FieldError(f"/lines/{index}/{field}", refusal.code, refusal.detail),)
