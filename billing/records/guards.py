"""What the database itself refuses about exports, as migration operations."""

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

PIECES_OPERATIONS = [frozen_when("billing_recordexportpiece", "true", unless_changes=("sealed",))]

PRACTICE = "billing_practiceexport"

_PRACTICE_KEPT = f"""
CREATE FUNCTION {PRACTICE}_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved text[] := ARRAY['state', 'failure', 'decided_by', 'decided_at', 'refusal', 'rows', 'sha256', 'size',
        'ended_at', 'expires_at', 'locations', 'updated_at', 'version'];
BEGIN
    IF OLD.state IN ('done', 'failed', 'refused') OR to_jsonb(NEW) - moved IS DISTINCT FROM to_jsonb(OLD) - moved
        OR (OLD.decided_by IS NOT NULL
            AND (NEW.decided_by, NEW.decided_at) IS DISTINCT FROM (OLD.decided_by, OLD.decided_at))
    THEN
        RAISE EXCEPTION '{PRACTICE} is frozen' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {PRACTICE}_kept BEFORE UPDATE ON {PRACTICE} FOR EACH ROW EXECUTE FUNCTION {PRACTICE}_kept();
"""

PRACTICE_OPERATIONS = [
    append_only("billing_historicalpracticeexport"),
    RunSQL(_PRACTICE_KEPT, f"DROP TRIGGER {PRACTICE}_kept ON {PRACTICE}; DROP FUNCTION {PRACTICE}_kept();"),
    frozen_when("billing_practiceexportpiece", "true", unless_changes=("sealed",)),
]
