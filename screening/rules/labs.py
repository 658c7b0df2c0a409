"""Tests: which words fit a kind, how long a result counts, and which one of several stands. Pure.

Source: clinical policy 5.5; how long a result counts is the protocol's (`labs_days`, `ecg_days`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from kapclinic.core.errors import FieldError
from programs.policy import limit
from screening.models import LabKind, LabResult, LabWord, SuspendingCode
from screening.models.labs import OF_VALUES, OF_YES_OR_NO, YES_OR_NO

# A positive one is a fact about the client that a clearance must hear, under this code.
SUSPENDING: Mapping[str, SuspendingCode] = {
    LabKind.URINE_HCG: SuspendingCode.PREGNANCY_POSITIVE,
    LabKind.DRUG_SCREEN: SuspendingCode.NEW_CONDITION,
}
# At one and the same moment the graver word stands.
_GRAVER = {LabWord.NEGATIVE: 0, LabWord.INCONCLUSIVE: 1, LabWord.POSITIVE: 2}


def words_of(kind: str) -> tuple[str, ...]:
    """The results that a test of this kind may have."""
    return OF_YES_OR_NO if kind in YES_OR_NO else OF_VALUES


def lab_errors(*, kind: str, result: str, value: Decimal | None, unit: str) -> list[FieldError]:
    """What makes a result unusable: another kind's word, a value without its unit or a unit without a value."""
    errors = []
    if result not in words_of(kind):
        errors.append(FieldError("/result", "invalid", f"One of {', '.join(words_of(kind))} is expected."))
    if value is not None and not unit:
        errors.append(FieldError("/unit", "required", "A value has a unit."))
    if value is None and unit:
        errors.append(FieldError("/value", "required", "A unit has a value."))
    return errors


def counts_until(*, kind: str, taken_at: datetime, limits: Mapping[str, object]) -> datetime:
    """The last moment at which a result of this kind counts."""
    days: float = limit(limits, "ecg_days" if kind == LabKind.ECG else "labs_days")
    return taken_at + timedelta(days=days)


def standing_test(
    rows: Iterable[LabResult],
    *,
    kind: str,
    moment: datetime,
    limits: Mapping[str, object],
    last_dosed_at: datetime | None,
) -> LabResult | None:
    """The yes-or-no test of this kind that counts at `moment`: the newest one, but only a negative ends a positive.

    A negative pregnancy test of before the last dose says nothing of the next one: it is taken before each.
    """
    found = [
        row
        for row in rows
        if row.kind == kind
        and row.taken_at <= moment <= counts_until(kind=kind, taken_at=row.taken_at, limits=limits)
    ]
    decided = _newest(row for row in found if row.result != LabWord.INCONCLUSIVE)
    newest = decided if decided and decided.result == LabWord.POSITIVE else _newest(found)
    if newest is None or newest.result != LabWord.NEGATIVE or kind != LabKind.URINE_HCG:
        return newest
    return newest if last_dosed_at is None or newest.taken_at > last_dosed_at else None


def _newest(rows: Iterable[LabResult]) -> LabResult | None:
    return max(rows, key=lambda row: (row.taken_at, _GRAVER[LabWord(row.result)]), default=None)
