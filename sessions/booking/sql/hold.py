"""The function that locks a session, with its program where that is locked too."""

from __future__ import annotations

from pathlib import Path

MAKE_HOLD = Path(__file__).with_name("hold.sql").read_text()
DROP_HOLD = "DROP FUNCTION clinic_sessions_hold(uuid, boolean);"
HOLD = "clinic_sessions_hold(%s, %s)"
