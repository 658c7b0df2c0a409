"""Verbs of the codes."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypedDict, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q

from billing.codes import rules
from billing.codes.models import Diagnosis, Fee, ServiceCode
from billing.codes.rules import requirements
from billing.codes.rules.catalogue import CODES, Entry
from kapclinic.core.errors import Conflict, FieldError, Invalid, merge
from kapclinic.practice.models import Actor, User

End = TypeVar("End", date, int, Decimal)
ROWS_TOGETHER = 2000  # of one INSERT
MOST_LEAVING = 0.1  # of the codes: a yearly change is a few hundred, so more means a file that was cut off


class CodeFields(TypedDict, total=False):
    """A new code names its system, code and label; a change never names the system or the code."""

    system: str
    code: str
    label: str
    minutes_min: int | None
    minutes_max: int | None
    minutes_of: str
    unit_minutes: int | None
    units_max: int | None
    units_by: str
    addon_of: Sequence[str]
    excludes: Sequence[str]
    requires: requirements.Kept
    requires_ndc: bool
    telehealth_ok: bool
    line_kind: str
    valid_from: date | None
    valid_to: date | None
    active: bool


class FeeFields(TypedDict, total=False):
    """A new fee names its code, amount and first day; a change never names the code or the location."""

    code: ServiceCode
    location_id: UUID | None
    amount: Decimal
    valid_from: date
    valid_to: date | None


class CodeTaken(Conflict):
    code, title = "code_taken", "This service code exists already"


class FeeOverlaps(Conflict):
    code, title = "fee_overlaps", "Another fee of this code holds on some of these days"


class SetNotLater(Conflict):
    code, title = "set_not_later", "A set of this day or a later one is loaded already"


class SetIncomplete(Invalid):
    code, title = "set_incomplete", "This is not a whole ICD-10-CM set"


def save_code(*, row: ServiceCode | None, values: CodeFields, by: User, at: datetime) -> ServiceCode:
    """Add a service code with the clinic's own label, or change all but the code itself.

    :raises Invalid: when the code has not the shape of its system, its days, minutes or milligrams are reversed, or it
        names a code that is not there
    :raises CodeTaken: when it is there already
    """
    fresh = row is None
    row = row or ServiceCode()
    for name, value in values.items():
        setattr(row, name, value)
    needs = requirements.read(row.requires)
    row.requires = requirements.kept(needs)
    merge(rules.shape_errors(system=row.system, code=row.code))
    _refuse_reversed(row.valid_from, row.valid_to, "valid_to")
    _refuse_reversed(row.minutes_min, row.minutes_max, "minutes_max")
    _refuse_reversed(needs.dose_mg_min, needs.dose_mg_max, "requires/dose_mg_max")
    merge(_unknown_codes(row))
    if fresh and ServiceCode.objects.filter(code=row.code).exists():
        raise CodeTaken(f"{row.code} is in the list: change it there.")
    return row.save_by(by, at=at)


def _unknown_codes(row: ServiceCode) -> list[FieldError]:
    """Each code of `addon_of` and `excludes` that is neither in the list nor the row's own."""
    named = {*row.addon_of, *row.excludes}
    known = {row.code, *ServiceCode.objects.filter(code__in=named).values_list("code", flat=True)}
    return [
        FieldError(f"/{field}/{index}", "unknown_code", "There is no such service code here.")
        for field in ("addon_of", "excludes")
        for index, code in enumerate(getattr(row, field))
        if code not in known
    ]


def _refuse_reversed(first: End | None, last: End | None, field: str) -> None:
    if first is not None and last is not None and last < first:
        raise Invalid.field(field, "The end must not lie before the start.", code="reversed")


@transaction.atomic
def save_fee(*, fee: Fee | None, values: FeeFields, by: User, at: datetime) -> Fee:
    """Set the price of one unit of a code from a day on; charges that were made keep theirs.

    :raises Invalid: when the days are reversed
    :raises FeeOverlaps: when another fee of the code and location holds on one of the days
    """
    fee = fee or Fee()
    for name, value in values.items():
        setattr(fee, name, value)
    _refuse_reversed(fee.valid_from, fee.valid_to, "valid_to")
    others = Fee.objects.filter(code=fee.code, location=fee.location).exclude(pk=fee.pk)
    later = Q(valid_from__lte=fee.valid_to) if fee.valid_to else Q()
    if others.filter(later, Q(valid_to__isnull=True) | Q(valid_to__gte=fee.valid_from)).exists():
        raise FeeOverlaps("End the earlier fee first (valid_to).")
    return fee.save_by(by, at=at)


