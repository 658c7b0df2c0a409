"""Whether the books of a statement's period say something else now, as a condition on a row of its table."""

from __future__ import annotations

from pathlib import Path

OUTDATED = f"({Path(__file__).with_name('outdated.sql').read_text()})"
