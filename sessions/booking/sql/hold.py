"""The function that locks a session, with its program where that is locked too."""

from __future__ import annotations

from pathlib import Path

MAKE_HOLD = Path(__file__).with_name("hold.sql").read_text()
DROP_HOLD = "DROP FUNCTION clinic_sessions_hold(uuid, boolean);"
HOLD = "clinic_sessions_hold(%s, %s)"
# Of a session that a question finds; null for one that it does not find.
HOLD_SEEN = "(SELECT clinic_sessions_hold(seen.id, %s) FROM ({session}) AS seen(id))"
