"""Reverse a charge that was wrong."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from billing.ledger import selectors
from billing.ledger.models import Charge
from billing.ledger.rules import record as record_rules
from billing.ledger.services import adjustments, allocations, rendered
from kapclinic.core.errors import Conflict
from kapclinic.practice.models import User
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import settle_tasks


class AddonStands(Conflict):
    code, title = "addon_without_primary", "An add-on would be left without its service"


COPIED = (
    *("session_id", "client_id", "location_id", "rendering_id", "rendering_as", "supervisor_as", "label"),
    *(
        "code_id",
        "units",
        "unit_amount",
        "diagnoses",
        "modifiers",
        "line_kind",
        "date_of_service",
        "pos_code",
    ),
    *("ndc", "ndc_quantity", "ndc_unit"),
)


@transaction.atomic
def reverse_charge(*, charge: Charge, reason: str, by: User, at: datetime) -> Charge:
    """Take back a charge by a row of the opposite amount; what was paid on it is the client's credit again.

    :raises NotReversible: for a reversal
    :raises AlreadyReversed: when it has one
    :raises AddonStands: while another line of the day is added to this one alone
    """
    allocations.lock_ledger(charge.client_id)
    charge = selectors.charges().get(pk=charge.pk)
    allocations.refuse_reversed(charge)
    _refuse_orphans(charge)
    allocations.free(selectors.standing_allocations().filter(charge=charge), by=by, at=at)
    adjustments.undo_adjustments(charge=charge, reason=reason, by=by, at=at)
    copied = {name: getattr(charge, name) for name in COPIED}
    made = Charge(**copied, amount=-charge.amount, reverses=charge, reason=reason).insert_by(by, at=at)
    for kind in (Kind.CHARGE_OVERTAKEN, Kind.MONEY_PARTED):
        settle_tasks(kind=kind, subject_id=charge.pk, by=by, at=at, outcome="reversed")
    return made


def _refuse_orphans(charge: Charge) -> None:
    """:raises AddonStands: when an add-on of the day would have nothing left that it is added to"""
    rows = selectors.standing_of_day(client_id=charge.client_id, on=charge.date_of_service)
    day = [row for row in rows if row.pk != charge.pk]
    for row in day:
        lines = rendered.lines_of(day, session_id=row.session_id, rendering_id=row.rendering_id)
        if charge.code.code in row.code.addon_of and not record_rules.is_carried(row.code, lines):
            raise AddonStands(f"Reverse {row.code.code} first: it is added to {charge.code.code}.")
