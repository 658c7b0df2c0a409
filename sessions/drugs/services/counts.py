"""Counts of the safe by two people, and who is told when one is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core.errors import Conflict, FieldError, Invalid, merge
from kapclinic.core.moments import moment_errors
from kapclinic.core.rows import each
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import SYSTEM, Location, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Task
from sessions.drugs import rules, selectors
from sessions.drugs.models import DrugCount, DrugCountLine, DrugEntry, DrugLot
from sessions.drugs.rules import deadlines
from sessions.drugs.services.discrepancies import open_discrepancy
from sessions.drugs.services.ledger import append_entry
from sessions.drugs.services.witness import WitnessInvalid, require_witness


class CountSheet(TypedDict):
    """What two people found. `business` goes with an inventory; without `counted_at` they counted just now."""

    location: UUID
    kind: str
    business: NotRequired[str | None]
    counted_at: NotRequired[datetime | None]
    lines: Sequence[rules.CountLine]


class CountStale(Conflict):
    """A lot moved between the count and its writing; `lots` names which. Count again."""

    code, title = "count_stale", "The safe moved after this count"


@transaction.atomic
def record_count(*, values: CountSheet, witness: User | None, by: User, at: datetime) -> DrugCount:
    """Write what two people found.

    The books follow the safe: each lot that differs gets a `count` entry and a discrepancy.

    :raises NotPermitted: unless `by` may keep drug
    :raises WitnessInvalid: without a second person
    :raises Invalid: for a location or lot that is not there, a lot counted twice, an inventory that leaves out a lot or
        says neither open nor close of business, a time in the future or more than a day back
    :raises CountStale: when a counted lot moved after `counted_at`
    """
    require_role(by, rules.KEEPERS, what="Counting drug")
    location = Location.objects.filter(pk=values["location"], pk__in=list(by.locations)).first()
    if location is None:
        raise Invalid.field("location", "There is no such location for you.", code="not_found")
    require_witness(wasted_mg=None, witness=witness, by=by)
    if witness is None:
        raise WitnessInvalid.because("A count names a second person, who signs with their password.")
    business = rules.business_of(kind=values["kind"], given=values.get("business"))
    if business is None:
        raise Invalid.field("business", "Say whether it was the open or the close.", code="required")
    counted_at = values.get("counted_at") or at
    merge(moment_errors(moment=counted_at, at=at, after=at - rules.COUNT_WITHIN, field="counted_at"))
    found = DrugLot.objects.select_for_update().filter(location=location).order_by("pk")
    lots = {lot.pk: lot for lot in found}
    merge(rules.line_errors(values["lines"], here=lots))
    last = selectors.last_entries(lots)
    left_out = _left_out(last, values["lines"], kind=values["kind"])
    _refuse_stale(last, values["lines"], counted_at)
    count: DrugCount = DrugCount(
        location=location,
        kind=values["kind"],
        business=business,
        counted_at=counted_at,
        complete=not left_out,
        witness=witness,
        witness_verified_at=at,
    ).insert_by(by, at=at)
    for line in values["lines"]:
        _write_line(count, lots[line["lot"]], line["counted_mg"], last[line["lot"]].balance_mg, by=by, at=at)
    _settle(count, by=by, at=at)
    return count


def _left_out(last: Mapping[UUID, DrugEntry], lines: Sequence[rules.CountLine], *, kind: str) -> list[UUID]:
    """The lots that should hold something and were not counted; an inventory leaves none out (21 CFR 1304.11(a))."""
    holding = {pk for pk, entry in last.items() if entry.balance_mg > 0}
    missing = sorted(holding - {line["lot"] for line in lines})
    if missing and kind == DrugCount.Kind.INVENTORY:
        detail = "An inventory counts every lot that the location holds."
        raise Invalid(
            detail, errors=[FieldError("/lines", "incomplete", detail)], lots=[str(pk) for pk in missing]
        )
    return missing


def _refuse_stale(
    last: Mapping[UUID, DrugEntry], lines: Sequence[rules.CountLine], counted_at: datetime
) -> None:
    moved = [str(line["lot"]) for line in lines if last[line["lot"]].created_at > counted_at]
    if moved:
        raise CountStale("A lot moved after it was counted: count it again.", lots=moved)


def _write_line(
    count: DrugCount, lot: DrugLot, counted_mg: Decimal, expected_mg: Decimal, *, by: User, at: datetime
) -> None:
    difference, entry = counted_mg - expected_mg, None
    if difference:
        entry = append_entry(
            lot=lot,
            kind=rules.K.COUNT,
            amount_mg=counted_mg,
            reason=f"{DrugCount.Kind(count.kind).label} count",
            witness=count.witness,
            occurred_at=count.counted_at,
            by=by,
            at=at,
        )
        open_discrepancy(entry=entry, expected_mg=expected_mg, discovered_at=count.counted_at, by=by, at=at)
    DrugCountLine(
        count=count,
        lot=lot,
        expected_mg=expected_mg,
        counted_mg=counted_mg,
        difference_mg=difference,
        entry=entry,
    ).insert_by(by, at=at)


def _settle(count: DrugCount, *, by: User, at: datetime) -> None:
    """Settle the worklist's rows that this count answers: a whole one at the close of business, and an inventory."""
    done = [Kind.DRUG_INVENTORY_DUE] if count.kind == DrugCount.Kind.INVENTORY else []
    if count.complete and count.business == DrugCount.Business.CLOSE:
        done.append(Kind.DRUG_COUNT_MISSING)
    for kind in done:
        trail.settle_tasks(kind=kind, subject_id=count.location_id, by=by, at=at, outcome="counted")


