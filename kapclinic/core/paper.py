"""Content to PDF bytes, by typst templates. Data goes in as JSON and stays text: it is never made into typst code.

A template is a `.typ` file of the app that prints it. It may import `/kapclinic/core/paper.typ` (the data, dates, a
plain sheet); paths that begin with a slash are counted from the top of the checkout.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
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
    with tempfile.TemporaryDirectory() as no_packages:  # nothing is fetched from the network

        def compiled(standards: list[Any]) -> bytes:
            made: bytes = typst.compile(
                template,
                root=ROOT,
                ignore_system_fonts=True,
                font_paths=[],
                sys_inputs=data,
                pdf_standards=standards,
                timestamp=int(at.timestamp()),
                package_path=no_packages,
                package_cache_path=no_packages,
            )
            return made

        try:
            return compiled(["ua-1"]), True
        except typst.TypstError:
            return compiled([]), False


def fingerprint(pdf: bytes) -> str:
    """SHA-256 of the bytes, in hex: 64 characters."""
    return hashlib.sha256(pdf).hexdigest()
