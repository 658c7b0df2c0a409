"""The files of the interaction list in `screening/data`, row by row: medicines, their classes, and words of use.

They are written by hand and signed by a pharmacist (docs/medicines.md), so every row knows its line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
MEDICINES, CLASSES, SIG_WORDS = "medicines.csv", "medicine_classes.csv", "sig_words.csv"
HEADERS: Mapping[str, tuple[str, ...]] = {
    MEDICINES: ("ingredient", "classes", "brands", "synonyms", "source", "edition", "reviewed_by"),
    CLASSES: ("class", "severity", "effect", "depressant", "routes", "source", "edition", "reviewed_by"),
    SIG_WORDS: ("words", "kind", "edition", "reviewed_by"),
}


class Rule(StrEnum):
    """What a file must keep to; the value ends the id that `manage.py check` shows."""

    SHAPE = "E001"
    EMPTY = "E002"
    SPELLING = "E003"
    CLASS = "E004"
    DOUBLE = "E005"
    CLAIMED = "E006"
    EDITION = "E007"
    POLICY = "E008"


RULES: Mapping[Rule, str] = {
    Rule.SHAPE: "A file is UTF-8, begins with its header, and each row has as many cells as the header.",
    Rule.EMPTY: "Only brands, synonyms, routes and reviewed_by may be empty.",
    Rule.SPELLING: "A name is in small letters, one space between words, without dots; digits only behind a word.",
    Rule.CLASS: "Every class of a medicine is a row of medicine_classes.csv.",
    Rule.DOUBLE: "An ingredient, a class and a word of use have one row, and a row names a class once.",
    Rule.CLAIMED: "A brand or synonym has one meaning: one row, or several that all mark it with + (a combination).",
    Rule.EDITION: "All files are of one edition, written like 2026-01 (a second one of that month: 2026-01b).",
    Rule.POLICY: "Severity, depressant mark and routes of a class and the kind of a word of use are known ones.",
}


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong with a file, for whoever edits it."""

    file: str
    line: int
    rule: Rule
    words: str

    @property
    def place(self) -> str:
        return f"{self.file}, line {self.line}"

    def __str__(self) -> str:
        return f"{self.place}: {self.words}"


@dataclass(frozen=True)
class Row:
    """One row under its header; `line` is where it begins in the file."""

    file: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def split(self, column: str) -> tuple[str, ...]:
        """The entries of a cell that is a list."""
        return tuple(part.strip() for part in self[column].split("|")) if self[column] else ()

    def fault(self, rule: Rule, words: str) -> Fault:
        return Fault(self.file, self.line, rule, words)


def rows_of(name: str) -> tuple[list[Row], list[Fault]]:
    """The rows of a file as far as they can be read, and what is wrong with its shape."""
    try:
        text = (DATA / name).read_text(
            encoding="utf-8-sig"
        )  # a spreadsheet may put its mark before the header
    except (OSError, UnicodeDecodeError) as error:
        return [], [Fault(name, 1, Rule.SHAPE, f"the file can't be read ({error}).")]
    lines, faults = _cells(name, text)
    if not lines or tuple(lines[0][1]) != HEADERS[name]:
        return [], [*faults, Fault(name, 1, Rule.SHAPE, f"the header must be {','.join(HEADERS[name])}.")]
    rows = []
    for line, cells in lines[1:]:
        if len(cells) == len(HEADERS[name]):
            rows.append(Row(name, line, dict(zip(HEADERS[name], map(str.strip, cells), strict=True))))
        else:
            words = f"{len(cells)} cells, not {len(HEADERS[name])} (a cell with a comma stands in quotes)."
            faults.append(Fault(name, line, Rule.SHAPE, words))
    if not rows and not faults:
        faults.append(Fault(name, 1, Rule.SHAPE, "the file has no row under its header."))
    return rows, faults


def _cells(name: str, text: str) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    """The cells of each row with the line where it begins; an empty line is no row."""
    reader = csv.reader(io.StringIO(text), strict=True)
    lines = []
    line = 1
    try:
        for cells in reader:
            if cells:
                lines.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        return lines, [Fault(name, line, Rule.SHAPE, f"from here on it can't be read as CSV ({error}).")]
    return lines, []