@transaction.atomic
def ensure_codes(*, by: Actor, at: datetime) -> int:
    """Add the catalogue's codes that are missing; returns how many. What the clinic changed stays as it is."""
    present = set(ServiceCode.objects.values_list("code", flat=True))
    missing = [entry for entry in CODES if entry.code not in present]
    for entry in missing:
        row_of(entry).save_by(by, at=at)
    return len(missing)


def row_of(entry: Entry) -> ServiceCode:
    """A code of the catalogue as a row that is not saved yet."""
    least, most = entry.minutes
    return ServiceCode(
        system=entry.system,
        code=entry.code,
        label=entry.label,
        minutes_min=least,
        minutes_max=most,
        minutes_of=entry.minutes_of,
        unit_minutes=entry.unit_minutes,
        units_max=entry.units_max,
        units_by=entry.units_by,
        addon_of=list(entry.addon_of),
        excludes=list(entry.excludes),
        requires=requirements.kept(entry.requires),
        telehealth_ok=entry.telehealth_ok,
        requires_ndc=entry.requires_ndc,
        line_kind=entry.line_kind,
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
    )


def read_set(path: Path) -> Iterator[tuple[str, bool, str]]:
    """The rows (code without dot, billable, description) of a file in the form of `codes/data/README.md`.

    :raises SetIncomplete: at the first line that has another form
    """
    unpack = gzip.open if path.suffix == ".gz" else open
    with unpack(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            code, _, rest = line.rstrip("\n").partition("\t")
            leaf, _, description = rest.partition("\t")
            if not (
                code.isascii()
                and code.isalnum()
                and 3 <= len(code) <= 7
                and leaf in {"0", "1"}
                and description
            ):
                raise SetIncomplete(f"Line {number}: code, 0 or 1, description are expected, tab-separated.")
            yield code, leaf == "1", description


@transaction.atomic
def load_diagnoses(*, path: Path, effective: date) -> tuple[int, int]:
    """Load a later ICD-10-CM set: returns how many rows were added, and how many closed the day before it.

    A code that left is closed; a code that changed is closed and added anew; the rest stays as it is.

    :raises SetNotLater: when the latest loaded set is not earlier than `effective`
    :raises SetIncomplete: for a malformed file, or one that lacks more than a tenth of the present codes
    """
    latest = Diagnosis.objects.aggregate(latest=Max("valid_from"))["latest"]
    if latest is not None and effective <= latest:
        raise SetNotLater(f"The latest set is of {latest}.")
    wanted = _whole_set(path)
    present = {
        code: (key, (leaf, words))
        for key, code, leaf, words in Diagnosis.objects.filter(valid_to=None).values_list(
            "pk", "code_nodot", "billable", "description"
        )
    }
    leaving = present.keys() - wanted.keys()
    if len(leaving) > len(present) * MOST_LEAVING:
        raise SetIncomplete(f"{len(leaving)} of {len(present)} codes are not in the file.")
    stays = {code for code, (_, told) in present.items() if wanted.get(code) == told}
    over = [key for code, (key, _) in present.items() if code not in stays]
    closed = Diagnosis.objects.filter(pk__in=over).update(valid_to=effective - timedelta(days=1))
    added = Diagnosis.objects.bulk_create(
        [
            Diagnosis(
                code_nodot=code,
                code=rules.dotted(code),
                billable=leaf,
                description=words,
                valid_from=effective,
            )
            for code, (leaf, words) in wanted.items()
            if code not in stays
        ],
        batch_size=ROWS_TOGETHER,
    )
    return len(added), closed


def _whole_set(path: Path) -> dict[str, tuple[bool, str]]:
    """Code without dot -> billable, description. In memory: the clinic's own role makes no table to put it in.

    :raises SetIncomplete: as `read_set`, and for a code that stands there twice
    """
    found: dict[str, tuple[bool, str]] = {}
    for code, leaf, description in read_set(path):
        if code in found:
            raise SetIncomplete(f"{code} stands in the file twice.")
        found[code] = leaf, description
    return found
