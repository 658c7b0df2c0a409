"""What the database itself refuses about releases of safety alerts and about allergies, as migration operations."""

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

NONE_KNOWN, ENDS = "screening_noneknown", "screening_noneknownend"

_NONE_LISTED = f"""
CREATE OR REPLACE FUNCTION {NONE_KNOWN}_none_listed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM practice_person(NEW.client_id) one JOIN screening_allergy allergy ON one = allergy.client_id
            WHERE NOT EXISTS (SELECT FROM screening_allergyvoid void WHERE void.allergy_id = allergy.id)
    ) THEN
        RAISE EXCEPTION 'none known: an allergy of this person is listed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {NONE_KNOWN}_none_listed BEFORE INSERT ON {NONE_KNOWN}
    FOR EACH ROW EXECUTE FUNCTION {NONE_KNOWN}_none_listed();
"""  # noqa: S608  (the name of our own table)

_SAME_PERSON = f"""
CREATE OR REPLACE FUNCTION {ENDS}_same_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.allergy_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM screening_allergy allergy JOIN {NONE_KNOWN} said ON said.id = NEW.none_known_id
            JOIN practice_person(said.client_id) one ON one = allergy.client_id WHERE allergy.id = NEW.allergy_id
    ) THEN
        RAISE EXCEPTION 'none known: this allergy is of another client';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {ENDS}_same_person BEFORE INSERT ON {ENDS} FOR EACH ROW EXECUTE FUNCTION {ENDS}_same_person();
"""

OF_ALLERGIES = [
    RunSQL(
        _NONE_LISTED,
        f"DROP TRIGGER {NONE_KNOWN}_none_listed ON {NONE_KNOWN}; DROP FUNCTION {NONE_KNOWN}_none_listed();",
    ),
    RunSQL(_SAME_PERSON, f"DROP TRIGGER {ENDS}_same_person ON {ENDS}; DROP FUNCTION {ENDS}_same_person();"),
]
