"""What the database itself refuses about links, as migration operations."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

from kapclinic.core.triggers import append_only

LINKS = "clinic_sessions_clientlink"
ANSWERS = "clinic_sessions_clientanswer"

# A link that has ended stays ended; of a used one a clinician may still take the answers over, once, and wrong birth
# dates are still counted.
_ENDED = f"""
CREATE OR REPLACE FUNCTION {LINKS}_ended() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change text[] := ARRAY['tries', 'taken_at', 'taken_by_id', 'version', 'updated_at'];
BEGIN
    IF OLD.state <> 'used'
        OR (OLD.taken_at IS NOT NULL
            AND (NEW.taken_at, NEW.taken_by_id) IS DISTINCT FROM (OLD.taken_at, OLD.taken_by_id))
        OR to_jsonb(NEW) - may_change IS DISTINCT FROM to_jsonb(OLD) - may_change THEN
        RAISE EXCEPTION '{LINKS} is frozen' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {LINKS}_ended BEFORE UPDATE ON {LINKS}
    FOR EACH ROW WHEN (OLD.state <> 'live') EXECUTE FUNCTION {LINKS}_ended();
"""
# Whose it is, what for, its secret and its time are never changed.
_WHAT_FOR = f"""
CREATE OR REPLACE FUNCTION {LINKS}_what_for() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change text[] := ARRAY['state', 'tries', 'used_at', 'ended_at', 'taken_at', 'taken_by_id', 'version',
        'updated_at'];
BEGIN
    IF NEW.tries < OLD.tries OR to_jsonb(NEW) - may_change IS DISTINCT FROM to_jsonb(OLD) - may_change THEN
        RAISE EXCEPTION '{LINKS} is frozen' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {LINKS}_what_for BEFORE UPDATE ON {LINKS} FOR EACH ROW EXECUTE FUNCTION {LINKS}_what_for();
"""
_USED = f"""
CREATE OR REPLACE FUNCTION {ANSWERS}_used() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {LINKS} WHERE id = NEW.link_id AND state = 'used') THEN
        RAISE EXCEPTION 'an answer stands under a used link' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {ANSWERS}_used BEFORE INSERT ON {ANSWERS} FOR EACH ROW EXECUTE FUNCTION {ANSWERS}_used();
"""


def _undo(table: str, name: str) -> str:
    return f"DROP TRIGGER {table}_{name} ON {table}; DROP FUNCTION {table}_{name}();"


OPERATIONS = [
    append_only(ANSWERS, "clinic_sessions_historicalclientlink"),
    RunSQL(_ENDED, _undo(LINKS, "ended")),
    RunSQL(_WHAT_FOR, _undo(LINKS, "what_for")),
    RunSQL(_USED, _undo(ANSWERS, "used")),
]
