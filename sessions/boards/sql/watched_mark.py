"""The mark of each session that is watched at a place, as a function of the database.

It runs as the owner, before whom there is no wall (`wall_is_down`), and looks at the scope itself: of a place that is
not in it there is no mark. What it tells of a session is its id and a number.
"""

from __future__ import annotations

_PLAIN = """
s.version + c.version
     + (SELECT count(*) FROM clinic_sessions_stage t WHERE t.session_id = s.id)
"""
_CLINICAL = """
     + (SELECT count(*) FROM clinic_sessions_reading t WHERE t.session_id = s.id)
     + (SELECT count(*) FROM clinic_sessions_readingvoid v
          JOIN clinic_sessions_reading t ON t.id = v.reading_id WHERE t.session_id = s.id)
     + (SELECT count(*) + count(v.id) FROM clinic_sessions_administration t
          LEFT JOIN clinic_sessions_administrationvoid v ON v.administration_id = t.id WHERE t.session_id = s.id)
     + (SELECT count(*) FROM clinic_sessions_administrationfinish f
          JOIN clinic_sessions_administration t ON t.id = f.administration_id WHERE t.session_id = s.id)
     + (SELECT count(*) FROM clinic_sessions_discharge t WHERE t.session_id = s.id)
     + (SELECT coalesce(sum(t.version), 0) FROM clinic_sessions_check t WHERE t.session_id = s.id)
     + (SELECT coalesce(sum(t.version), 0) FROM clinic_sessions_alarm t WHERE t.session_id = s.id)
"""
_ROOM = "(SELECT r.name FROM practice_room r WHERE r.id = s.room_id)"
_STAFF = """(SELECT string_agg(u.name, '|' ORDER BY u.id) FROM jsonb_array_elements(s.staff) seat
             JOIN practice_user u ON u.id = (seat ->> 'user')::uuid)"""


def _mark(numbers: str, *names: str) -> str:
    """32 bits: what counts up, and a hash of names. Rooms and staff change with the seat, so their versions make up for
    another's.
    """
    named = f"hashtextextended(concat_ws(' ', {', '.join(names)}), 0)"
    return f"(({numbers}) + ({named} & 4294967295)) & 4294967295"


MARK = {True: _mark(_PLAIN + _CLINICAL, _ROOM, _STAFF), False: _mark(_PLAIN, _ROOM)}

BODY = f"""
BEGIN
    IF (wall_is_whole(current_setting('kap.scope', true))
        OR place::text = ANY (wall_places(current_setting('kap.scope', true)))) IS NOT TRUE THEN
        RETURN;
    ELSIF clinical THEN
        RETURN QUERY SELECT s.id, ({MARK[True]})::bigint {{watched}};
    ELSE
        RETURN QUERY SELECT s.id, ({MARK[False]})::bigint {{watched}};
    END IF;
END
""".replace(
    "{watched}",
    """
  FROM clinic_sessions_session s
  JOIN practice_client c ON c.id = s.client_id
 WHERE s.location_id = place AND s.kind = 'dosing' AND s.status IN ('checked_in', 'in_progress')
""",
)
MAKE_WATCHED_MARKS = f"""
CREATE OR REPLACE FUNCTION clinic_sessions_watched_marks(place uuid, clinical boolean)
RETURNS TABLE (session uuid, mark bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $${BODY}$$
"""
