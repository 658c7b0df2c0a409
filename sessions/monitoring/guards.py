"""What the database itself refuses about alarms, as migration operations."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

ALARMS = "clinic_sessions_alarm"
SESSIONS = "clinic_sessions_session"

# Both look after the row is written: one statement may write alarm and session. A session with an alarm stays where it
# is, so that nobody loses sight of the alarm.
_PLACE = f"""
CREATE FUNCTION {ALARMS}_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {SESSIONS} WHERE id = NEW.session_id AND location_id = NEW.location_id) THEN
        RAISE EXCEPTION 'alarm: it is at the location of its session';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER {ALARMS}_place AFTER INSERT OR UPDATE OF session_id, location_id ON {ALARMS}
    FOR EACH ROW EXECUTE FUNCTION {ALARMS}_place();
CREATE FUNCTION {SESSIONS}_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM {ALARMS} WHERE session_id = NEW.id) THEN
        RAISE EXCEPTION 'session: it has alarms, and stays at its location';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER {SESSIONS}_place AFTER UPDATE OF location_id ON {SESSIONS}
    FOR EACH ROW WHEN (OLD.location_id IS DISTINCT FROM NEW.location_id) EXECUTE FUNCTION {SESSIONS}_place();
"""  # noqa: S608  (names of our own tables)
_NO_PLACE = f"""
DROP TRIGGER {ALARMS}_place ON {ALARMS};
DROP FUNCTION {ALARMS}_place();
DROP TRIGGER {SESSIONS}_place ON {SESSIONS};
DROP FUNCTION {SESSIONS}_place();
"""

OPERATIONS = [RunSQL(_PLACE, _NO_PLACE)]
