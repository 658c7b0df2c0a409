"""The first sheet of a workbook (XLSX, ECMA-376 part 1, chapter 18) as text, row by row.

Values alone are read: no formula is reckoned, no link followed, no entity resolved. A cell with a formula is marked.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeAlias
from xml.etree import ElementTree

from kapclinic.core.errors import Invalid

Cells: TypeAlias = Sequence[str]
ZIP_MARK = b"PK\x03\x04"
FORMULA = "\x00="  # the mark of a cell that a formula stands in: no text of a file has it
MOST_UNPACKED = 30_000_000  # bytes: ten thousand rows of thirty cells are twenty million
MOST_COLUMNS = 200
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
DATES = {*range(14, 23), *range(45, 48)}  # built-in number formats that show a date or a time
DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  (a sheet knows no zone)
DAY_ZERO_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_LETTERS = re.compile(r"[A-Z]+")


def rows_of_workbook(content: bytes) -> Iterator[tuple[int, Cells]]:
    """Each row of the first sheet with its number.

    :raises Invalid: for what is no workbook, or unpacks to too much
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(one.file_size for one in archive.infolist()) > MOST_UNPACKED:
                raise Invalid.field("file", "The workbook is too large.", code="too_large")
            yield from _Workbook(archive).rows()
    except (
        zipfile.BadZipFile,
        ElementTree.ParseError,
        KeyError,
        IndexError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        OverflowError,
        InvalidOperation,
    ) as exc:
        raise Invalid.field("file", "This is no workbook (XLSX) that can be read.", code="form") from exc


class _Workbook:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        book = self._parsed("xl/workbook.xml")
        properties = book.find(f"{MAIN}workbookPr")
        old = properties is not None and properties.get("date1904") in ("1", "true")
        self.zero = DAY_ZERO_1904 if old else DAY_ZERO
        first = book.find(f"{MAIN}sheets/{MAIN}sheet")
        if first is None:
            raise KeyError("sheet")
        self.sheet = self._target(first.attrib[f"{OFFICE}id"])
        names = set(archive.namelist())
        self.strings = self._strings() if "xl/sharedStrings.xml" in names else []
        self.dated = self._dated() if "xl/styles.xml" in names else set()

    def _parsed(self, name: str) -> ElementTree.Element:
        text = self.archive.read(name)
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text or b"\x00" in text:
            raise ValueError(name)
        return ElementTree.fromstring(text)  # noqa: S314

    def _target(self, key: str) -> str:
        for link in self._parsed("xl/_rels/workbook.xml.rels"):
            if link.get("Id") == key:
                return posixpath.normpath(posixpath.join("xl", link.attrib["Target"])).lstrip("/")
        raise KeyError(key)

    def _strings(self) -> list[str]:
        return [_text(item) for item in self._parsed("xl/sharedStrings.xml").iter(f"{MAIN}si")]

    def _dated(self) -> set[int]:
        """The styles that show a number as a date or a time."""
        styles = self._parsed("xl/styles.xml")
        own = {
            int(one.attrib["numFmtId"])
            for one in styles.iter(f"{MAIN}numFmt")
            if re.search("[dhmy]", _QUOTED.sub("", one.get("formatCode", "")).casefold())
        }
        forms = styles.find(f"{MAIN}cellXfs")
        kinds = [] if forms is None else [int(one.get("numFmtId", "0")) for one in forms]
        return {position for position, kind in enumerate(kinds) if kind in DATES | own}

    def rows(self) -> Iterator[tuple[int, Cells]]:
        number = 0
        for row in self._parsed(self.sheet).iter(f"{MAIN}row"):
            number = int(row.get("r", number + 1))
            cells: list[str] = []
            for cell in row.iter(f"{MAIN}c"):
                place = _place(cell.get("r", ""), len(cells))
                cells += [""] * (place - len(cells))
                cells.append(self._value(cell))
            yield number, cells

    def _value(self, cell: ElementTree.Element) -> str:
        if cell.find(f"{MAIN}f") is not None:
            return FORMULA
        kind, value = cell.get("t", "n"), cell.findtext(f"{MAIN}v", "")
        if kind == "inlineStr":
            return _text(cell)
        if kind == "s":
            return self.strings[int(value)]
        if kind == "b":
            return "true" if value == "1" else "false"
        if kind != "n" or not value:
            return value
        if int(cell.get("s", "0")) in self.dated:
            return self._moment(Decimal(value))
        return _number(Decimal(value))

    def _moment(self, days: Decimal) -> str:
        """A date, or a local time to the second."""
        moment = self.zero + timedelta(seconds=round(days * 86400))
        return moment.date().isoformat() if days == int(days) else moment.isoformat()


def _text(item: ElementTree.Element) -> str:
    """The words of a string and its runs, without how they are pronounced."""
    spoken = {id(text) for sound in item.iter(f"{MAIN}rPh") for text in sound.iter(f"{MAIN}t")}
    return "".join(text.text or "" for text in item.iter(f"{MAIN}t") if id(text) not in spoken)


def _place(reference: str, following: int) -> int:
    found = _LETTERS.match(reference)
    if found is None:
        return following
    place = 0
    for letter in found.group():
        place = place * 26 + ord(letter) - 64
    if not following < place <= MOST_COLUMNS:
        raise ValueError("column")
    return place - 1


def _number(value: Decimal) -> str:
    """Whole numbers without a point: a number of a sheet has fifteen digits at most."""
    near = round(value, 10)
    return str(int(near)) if near == int(near) else f"{near.normalize():f}"
