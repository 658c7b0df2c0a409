"""What the database itself refuses about imports, as migration operations."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

from kapclinic.core.triggers import append_only

IMPORTS = "clinic_sessions_import"
ROWS = "clinic_sessions_importedrow"

_KEPT = f"""
CREATE FUNCTION {IMPORTS}_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved text[] := ARRAY['state', 'failure', 'wrong', 'errors', 'warnings', 'hanging', 'ended_at', 'undo_reason',
        'undo_by', 'undone_at', 'updated_at', 'version'];
BEGIN
    IF OLD.state IN ('failed', 'undone') OR (OLD.state = 'done' AND NEW.state NOT IN ('done', 'undoing'))
        OR to_jsonb(NEW) - moved IS DISTINCT FROM to_jsonb(OLD) - moved THEN
        RAISE EXCEPTION '{IMPORTS} is frozen' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {IMPORTS}_kept BEFORE UPDATE ON {IMPORTS} FOR EACH ROW EXECUTE FUNCTION {IMPORTS}_kept();
CREATE FUNCTION {ROWS}_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {IMPORTS} i WHERE i.id = NEW.of_id AND i.state = 'queued' AND NOT i.dry_run) THEN
        RAISE EXCEPTION 'this import takes no row' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {ROWS}_in_time BEFORE INSERT ON {ROWS} FOR EACH ROW EXECUTE FUNCTION {ROWS}_in_time();
"""

OPERATIONS = [
    append_only(ROWS, "clinic_sessions_historicalimport"),
    RunSQL(
        _KEPT,
        f"DROP TRIGGER {IMPORTS}_kept ON {IMPORTS}; DROP FUNCTION {IMPORTS}_kept();"
        f"DROP TRIGGER {ROWS}_in_time ON {ROWS}; DROP FUNCTION {ROWS}_in_time();",
    ),
]
