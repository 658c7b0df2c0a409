"""Statements about the record as a whole."""

from __future__ import annotations

from pathlib import Path

CHANGES = (Path(__file__).parent / "changes.sql").read_text()
PAGE = """
SELECT c.history_date, c.history_user_id, coalesce(u.name, 'the system'), c.name, c.old::text, c.new::text
FROM changes c LEFT JOIN practice_user u ON u.id = c.history_user_id
ORDER BY c.history_id DESC, c.place LIMIT %(size)s OFFSET %(start)s
"""
COUNT = "SELECT count(*) FROM changes"
