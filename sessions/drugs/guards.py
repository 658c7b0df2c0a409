"""What the database itself refuses about the drug ledger, as migration operations (rule R7)."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

from kapclinic.core.triggers import append_only

ENTRIES = "clinic_sessions_drugentry"

_CHAIN = f"""
CREATE OR REPLACE FUNCTION {ENTRIES}_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_sequence integer;
    last_balance numeric;
    last_hash text;
BEGIN
    SELECT sequence, balance_mg, hash INTO last_sequence, last_balance, last_hash
        FROM {ENTRIES} WHERE lot_id = NEW.lot_id ORDER BY sequence DESC LIMIT 1;
    IF NOT FOUND THEN
        last_sequence := 0; last_balance := 0; last_hash := repeat('0', 64);
    END IF;
    IF NEW.sequence <> last_sequence + 1 OR NEW.previous_hash <> last_hash THEN
        RAISE EXCEPTION 'drug ledger: entry % does not follow entry %', NEW.sequence, last_sequence;
    END IF;
    IF NEW.balance_mg <> last_balance + NEW.delta_mg THEN
        RAISE EXCEPTION 'drug ledger: the balance of entry % does not add up', NEW.sequence;
    END IF;
    IF NEW.kind = 'settle' AND NOT EXISTS (
        SELECT FROM {ENTRIES} AS draw
        WHERE draw.administration = NEW.administration AND draw.kind = 'administer' AND draw.given_mg IS NULL
            AND draw.lot_id = NEW.lot_id AND draw.amount_mg = NEW.amount_mg
            AND draw.session_id = NEW.session_id AND draw.client_id = NEW.client_id
    ) THEN
        RAISE EXCEPTION 'drug ledger: entry % settles no open draw of that amount', NEW.sequence;
    END IF;
    IF NEW.kind = 'waste' AND NEW.administration IS NOT NULL AND NOT EXISTS (
        SELECT FROM {ENTRIES} AS dose
        WHERE dose.administration = NEW.administration AND dose.lot_id = NEW.lot_id
            AND dose.wasted_mg = NEW.amount_mg
    ) THEN
        RAISE EXCEPTION 'drug ledger: entry % wastes what no dose left over', NEW.sequence;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {ENTRIES}_chain BEFORE INSERT ON {ENTRIES} FOR EACH ROW EXECUTE FUNCTION {ENTRIES}_chain();
"""  # noqa: S608  (the only name in it is ours)

_WASTE = f"""
CREATE OR REPLACE FUNCTION {ENTRIES}_witnessed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM {ENTRIES} AS waste
        WHERE waste.administration = NEW.administration AND waste.kind = 'waste' AND waste.lot_id = NEW.lot_id
            AND waste.amount_mg = NEW.wasted_mg
    ) THEN
        RAISE EXCEPTION 'drug ledger: % mg of entry % were wasted without a witness', NEW.wasted_mg, NEW.sequence;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER {ENTRIES}_witnessed AFTER INSERT ON {ENTRIES} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.wasted_mg > 0) EXECUTE FUNCTION {ENTRIES}_witnessed();
"""


def _undo(name: str) -> str:
    return f"DROP TRIGGER {ENTRIES}_{name} ON {ENTRIES}; DROP FUNCTION {ENTRIES}_{name}();"


OPERATIONS = [
    append_only(ENTRIES, "clinic_sessions_historicaldruglot"),
    RunSQL(_CHAIN, _undo("chain")),
    RunSQL(_WASTE, _undo("witnessed")),
]
