"""The letter's template."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from kapclinic.core import paper

TEMPLATE = Path(__file__).parent / "templates" / "letter.typ"


def render_pdf(*, content: Mapping[str, Any], at: datetime) -> tuple[bytes, bool]:
    """The letter as PDF, and whether every character could be printed: see `paper.render_pdf`."""
    return paper.render_pdf(template=TEMPLATE, content=content, at=at)
