"""Content to PDF bytes, by typst templates. Data goes in as JSON and stays text: it is never made into typst code."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import typst

TEMPLATES = Path(__file__).parent / "templates"


def render_pdf(*, template: str, content: Mapping[str, Any], at: datetime) -> tuple[bytes, bool]:
    """The document as PDF, and whether every character could be printed.

    The same content and `at` give the same bytes: the template knows no other clock, and only the fonts that typst
    embeds. PDF/UA-1 (readable by a screen reader) refuses a character that no font holds; the document is then made
    without the standard, and the second value is False.
    """
    data = {
        "content": orjson.dumps(dict(content), option=orjson.OPT_SORT_KEYS).decode(),
        "at": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
    }
    with tempfile.TemporaryDirectory() as no_packages:  # nothing is fetched from the network

        def compiled(standards: list[Any]) -> bytes:
            made: bytes = typst.compile(
                TEMPLATES / template,
                root=TEMPLATES,
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
