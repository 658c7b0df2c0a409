"""Pure rules of record exports: their moves, how long a file is kept, and the archive's manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from billing.records.models import ExportState
from kapclinic.core.transitions import Move
from kapclinic.practice.models import SYSTEM
from kapclinic.practice.rules import CLINICIANS

TASK = "billing.work_on_record_export"  # as the worker is rung
KEPT_FOR = timedelta(days=14)  # policy, no source: long enough to hand it over, and no second record
MOST_FILES = 100_000_000  # bytes of attachments in one archive: policy, no source
OPEN: set[str] = {ExportState.QUEUED, ExportState.RUNNING}
RECORD_EXPORT_MOVES = {
    "begin": Move.of({ExportState.QUEUED}, ExportState.RUNNING, SYSTEM.role_set),
    "finish": Move.of({ExportState.RUNNING}, ExportState.DONE, SYSTEM.role_set),
    "fail": Move.of(OPEN, ExportState.FAILED, SYSTEM.role_set),
    "stop": Move.of(OPEN, ExportState.FAILED, CLINICIANS),
}
FORMAT, EDITION = "kapclinic.record-export", 1
# What no copy of a record holds, whoever's it is.
NEVER = [
    {"name": "psychotherapy notes", "reason": "their author's alone (45 CFR 164.524(a)(1)(i))"},
    {"name": "drafts of notes", "reason": "no record until somebody has signed them"},
]


def manifest(
    *, export: str, client: str, made_at: str, files: Iterable[Mapping[str, Any]], left_out: list[Any]
) -> dict[str, Any]:
    """What is in the archive, each file with its SHA-256 and its size in bytes, and what is not, with the reason.

    `left_out` is of this person's record; `never_held` is in no copy.
    """
    return {
        "format": FORMAT,
        "edition": EDITION,
        "export": export,
        "client": client,
        "made_at": made_at,
        "files": list(files),
        "left_out": left_out,
        "never_held": NEVER,
    }
