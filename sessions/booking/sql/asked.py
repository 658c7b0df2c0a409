"""What a booking has to know once it has its locks, in one statement."""

from __future__ import annotations

from pathlib import Path

from sessions.booking.sql.free_slots import HOURS

# One row. closed, absent: hours that don't suit; people: [id, at work at the location?, roles, monitoring places];
# room: [in use at the location?, kinds, minutes of cleaning]; numbers: of the course's standing sessions of the kind;
# taken: [resource, kind, session, hold, lanes from, to, from, until]; expired: is a hold to be released first?
ASKED = f"WITH {HOURS}\n{Path(__file__).with_name('asked.sql').read_text()}"
