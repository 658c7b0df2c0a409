"""What the database itself refuses about record exports, as migration operations."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

from kapclinic.core.triggers import append_only, frozen_when

EXPORTS = "billing_recordexport"

_KEPT = f"""
CREATE FUNCTION {EXPORTS}_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved text[] := ARRAY['state', 'failure', 'sha256', 'size', 'ended_at', 'expires_at', 'updated_at', 'version'];
BEGIN
    IF OLD.state IN ('done', 'failed') OR to_jsonb(NEW) - moved IS DISTINCT FROM to_jsonb(OLD) - moved THEN
        RAISE EXCEPTION '{EXPORTS} is frozen' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {EXPORTS}_kept BEFORE UPDATE ON {EXPORTS} FOR EACH ROW EXECUTE FUNCTION {EXPORTS}_kept();
"""

OPERATIONS = [
    append_only("billing_historicalrecordexport"),
    RunSQL(_KEPT, f"DROP TRIGGER {EXPORTS}_kept ON {EXPORTS}; DROP FUNCTION {EXPORTS}_kept();"),
    frozen_when("billing_recordexportfile", "true", unless_changes=("sealed",)),
]
