"""All that decides when a location is free for sessions that one person holds, in one statement."""

from __future__ import annotations

from pathlib import Path

from sessions.booking.sql.free_slots import HOURS

# Rows of (what, id, other id, from, until, number, place). opening: the location's hours; present: when somebody (id)
# works; room: one (id) that serves the kind, its minutes of cleaning and its place by name; person: a client (id) is
# also known as the other id; busy: something (id) is held, number 1 in lanes that exclusive use takes too.
OPEN_TIME = f"WITH {HOURS},\n{Path(__file__).with_name('open_time.sql').read_text()}"
