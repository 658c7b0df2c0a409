"""Read a file of rows: CSV, or the first sheet of a workbook. Text comes out, and nothing is ever run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kapclinic.core.errors import Invalid
from sessions.imports.rules import HEAD_ROW, MOST_ROWS
from sessions.imports.rules.workbooks import FORMULA, ZIP_MARK, Cells, rows_of_workbook

# What a spreadsheet would take as a formula (OWASP, CSV injection). A telephone number or a negative one begins alike,
# so only these two are refused; a quote that an export puts before such a cell is taken off again.
RUN = ("=", "@")
MADE_INERT = ("'=", "'+", "'-", "'@", "'\t", "'\r")


@dataclass
class Sheet:
    """The head, and each row that is not empty: its number in the file, its cells by column.

    `formulas` are the cells that a spreadsheet would run, by row and column.
    """

    columns: list[str] = field(default_factory=list)
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    formulas: list[tuple[int, str]] = field(default_factory=list)


def read(content: bytes) -> Sheet:
    """The rows of a file, which its own bytes say the form of.

    :raises Invalid: naming `file`: neither form, another encoding, no head, a column twice, too many rows
    """
    lines = rows_of_workbook(content) if content.startswith(ZIP_MARK) else _lines(content)
    sheet = Sheet()
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if not sheet.columns:
            sheet.columns = _head(cells)
            continue
        if len(sheet.rows) == MOST_ROWS:
            raise Invalid.field("file", f"A file may hold {MOST_ROWS} rows at most.", code="too_many")
        sheet.rows.append((number, _row(sheet, number, cells)))
    if not sheet.rows:
        raise Invalid.field("file", "There is no row below the head.", code="empty")
    return sheet


def _head(cells: Cells) -> list[str]:
    names = [cell.strip().casefold() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(set(names)) != len(names) or "" in names:
        raise Invalid.field("file", "Each column has a name of its own.", code="columns")
    return names


def _row(sheet: Sheet, number: int, cells: Cells) -> dict[str, str]:
    found = {}
    for position, cell in enumerate(cells):
        text = cell.strip()
        if not text:
            continue
        if position >= len(sheet.columns):
            raise Invalid.field("file", f"Row {number} has more cells than the head.", code="columns")
        column = sheet.columns[position]
        if text.startswith((FORMULA, *RUN)):
            sheet.formulas.append((number, column))
            continue
        found[column] = text[1:] if text.startswith(MADE_INERT) else text
    return found


def _lines(content: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    text = _decoded(content)
    head = text[: text.find("\n")] if "\n" in text else text
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = HEAD_ROW - 1
    try:
        for cells in reader:
            number += 1
            yield number, cells
    except csv.Error as exc:
        raise Invalid.field("file", f"Row {number + 1} can't be read as CSV.", code="form") from exc


def _decoded(content: bytes) -> str:
    """UTF-8, with or without a byte order mark, or else Windows-1252, as Excel writes it."""
    if b"\x00" in content:
        raise Invalid.field("file", "This is neither CSV nor a workbook (XLSX).", code="form")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid.field("file", "The text is neither UTF-8 nor Windows-1252.", code="encoding")
