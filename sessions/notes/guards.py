"""What the database itself refuses about notes, as migration operations (R6 and R9)."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

from kapclinic.core.triggers import append_only, frozen_when

NOTES = "clinic_sessions_note"
ADDENDA = "clinic_sessions_addendum"
PSYCHOTHERAPY = "clinic_sessions_psychotherapynote"
ENTRIES = "clinic_sessions_recordentry"
RETURNS = "clinic_sessions_notereturn"
OWED = "clinic_sessions_owednote"
ENTRY_VOIDS = "clinic_sessions_recordentryvoid"

# A note that waits for its second signature keeps its words; only that signature may still come.
_PENDING = f"""
CREATE OR REPLACE FUNCTION {NOTES}_pending() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change text[] := ARRAY['status', 'cosigner_id', 'cosigned_at', 'cosignature', 'version', 'updated_at'];
BEGIN
    IF NEW.status = 'draft' OR to_jsonb(NEW) - may_change IS DISTINCT FROM to_jsonb(OLD) - may_change THEN
        RAISE EXCEPTION '{NOTES} is frozen' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {NOTES}_pending BEFORE UPDATE ON {NOTES}
    FOR EACH ROW WHEN (OLD.status = 'cosign_pending') EXECUTE FUNCTION {NOTES}_pending();
"""

_SIGNED_ONLY = f"""
CREATE OR REPLACE FUNCTION {ADDENDA}_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {NOTES} WHERE id = NEW.note_id AND status = 'signed') THEN
        RAISE EXCEPTION 'an addendum stands under a signed note' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {ADDENDA}_signed BEFORE INSERT ON {ADDENDA} FOR EACH ROW EXECUTE FUNCTION {ADDENDA}_signed();
"""


def _undo(table: str, name: str) -> str:
    return f"DROP TRIGGER {table}_{name} ON {table}; DROP FUNCTION {table}_{name}();"


OPERATIONS = [
    append_only(ADDENDA, "clinic_sessions_historicalnote"),
    frozen_when(NOTES, "OLD.status = 'signed'"),
    RunSQL(_PENDING, _undo(NOTES, "pending")),
    RunSQL(_SIGNED_ONLY, _undo(ADDENDA, "signed")),
    frozen_when(PSYCHOTHERAPY, "true", unless_changes=("sealed", "version", "updated_at")),
]

# "None observed" is a statement about the whole session, so it can't be made beside an adverse event.
_NONE_OBSERVED = f"""
CREATE OR REPLACE FUNCTION {ENTRIES}_none() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM clinic_sessions_adverseevent WHERE session_id = NEW.session_id) THEN
        RAISE EXCEPTION 'an adverse event stands on this session' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {ENTRIES}_none BEFORE INSERT ON {ENTRIES}
    FOR EACH ROW WHEN (NEW.part = 'none_observed') EXECUTE FUNCTION {ENTRIES}_none();
"""

_OWN_VOID = f"""
CREATE OR REPLACE FUNCTION {ENTRY_VOIDS}_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {ENTRIES} WHERE id = NEW.entry_id AND created_by = NEW.created_by) THEN
        RAISE EXCEPTION 'only its author takes an entry back' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {ENTRY_VOIDS}_own BEFORE INSERT ON {ENTRY_VOIDS}
    FOR EACH ROW EXECUTE FUNCTION {ENTRY_VOIDS}_own();
"""

RECORD_OPERATIONS = [
    append_only(ENTRIES, ENTRY_VOIDS),
    RunSQL(_NONE_OBSERVED, _undo(ENTRIES, "none")),
    RunSQL(_OWN_VOID, _undo(ENTRY_VOIDS, "own")),
]

_DISCARDED = f"""
CREATE OR REPLACE FUNCTION {NOTES}_discarded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{NOTES} is frozen' USING ERRCODE = 'KA002';
END $$;
CREATE TRIGGER {NOTES}_discarded BEFORE UPDATE ON {NOTES}
    FOR EACH ROW WHEN (OLD.status = 'discarded') EXECUTE FUNCTION {NOTES}_discarded();
"""

DISCARD_OPERATIONS = [
    append_only("clinic_sessions_notediscard"),
    RunSQL(_DISCARDED, _undo(NOTES, "discarded")),
]

# A cosigner gives a pending note back: its words stay, its signature falls, and the return that says why keeps it.
_RETURNED = f"""
CREATE OR REPLACE FUNCTION {NOTES}_pending() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change text[] := ARRAY['status', 'cosigner_id', 'cosigned_at', 'cosignature', 'version', 'updated_at'];
BEGIN
    IF NEW.status = 'draft' THEN
        may_change := ARRAY['status', 'signed_at', 'signed_by_id', 'signature', 'signed_as', 'content_hash',
            'covering_reason', 'minutes_source', 'service_started_at', 'service_ended_at', 'version', 'updated_at'];
        IF NOT EXISTS (SELECT FROM {RETURNS} r WHERE r.note_id = OLD.id AND r.signed_at = OLD.signed_at
                       AND r.content_hash = OLD.content_hash AND r.signature = OLD.signature) THEN
            RAISE EXCEPTION '{NOTES} is frozen' USING ERRCODE = 'KA002';
        END IF;
    END IF;
    IF to_jsonb(NEW) - may_change IS DISTINCT FROM to_jsonb(OLD) - may_change THEN
        RAISE EXCEPTION '{NOTES} is frozen' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
"""  # noqa: S608  (names of our own tables)

# Only a note that waits is returned, by another than its author, as it was signed.
_RETURN_OF_PENDING = f"""
CREATE OR REPLACE FUNCTION {RETURNS}_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {NOTES} n WHERE n.id = NEW.note_id AND n.status = 'cosign_pending'
                   AND n.author_id <> NEW.returned_by_id AND n.signed_at = NEW.signed_at) THEN
        RAISE EXCEPTION 'a note that waits for its second signature is returned' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {RETURNS}_pending BEFORE INSERT ON {RETURNS}
    FOR EACH ROW EXECUTE FUNCTION {RETURNS}_pending();
"""

RETURN_OPERATIONS = [
    append_only(RETURNS, OWED, "clinic_sessions_historicalphrase"),
    RunSQL(_RETURNED, _PENDING.partition("CREATE TRIGGER")[0]),
    RunSQL(_RETURN_OF_PENDING, _undo(RETURNS, "pending")),
]
