"""Pure rules of imports: their moves, how much one file holds, and where an error of a row stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict

from kapclinic.core.errors import FieldError
from kapclinic.core.transitions import Move
from kapclinic.practice.models import SYSTEM
from kapclinic.practice.rules import ADMIN
from sessions.imports.models import ImportState as S

TASK = "sessions.work_on_import"  # as the worker is rung
MOST_BYTES = 10_000_000
MOST_ROWS = 10_000
MOST_TOLD = 500  # errors that a report lists; it counts all of the rows that were refused
HEAD_ROW = 1  # rows are counted as a spreadsheet shows them
WAITING: set[str] = {S.QUEUED, S.UNDOING}
IMPORT_MOVES = {
    "finish": Move.of({S.QUEUED}, S.DONE, SYSTEM.role_set),
    "fail": Move.of({S.QUEUED}, S.FAILED, SYSTEM.role_set),
    "undo": Move.of({S.DONE}, S.UNDOING, ADMIN),
    "keep": Move.of({S.UNDOING}, S.DONE, SYSTEM.role_set),
    "end": Move.of({S.UNDOING}, S.UNDONE, SYSTEM.role_set),
}


class RowError(TypedDict):
    """What is wrong in one cell: never what stands in it. `column` is empty when it is the row as a whole."""

    row: int
    column: str
    pointer: str
    code: str
    detail: str


class RowWarning(TypedDict):
    """A row that came in and should be looked at: rows of the file, and clients, who may be the same person."""

    row: int
    code: str
    detail: str
    same_rows: list[int]
    clients: list[str]


def column_at(pointer: str) -> str:
    """The column of the file that a pointer into the POST's body is about: ``/staff/0/user`` is `staff.1.user`."""
    parts = [part for part in pointer.split("/") if part]
    if len(parts) > 1 and parts[0] == "address":
        parts = parts[1:]
    if len(parts) == 2 and parts[1].isdigit():
        parts = parts[:1]  # a list of values stands in one cell
    return ".".join(str(int(part) + 1) if part.isdigit() else part for part in parts)


def row_errors(row: int, errors: Iterable[FieldError]) -> list[RowError]:
    """The errors of one row, as the report tells them."""
    found = []
    for error in errors:
        column = column_at(error.pointer)
        pointer = f"/rows/{row}/{column}" if column else f"/rows/{row}"
        found.append(RowError(row=row, column=column, pointer=pointer, code=error.code, detail=error.detail))
    return found


def as_fields(errors: Sequence[RowError]) -> list[FieldError]:
    """The same as a refusal names them."""
    return [FieldError(error["pointer"], error["code"], error["detail"]) for error in errors[:MOST_TOLD]]
