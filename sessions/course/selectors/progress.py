"""How far a program is: its sessions and integrations, counted."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import (
    CharField,
    Value,
)

from programs.models import Program
from sessions.dosing import selectors as dosing
from sessions.integration import selectors as integration
from sessions.integration.rules import COUNTED_AS, COUNTS


def progress(programs: Iterable[Program]) -> dict[UUID, dict[str, dict[str, int]]]:
    """Per program: preparation {done, required}, dosing {done, planned}, integration {open, met, missed, waived}."""
    rows = list(programs)
    found: dict[UUID, dict[str, dict[str, int]]] = {
        program.pk: {
            "preparation": {"done": 0, "required": program.protocol.min_preparations},
            "dosing": {"done": 0, "planned": program.doses_planned},
            "integration": dict.fromkeys(COUNTS, 0),
        }
        for program in rows
    }
    for program_id, what, count in _counts([program.pk for program in rows]):
        if what in {"preparation", "dosing"}:
            found[program_id][what]["done"] = count
        elif what in COUNTED_AS:
            found[program_id]["integration"][COUNTED_AS[what]] += count
    return found


def _counts(ids: list[UUID]) -> Iterable[tuple[UUID, str, int]]:
    """(program, "preparation", "dosing" or the state of its obligations, how many), in one query."""
    named = {name: Value(name, output_field=CharField()) for name in ("preparation", "dosing")}
    prepared = dosing.preparations_counted(ids).annotate(what=named["preparation"])
    dosed = dosing.doses_counted(ids).annotate(what=named["dosing"])
    rows: Iterable[tuple[UUID, str, int]] = prepared.values_list("program_id", "what", "n").union(
        dosed.values_list("session__program_id", "what", "n"),
        integration.counted(ids),
        all=True,
    )
    return rows
