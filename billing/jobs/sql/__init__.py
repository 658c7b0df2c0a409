"""Statements of the jobs: what a period holds, asked of the whole clinic at once."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
LINES = (_HERE / "lines.sql").read_text()
ENTRIES = (_HERE / "entries.sql").read_text()
