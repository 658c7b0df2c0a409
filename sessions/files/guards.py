"""What the database itself refuses about attachments and legal holds, as migration operations."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

from kapclinic.core.triggers import append_only, frozen_when

VOIDS = "clinic_sessions_attachmentvoid"

_HELD = f"""
CREATE OR REPLACE FUNCTION {VOIDS}_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM clinic_sessions_attachment attachment
        CROSS JOIN LATERAL practice_person(attachment.client_id) one
        JOIN clinic_sessions_legalhold hold ON one = hold.client_id
        WHERE attachment.id = NEW.attachment_id
            AND NOT EXISTS (SELECT FROM clinic_sessions_legalholdlift lift WHERE lift.hold_id = hold.id)
    ) THEN
        RAISE EXCEPTION 'this record is under a legal hold' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {VOIDS}_held BEFORE INSERT ON {VOIDS} FOR EACH ROW EXECUTE FUNCTION {VOIDS}_held();
"""  # noqa: S608  (the names of our own tables)

OPERATIONS = [
    append_only(
        "clinic_sessions_attachment",
        VOIDS,
        "clinic_sessions_legalhold",
        "clinic_sessions_legalholdlift",
    ),
    frozen_when("clinic_sessions_attachmentcontent", "true", unless_changes=("sealed",)),
    RunSQL(_HELD, f"DROP TRIGGER {VOIDS}_held ON {VOIDS}; DROP FUNCTION {VOIDS}_held();"),
]
