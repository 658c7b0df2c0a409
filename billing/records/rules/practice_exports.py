"""Pure rules of a practice's export: its moves, how long a file is kept, and the archive's manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NotRequired, TypedDict

from billing.records.models import PracticeExportState as State
from kapclinic.core.transitions import Move
from kapclinic.practice.models import SYSTEM
from kapclinic.practice.rules import ADMIN, DIRECTOR

TASK = "billing.work_on_practice_export"  # as the worker is rung
KEPT_FOR = timedelta(days=14)  # policy, no source: as the copy of a record
LEADERS = ADMIN | DIRECTOR
UNDECIDED: set[str] = {State.WAITING}
OPEN: set[str] = {State.QUEUED, State.RUNNING}
PRACTICE_EXPORT_MOVES = {
    "approve": Move.of(UNDECIDED, State.QUEUED, DIRECTOR),
    "refuse": Move.of(UNDECIDED, State.REFUSED, DIRECTOR),
    "begin": Move.of({State.QUEUED}, State.RUNNING, SYSTEM.role_set),
    "finish": Move.of({State.RUNNING}, State.DONE, SYSTEM.role_set),
    "fail": Move.of(OPEN, State.FAILED, SYSTEM.role_set),
    "stop": Move.of(UNDECIDED | OPEN, State.FAILED, LEADERS),
}


class FileTold(TypedDict):
    """A file of an archive, its size in bytes; of a table's rows also which, how many, and how many bytes unpacked."""

    name: str
    sha256: str
    size: int
    table: NotRequired[str]
    rows: NotRequired[int]
    unpacked: NotRequired[int]


class TableTold(TypedDict):
    """A table of an archive; the hash is over every row with its line's end, `months` are those of its partitions."""

    table: str
    rows: int
    sha256: str
    months: NotRequired[list[str]]


class Manifest(TypedDict):
    """What an archive says of itself: all that a clinic needs to know that it is whole."""

    format: str
    edition: int
    export: str
    made_at: str
    schema: dict[str, str]
    tables: list[TableTold]
    files: list[FileTold]
    sequences: dict[str, int]
    left_out: list[dict[str, Any]]
    sha256: str


FORMAT, EDITION, MANIFEST = "kapclinic.practice-export", 1, "manifest.json"


def digest(told: Mapping[str, Any]) -> str:
    """SHA-256 over a manifest without its own `sha256`, as two programs would write it."""
    kept = {key: value for key, value in told.items() if key != "sha256"}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
