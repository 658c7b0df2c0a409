"""The estimate's template."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from billing.estimates.rules import ESTIMATE
from kapclinic.core import paper

TEMPLATES = Path(__file__).parent / "templates"


def render_pdf(*, content: Mapping[str, Any], at: datetime) -> tuple[bytes, bool]:
    """The estimate as PDF, and whether every character could be printed: see `paper.render_pdf`."""
    return paper.render_pdf(template=TEMPLATES / ESTIMATE.template, content=content, at=at)
