"""What the mark of a day is, as a function of the database: no row of the board is read for it, and no policy asked.

It runs as the owner, before whom there is no wall (`wall_is_down`), and looks at the scope itself: for a place that is
not in it there is no mark. So a statement of forty parts has no policy in any of them. What it tells is a hash.

Ids are gathered first, and each table is then read once, by the ids that it is searched for. The plans are made once a
connection, whatever ids there are: made by the ids of a day without sessions, they would be made anew each time.
"""

from __future__ import annotations

from kapclinic.core.versions import every_version, told, version
from sessions.booking.rules import LONGEST
from sessions.dosing.selectors import GATE_MARK

# Which rows there are to see, each `t`: of the place, of its sessions that day, and of the courses that these are of.
# `tests/sessions/boards/test_day_board.py` holds this against the board: no table of it may be missing.
ROWS = (
    "practice_room t WHERE t.location_id = place AND t.is_active",
    "practice_user t WHERE t.id = ANY (workers)",
    """practice_timeoff t WHERE t.user_id = ANY (workers)
          AND t.cancelled_at IS NULL AND t.starts_at < day_ends AND t.ends_at > day_begins""",
    "practice_client t WHERE t.id = ANY (clients)",
    "clinic_sessions_allocation t WHERE t.session_id = ANY (today) AND t.released_at IS NULL",
    "clinic_sessions_stage t WHERE t.session_id = ANY (today)",
    "clinic_sessions_moveundo t WHERE t.session_id = ANY (today)",
    "clinic_sessions_attestation t WHERE t.session_id = ANY (today)",
    "clinic_sessions_obligation t WHERE t.integration_session_id = ANY (today)",
    "clinic_sessions_obligation t WHERE t.program_id = ANY (courses)",
    "programs_protocol t WHERE t.id = ANY (protocols)",
    """clinic_sessions_administration t LEFT JOIN clinic_sessions_administrationvoid v ON v.administration_id = t.id
        WHERE t.session_id = ANY (dosings)""",
)
# Who works there that day by their hours, sits in a session, or wrote why one did not take place.
WORKERS = f"""
      SELECT t.user_id AS id, {version("t", 0)} AS version FROM practice_workinghours t
       WHERE t.location_id = place AND t.ended_at IS NULL AND t.weekday = its_weekday
      UNION ALL
      SELECT DISTINCT (seat ->> 'user')::uuid, 0
        FROM unnest(staffs) AS s (staff) CROSS JOIN LATERAL jsonb_array_elements(s.staff) seat
      UNION ALL
      SELECT t.history_user_id, {version("t", 1)} FROM clinic_sessions_historicalsession t
       WHERE t.id = ANY (worded)"""  # noqa: S608  (names of ours)
TO_BE_DOSED = "t.kind = 'dosing' AND t.status IN ('held', 'scheduled', 'checked_in', 'in_progress')"
PREPARED = "t.kind = 'preparation' AND t.status = 'completed'"

BODY = f"""
DECLARE
    its_scope text := current_setting('kap.scope', true);
    its_weekday integer;
    staffs jsonb[];
    today uuid[]; worded uuid[]; dosings uuid[]; mine uuid[]; visits uuid[];
    clients uuid[]; persons uuid[]; courses uuid[]; protocols uuid[]; locations uuid[]; workers uuid[];
    counted text;
    seen text[];
BEGIN
    IF (wall_is_whole(its_scope) OR place::text = ANY (wall_places(its_scope))) IS NOT TRUE THEN
        RETURN NULL;
    END IF;
    seen := ARRAY[its_scope, day_begins::text];
    SELECT extract(isodow FROM (day_begins + (day_ends - day_begins) / 2) AT TIME ZONE t.time_zone) - 1,
           {version("t", 0)}
      INTO its_weekday, counted FROM practice_location t WHERE t.id = place;
    seen := seen || counted;
    SELECT array_agg(t.id), array_agg(t.id) FILTER (WHERE t.reason <> ''), array_agg(t.staff),
           array_agg(t.client_id), array_agg(t.program_id),
           array_agg(t.id) FILTER (WHERE {TO_BE_DOSED}),
           array_agg(t.client_id) FILTER (WHERE {TO_BE_DOSED}), {told(version("t", 0))}
      INTO today, worded, staffs, clients, courses, mine, persons, counted
      FROM clinic_sessions_session t
     WHERE t.location_id = place AND t.starts_at < day_ends AND t.ends_at > day_begins
       AND t.starts_at >= day_begins - interval '{int(LONGEST.total_seconds())} seconds';
    seen := seen || counted;
    SELECT array_agg(id), {told("version")} INTO workers, counted FROM ({WORKERS}) rows;
    seen := seen || counted;
    SELECT array_agg(DISTINCT t.protocol_id), {told(version("t", 0))} INTO protocols, counted
      FROM programs_program t WHERE t.id = ANY (courses);
    seen := seen || counted;
    SELECT array_agg(t.id) FILTER (WHERE t.kind = 'dosing'), {told(version("t", 0), where=PREPARED)}
      INTO dosings, counted
      FROM clinic_sessions_session t
     WHERE t.program_id = ANY (courses) AND t.kind IN ('dosing', 'preparation');
    seen := seen || counted;
    SELECT {told("version")} INTO counted FROM ({every_version(ROWS)}) rows;
    seen := seen || counted;
    IF mine IS NOT NULL THEN{GATE_MARK.replace(chr(10), chr(10) + "    ")}
    END IF;
    RETURN left(encode(sha256(convert_to(seen::text, 'UTF8')), 'hex'), 32);
END
"""  # noqa: S608  (names of ours)
MAKE_DAY_MARK = f"""
CREATE OR REPLACE FUNCTION clinic_sessions_day_mark(place uuid, day_begins timestamptz, day_ends timestamptz)
RETURNS text LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan
SECURITY DEFINER SET search_path = public, pg_temp AS $${BODY}$$
"""
