"""The functions that take the locks of a booking."""

from __future__ import annotations

from pathlib import Path

MAKE_LOCK = Path(__file__).with_name("lock.sql").read_text()
DROP_LOCK = "DROP FUNCTION clinic_sessions_lock(uuid, uuid[], boolean);"
LOCK = "SELECT clinic_sessions_lock(%s, %s, %s)"

MAKE_LOCK_COURSE = Path(__file__).with_name("lock_course.sql").read_text()
DROP_LOCK_COURSE = "DROP FUNCTION clinic_sessions_lock_course(uuid, uuid[]);"
LOCK_COURSE = "clinic_sessions_lock_course(({course}), %s::uuid[])"
