"""What the database itself refuses about orders and doses, as migration operations."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

from kapclinic.core.triggers import append_only

ORDERS = "clinic_sessions_order"
APPROVALS = "clinic_sessions_orderapproval"
DOSES = "clinic_sessions_administration"

_SECOND = f"""
CREATE OR REPLACE FUNCTION {APPROVALS}_second() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM {ORDERS}
        WHERE id = NEW.order_id AND (prescriber_id = NEW.approver_id OR above_cap_reason = '')
    ) THEN
        RAISE EXCEPTION 'order approval: another prescriber approves, and only what is above the cap';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {APPROVALS}_second BEFORE INSERT ON {APPROVALS}
    FOR EACH ROW EXECUTE FUNCTION {APPROVALS}_second();
"""
_ORDERED = f"""
CREATE OR REPLACE FUNCTION {DOSES}_ordered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {ORDERS} WHERE id = NEW.order_id AND session_id = NEW.session_id) THEN
        RAISE EXCEPTION 'administration: the order is of another session';
    END IF;
    IF EXISTS (SELECT FROM {ORDERS} WHERE id = NEW.order_id AND above_cap_reason <> '')
        AND NOT EXISTS (SELECT FROM {APPROVALS} WHERE order_id = NEW.order_id) THEN
        RAISE EXCEPTION 'administration: the order is above the cap and not approved';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {DOSES}_ordered BEFORE INSERT ON {DOSES} FOR EACH ROW EXECUTE FUNCTION {DOSES}_ordered();
"""  # noqa: S608  (names of our own tables)


def _undo(table: str, name: str) -> str:
    return f"DROP TRIGGER {table}_{name} ON {table}; DROP FUNCTION {table}_{name}();"


OPERATIONS = [
    RunSQL(_SECOND, _undo(APPROVALS, "second")),
    RunSQL(_ORDERED, _undo(DOSES, "ordered")),
]

OVERRIDES = "clinic_sessions_gateoverride"
OVERRIDE_READINGS = "clinic_sessions_gateoverridereading"

_ANOTHER_READS = f"""
CREATE OR REPLACE FUNCTION {OVERRIDE_READINGS}_other() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM {OVERRIDES} WHERE id = NEW.override_id AND created_by = NEW.read_by_id) THEN
        RAISE EXCEPTION 'an override is read by another than its maker' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {OVERRIDE_READINGS}_other BEFORE INSERT ON {OVERRIDE_READINGS}
    FOR EACH ROW EXECUTE FUNCTION {OVERRIDE_READINGS}_other();
"""

READING_OPERATIONS = [
    append_only(OVERRIDE_READINGS),
    RunSQL(
        _ANOTHER_READS,
        f"DROP TRIGGER {OVERRIDE_READINGS}_other ON {OVERRIDE_READINGS};"
        f" DROP FUNCTION {OVERRIDE_READINGS}_other();",
    ),
]
