"""What the mark of a day is, as a function of the database: no row of the board is read for it, and no policy asked.

It runs as the owner, before whom there is no wall (`wall_is_down`), and looks at the scope itself: for a place that is
not in it there is no mark. So a statement of forty parts has no policy in any of them. What it tells is a hash.
"""

from __future__ import annotations

from sessions.booking.rules import LONGEST
from sessions.dosing.selectors import gate_mark

# Which rows there are to see, each `t`: of the place, of its sessions that day, and of the courses that these are of.
# `tests/sessions/boards/test_day_board.py` holds this against the board: no table of it may be missing.
SEEN = (
    "day JOIN practice_location t ON t.id = day.location",
    "day JOIN practice_room t ON t.location_id = day.location AND t.is_active",
    "day JOIN practice_workinghours t ON t.location_id = day.location AND t.ended_at IS NULL",
    "worker JOIN practice_user t ON t.id = worker.id",
    """day CROSS JOIN worker JOIN practice_timeoff t
        ON t.user_id = worker.id AND t.cancelled_at IS NULL AND t.starts_at < day.ends AND t.ends_at > day.begins""",
    "today t",
    "today JOIN practice_client t ON t.id = today.client_id",
    "today JOIN clinic_sessions_allocation t ON t.session_id = today.id AND t.released_at IS NULL",
    "today JOIN clinic_sessions_stage t ON t.session_id = today.id",
    "today JOIN clinic_sessions_moveundo t ON t.session_id = today.id",
    "today JOIN clinic_sessions_attestation t ON t.session_id = today.id",
    "worded JOIN clinic_sessions_historicalsession t ON t.id = worded.id",
    "today JOIN clinic_sessions_obligation t ON t.integration_session_id = today.id",
    "course t",
    "(SELECT DISTINCT protocol_id AS id FROM course) c JOIN programs_protocol t ON t.id = c.id",
    """course JOIN clinic_sessions_session t
        ON t.program_id = course.id AND t.kind = 'preparation' AND t.status = 'completed'""",
    "given t",
    "given JOIN clinic_sessions_administrationvoid t ON t.administration_id = given.id",
    "course JOIN clinic_sessions_obligation t ON t.program_id = course.id",
)
# `earliest` is a column, since behind a policy an index is searched for what is compared with a column, not with a sum.
DAY_MARK = """
WITH named(location, begins, ends) AS MATERIALIZED (
   SELECT place, day_begins, day_ends
    WHERE wall_is_whole(current_setting('kap.scope', true))
       OR place::text = ANY (wall_places(current_setting('kap.scope', true)))),
 day AS MATERIALIZED (SELECT *, begins - interval '{longest} seconds' AS earliest FROM named),
 today AS MATERIALIZED (
   SELECT s.id, s.client_id, s.program_id, s.staff, s.reason, s.ctid, s.xmin
     FROM day JOIN clinic_sessions_session s ON s.location_id = day.location
    WHERE s.starts_at >= day.earliest AND s.starts_at < day.ends
      AND s.ends_at > day.begins),
 course AS MATERIALIZED (
   SELECT p.id, p.protocol_id, p.ctid, p.xmin
     FROM (SELECT DISTINCT program_id AS id FROM today) c JOIN programs_program p ON p.id = c.id),
 given AS MATERIALIZED (
   SELECT a.id, a.ctid, a.xmin
     FROM course JOIN clinic_sessions_session s ON s.program_id = course.id AND s.kind = 'dosing'
     JOIN clinic_sessions_administration a ON a.session_id = s.id),
 worded AS MATERIALIZED (SELECT id FROM today WHERE reason <> ''),
 worker AS MATERIALIZED (
   SELECT w.user_id AS id
     FROM day JOIN practice_workinghours w ON w.location_id = day.location AND w.ended_at IS NULL
   UNION
   SELECT (seat ->> 'user')::uuid FROM today CROSS JOIN LATERAL jsonb_array_elements(today.staff) seat
   UNION
   SELECT h.history_user_id FROM worded JOIN clinic_sessions_historicalsession h ON h.id = worded.id)
 SELECT left(encode(sha256(convert_to(ARRAY[
   current_setting('kap.scope', true),
   day.begins::text,
   (SELECT concat(count(*), ' ', sum(version)) FROM (
   {seen}) seen),
   {gates}
 ]::text, 'UTF8')), 'hex'), 32)
   FROM day
"""
# 64 bits of a version, other ones for each table: their sum needs no order.
VERSION = "SELECT hashtextextended(concat(t.ctid, t.xmin), {nth}) AS version FROM {rows}"


def _body() -> str:
    longest = int(LONGEST.total_seconds())
    versions = [VERSION.format(nth=nth, rows=rows) for nth, rows in enumerate(SEEN)]
    gates = gate_mark(day="location, begins, ends FROM day", longest_seconds=longest)
    said = DAY_MARK.replace("{seen}", "\n   UNION ALL ".join(versions)).replace("{longest}", str(longest))
    return f"\nBEGIN\n RETURN ({said.replace('{gates}', gates)});\nEND\n"


BODY = _body()
MAKE_DAY_MARK = f"""
CREATE OR REPLACE FUNCTION clinic_sessions_day_mark(place uuid, day_begins timestamptz, day_ends timestamptz)
RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $${BODY}$$
"""
