"""What the database itself refuses about the release of a safety alert, as migration operations."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

RELEASES = "screening_alertrelease"

_FOUNDED = f"""
CREATE OR REPLACE FUNCTION {RELEASES}_founded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    why text;
    whose uuid;
BEGIN
    SELECT alert.cause, program.client_id INTO why, whose FROM screening_safetyalert alert
        JOIN programs_program program ON program.id = alert.program_id WHERE alert.id = NEW.alert_id;
    IF why NOT IN ('cssrs_high', 'cssrs_moderate', 'cssrs_incomplete', 'screening_si') THEN
        RAISE EXCEPTION 'release: this alert holds no dose';
    END IF;
    IF why = 'cssrs_high' AND (NEW.safety_plan_id IS NULL OR NEW.not_alone IS NOT TRUE) THEN
        RAISE EXCEPTION 'release: of the tier high with a safety plan, and with somebody who stays';
    END IF;
    IF NEW.safety_plan_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM screening_safetyplan plan WHERE plan.id = NEW.safety_plan_id
            AND whose IN (SELECT practice_person(plan.client_id))
            AND NOT EXISTS (SELECT FROM screening_safetyplanvoid void WHERE void.plan_id = plan.id)
    ) THEN
        RAISE EXCEPTION 'release: the safety plan is of another client, or void';
    END IF;
    IF NEW.measure_id IS NOT NULL AND (why <> 'cssrs_incomplete' OR NOT EXISTS (
        SELECT FROM screening_measure measure JOIN programs_program program ON program.id = measure.program_id
            WHERE measure.id = NEW.measure_id AND whose IN (SELECT practice_person(program.client_id))
                AND measure.instrument = 'cssrs' AND measure.band IS NOT NULL AND NOT 'incomplete' = ANY (measure.flags)
    )) THEN
        RAISE EXCEPTION 'release: only a complete C-SSRS of the client ends what one left open';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {RELEASES}_founded BEFORE INSERT ON {RELEASES} FOR EACH ROW EXECUTE FUNCTION {RELEASES}_founded();
"""  # noqa: S608  (the name of our own table)

OPERATIONS = [
    RunSQL(_FOUNDED, f"DROP TRIGGER {RELEASES}_founded ON {RELEASES}; DROP FUNCTION {RELEASES}_founded();")
]
