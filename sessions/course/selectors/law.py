"""Which courses the law will stop: doses at home for a client whom the practice has never seen in person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

from programs.models import Phase, Program
from programs.rules import legal
from programs.selectors import legal_rules
from sessions.dosing.selectors import with_seen

GOES_ON = (Program.Status.ACTIVE, Program.Status.ON_HOLD)
DOSES_TO_COME = (Phase.SCREENING, Phase.PREPARATION, Phase.DOSING)


def stopped(programs: Iterable[Program], *, at: datetime) -> Mapping[UUID, date]:
    """The first day without doses at home, of those programs that it comes to within the days of the warning.

    Each program has `was_seen` (`dosing.selectors.with_seen`), its protocol, client and location.
    """
    affected = [row for row in programs if _affected(row)]
    rules = legal_rules() if affected else []
    asked = {row.pk: _place_and_day(row, at=at) for row in affected}
    first = {
        (where, day): legal.first_day_required(rules, where=where, day=day)
        for where, day in set(asked.values())
    }
    return {pk: day for pk, key in asked.items() if (day := first[key]) is not None}


def _affected(program: Program) -> bool:
    goes_on = program.status in GOES_ON and program.phase in DOSES_TO_COME
    return goes_on and program.protocol.home_dosing and not program.was_seen  # type: ignore[attr-defined]


def _place_and_day(program: Program, *, at: datetime) -> tuple[frozenset[str], date]:
    """Whose law counts for a program, and the day there."""
    where = legal.jurisdictions(
        program.location.address.get("state"), (program.client.address or {}).get("state")
    )
    return where, at.astimezone(program.location.zone).date()


def all_stopped(*, at: datetime) -> dict[UUID, tuple[Program, date]]:
    """Every program that the law stops now or within the days of the warning, with its first such day."""
    rows = Program.objects.filter(
        status__in=GOES_ON, phase__in=DOSES_TO_COME, protocol__home_dosing=True
    ).select_related("protocol", "client", "location")
    programs = list(with_seen(rows).filter(was_seen=False))  # type: ignore[misc]  # annotated there
    days = stopped(programs, at=at)
    return {row.pk: (row, days[row.pk]) for row in programs if row.pk in days}