# --- who is told ------------------------------------------------------------------------------------------------


def sweep_counts(*, at: datetime) -> int:
    """Tell of a day that closed without its count, where the location asks for counts, and of an inventory.

    :returns: how many rows were put on a worklist
    """
    places = {place.pk: place for place in Location.objects.all()}
    asked = {pk: place for pk, place in places.items() if place.counts_required}
    steps = [
        *(partial(_tell_of_count, place) for place in asked.values()),
        *(
            partial(_tell_of_inventory, places[pk], last=last, first=first)
            for pk, last, first in selectors.inventories()
        ),
    ]
    return each(steps, lambda step: step(at=at))


@transaction.atomic
def _tell_of_count(place: Location, *, at: datetime) -> int:
    """Ask for a count when drug moved on the last day that closed and the safe was not counted after it; once a day."""
    day, closed_at = rules.last_closed_day(
        place.opening_hours, closed_dates=place.closed_dates, zone=place.zone, at=at
    )
    moved_at = selectors.last_moved_at(location_id=place.pk, day=day, zone=place.zone)
    if moved_at is None or selectors.was_counted_since(moved_at, location_id=place.pk):
        return 0
    if Task.objects.filter(
        kind=Kind.DRUG_COUNT_MISSING, subject_id=place.pk, created_at__gte=closed_at
    ).exists():
        return 0
    _open(Kind.DRUG_COUNT_MISSING, place, due_at=closed_at, at=at)
    return 1


@transaction.atomic
def _tell_of_inventory(place: Location, *, last: datetime | None, first: datetime, at: datetime) -> int:
    """The first inventory belongs to the first day of handling; each next one to the two years after the last.

    Source: 21 CFR 1304.11(b) and (c). The medical director is told 30 days ahead.
    """
    today = at.astimezone(place.zone).date()
    begun = (last or first).astimezone(place.zone).date()
    due_on = begun if last is None else deadlines.next_inventory_on(begun)
    if not deadlines.inventory_is_near(due_on, on=today):
        return 0
    due_at = deadlines.end_of_day(due_on, zone=place.zone)
    told = Task.objects.filter(kind=Kind.DRUG_INVENTORY_DUE, subject_id=place.pk, due_at=due_at)
    if told.open().exists() or (
        at < due_at and told.exists()
    ):  # a row that was ticked off before it was due comes back then
        return 0
    _open(Kind.DRUG_INVENTORY_DUE, place, due_at=due_at, at=at)
    return 1


def _open(kind: Kind, place: Location, *, due_at: datetime, at: datetime) -> None:
    trail.open_task(
        kind=kind,
        location=place.pk,
        subject_type="location",
        subject_id=place.pk,
        due_at=due_at,
        by=SYSTEM,
        at=at,
    )
