"""What the database itself refuses about disclosures and amendments, as migration operations."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

from kapclinic.core.triggers import append_only, frozen_when

REQUESTS = "clinic_sessions_amendmentrequest"

# What was asked never changes; the day by which it is answered moves by 30 days at most, once.
_ASKED = f"""
CREATE OR REPLACE FUNCTION {REQUESTS}_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.client_id, NEW.text, NEW.received_on) IS DISTINCT FROM (OLD.client_id, OLD.text, OLD.received_on)
        OR NEW.note_id IS DISTINCT FROM OLD.note_id THEN
        RAISE EXCEPTION '{REQUESTS} is frozen' USING ERRCODE = 'KA002';
    END IF;
    IF NEW.due_on <> OLD.due_on AND (OLD.extended_at IS NOT NULL OR NEW.extended_at IS NULL
        OR NEW.due_on <> OLD.due_on + 30) THEN
        RAISE EXCEPTION '{REQUESTS}: put off once, by 30 days' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {REQUESTS}_asked BEFORE UPDATE ON {REQUESTS} FOR EACH ROW EXECUTE FUNCTION {REQUESTS}_asked();
"""

OPERATIONS = [
    append_only(
        "clinic_sessions_disclosure",
        "clinic_sessions_disclosurevoid",
        "clinic_sessions_historicalamendmentrequest",
    ),
    frozen_when(
        REQUESTS,
        "OLD.state <> 'open' AND (OLD.state <> 'denied' OR OLD.disagreed_at IS NOT NULL)",
    ),
    RunSQL(_ASKED, f"DROP TRIGGER {REQUESTS}_asked ON {REQUESTS}; DROP FUNCTION {REQUESTS}_asked();"),
    RunSQL(
        f"""
        CREATE OR REPLACE FUNCTION {REQUESTS}_denied() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            may_change text[] := ARRAY['disagreement', 'disagreed_at', 'version', 'updated_at'];
        BEGIN
            IF to_jsonb(NEW) - may_change IS DISTINCT FROM to_jsonb(OLD) - may_change THEN
                RAISE EXCEPTION '{REQUESTS} is frozen' USING ERRCODE = 'KA002';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER {REQUESTS}_denied BEFORE UPDATE ON {REQUESTS}
            FOR EACH ROW WHEN (OLD.state = 'denied') EXECUTE FUNCTION {REQUESTS}_denied();
        """,
        f"DROP TRIGGER {REQUESTS}_denied ON {REQUESTS}; DROP FUNCTION {REQUESTS}_denied();",
    ),
]
