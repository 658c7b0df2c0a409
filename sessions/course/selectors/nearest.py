"""What a plan asked for and could not have: one row of it, with the bounds that the rest of the plan sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NotRequired, TypedDict
from uuid import UUID

from kapclinic.practice.models import SessionKind
from programs.models import Program
from sessions.booking.rules import StaffRow
from sessions.visits.selectors.nearest import Sought


class Planned(TypedDict):
    """What counts of a plan's row here."""

    kind: str
    number: NotRequired[int | None]
    starts_at: datetime
    ends_at: datetime
    modality: str
    staff: Sequence[StaffRow]


def sought_in_plan(program: Program, rows: Sequence[Planned], index: int) -> Sought:
    """Row `index` as it was asked for: an integration inside the window of its dose, and beside no other row."""
    row = rows[index]
    team: dict[str, list[UUID]] = {}
    for seat in row["staff"]:
        team.setdefault(seat["role"], []).append(UUID(str(seat["user"])))
    return Sought(
        program=program.pk,
        kind=row["kind"],
        modality=row["modality"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        team=team,
        within=_window(program, rows, row) if row["kind"] == SessionKind.INTEGRATION else None,
        beside=tuple((one["starts_at"], one["ends_at"]) for n, one in enumerate(rows) if n != index),
    )


def _window(program: Program, rows: Sequence[Planned], row: Planned) -> tuple[datetime, datetime] | None:
    """When the integration of a plan's dose may begin; None where the plan has no dose for it."""
    doses = [one for one in rows if one["kind"] == SessionKind.DOSING]
    named = [one for one in doses if row.get("number") and one.get("number") == row["number"]]
    before = [one for one in doses if one["starts_at"] < row["starts_at"]]
    dose = max(named or before, key=lambda one: one["starts_at"], default=None)
    if dose is None:
        return None
    hours = program.protocol.integration
    start = dose["ends_at"] + timedelta(hours=hours["from_hours"])
    return start, dose["starts_at"] + timedelta(hours=hours["to_hours"])
