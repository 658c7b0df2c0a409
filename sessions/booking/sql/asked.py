"""What a booking has to know once it has its locks, in one statement."""

from __future__ import annotations

import re
from pathlib import Path

from sessions.booking.sql.free_slots import HOURS

# One row. closed, absent: hours that don't suit; people: [id, at work at the location?, roles, monitoring places];
# room: [in use at the location?, kinds, minutes of cleaning]; numbers: of the course's standing sessions of the kind;
# taken: [resource, kind, session, hold, lanes from, to, from, until]; expired: is a hold to be released first?
ASKED = f"WITH {HOURS}\n{Path(__file__).with_name('asked.sql').read_text()}"

# The same before the course is read: its location, and its client under every id, which `resources` leaves out.
_COURSE = "FROM programs_program WHERE id = %(program)s"
_RESOURCES = f"(%(resources)s::uuid[] || ARRAY(SELECT practice_person(client_id) {_COURSE}))"
ASKED_BEHIND = ASKED.replace("%(location)s", f"(SELECT location_id {_COURSE})").replace(
    "%(resources)s::uuid[]", _RESOURCES
)

# The same of many bookings: a row for each, which `of` names. A parameter above is a column of the question here.
_COLUMNS = """
of uuid, program uuid, location uuid, kind text, room uuid, staff uuid[], who uuid[], a timestamptz[], b timestamptz[],
resources uuid[], start timestamptz, stop timestamptz, cleaned timestamptz, longest interval, at timestamptz
"""
_OF_ONE = re.sub(r"%\((\w+)\)s", r"question.\1", ASKED)
_RECORDS = f"jsonb_to_recordset(%s::jsonb) AS question({_COLUMNS})"
ASKED_OF_MANY = f"SELECT question.of, found.* FROM {_RECORDS} CROSS JOIN LATERAL ({_OF_ONE}) AS found"  # noqa: S608
