"""The templates of billing's papers, by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from kapclinic.core import paper

TEMPLATES = Path(__file__).parent / "templates"


def render_pdf(*, template: str, content: Mapping[str, Any], at: datetime) -> tuple[bytes, bool]:
    """One of billing's documents as PDF, and whether every character could be printed: see `paper.render_pdf`."""
    return paper.render_pdf(template=TEMPLATES / template, content=content, at=at)
