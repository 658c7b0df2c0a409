"""Content to PDF bytes, by typst templates. Data goes in as JSON and stays text: it is never made into typst code.

A template is a `.typ` file of the app that prints it. It may import `/kapclinic/core/paper.typ` (the data, dates, a
plain sheet); paths that begin with a slash are counted from the top of the checkout.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import local
from typing import Any

import orjson
import typst

ROOT = Path(__file__).resolve().parents[2]


def render_pdf(*, template: Path, content: Mapping[str, Any], at: datetime) -> tuple[bytes, bool]:
    """The document as PDF, and whether every character could be printed.

    The same template, content and `at` give the same bytes: the template knows no other clock, and only the fonts that
    typst embeds. PDF/UA-1 (readable by a screen reader) refuses a character that no font holds; the document is then
    made without the standard, and the second value is False.
    """
    data = {
        "content": orjson.dumps(dict(content), option=orjson.OPT_SORT_KEYS).decode(),
        "at": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
    }
    printer = _Printer.of_thread()
    try:
        return printer.compiled(template, data, ["ua-1"], at=at), True
    except typst.TypstError:
        return printer.compiled(template, data, [], at=at), False


class _Own(local):
    """What a thread keeps: a compiler serves one at a time, and the fonts are read once."""

    printer: _Printer | None = None


_own = _Own()


class _Printer:
    """A compiler of typst that fetches nothing from the network: there is no folder for packages."""

    def __init__(self) -> None:
        self.compiler = typst.Compiler(
            root=str(ROOT),
            ignore_system_fonts=True,
            font_paths=[],
            package_path=os.devnull,
            package_cache_path=os.devnull,
        )

    @classmethod
    def of_thread(cls) -> _Printer:
        _own.printer = _own.printer or cls()
        return _own.printer

    def compiled(self, template: Path, data: dict[str, str], standards: list[Any], *, at: datetime) -> bytes:
        made = self.compiler.compile(
            template, sys_inputs=data, pdf_standards=standards, timestamp=int(at.timestamp())
        )
        assert isinstance(made, bytes)  # a PDF is one file
        return made


def fingerprint(pdf: bytes) -> str:
    """SHA-256 of the bytes, in hex: 64 characters."""
    return hashlib.sha256(pdf).hexdigest()
