"""The statement that every booking asks: is the waitlist concerned at all?"""

import re

# (does the program wait for a session of this kind, is anything offered at this location that overlaps this time)
CONCERNED = """
SELECT EXISTS (
           SELECT FROM clinic_sessions_waitlistentry
           WHERE status = 'waiting' AND program_id = %(program)s AND kind = %(kind)s
       ),
       EXISTS (
           SELECT FROM trail_task
           JOIN clinic_sessions_waitlistoffer AS offer ON offer.id = trail_task.subject_id
           JOIN clinic_sessions_waitlistentry AS entry ON entry.id = offer.entry_id
           JOIN programs_program AS program ON program.id = entry.program_id
           WHERE trail_task.state = 'open' AND trail_task.kind = 'slot_freed'
             AND program.location_id = %(location)s
             AND offer.starts_at < %(ends_at)s AND offer.ends_at > %(starts_at)s
       )
"""

# The same before the course is read: at its location.
CONCERNED_BEHIND = CONCERNED.replace(
    "%(location)s", "(SELECT location_id FROM programs_program WHERE id = %(program)s)"
)

# Those of many sessions of which either is so.
_EITHER = re.sub(r"^SELECT ", "", CONCERNED.strip()).replace(",\n       EXISTS", " OR EXISTS")
_EITHER = re.sub(r"%\((\w+)\)s", r"session.\1", _EITHER)
_RECORDS = """jsonb_to_recordset(%s::jsonb)
    AS session(of uuid, program uuid, kind text, location uuid, starts_at timestamptz, ends_at timestamptz)"""
CONCERNED_OF_MANY = f"SELECT session.of FROM {_RECORDS} WHERE {_EITHER}"  # noqa: S608  (words of ours)
