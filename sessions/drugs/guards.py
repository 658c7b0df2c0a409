"""What the database itself refuses about the drug ledger, as migration operations (R6 and R7)."""

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

COUNTS, LINES, DISCREPANCIES = (
    f"clinic_sessions_drug{name}" for name in ("count", "countline", "discrepancy")
)
FACTS = [
    "id",
    "created_at",
    "created_by",
    "location_id",
    "lot_id",
    "entry_id",
    "cause",
    "expected_mg",
    "counted_mg",
    "difference_mg",
    "discovered_at",
    "notice_due_at",
    "form_106_due_on",
]

_TRANSFER = f"""
CREATE OR REPLACE FUNCTION {ENTRIES}_linked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM {ENTRIES} AS other
        JOIN clinic_sessions_druglot AS there ON there.id = other.lot_id
        JOIN clinic_sessions_druglot AS here ON here.id = NEW.lot_id
        WHERE other.id = NEW.counterpart AND other.counterpart = NEW.id AND other.amount_mg = NEW.amount_mg
            AND other.kind IN ('transfer', 'transfer_in') AND other.kind <> NEW.kind
            AND here.location_id <> there.location_id AND lower(here.drug) = lower(there.drug)
            AND lower(here.lot_number) = lower(there.lot_number) AND here.expires_on = there.expires_on
            AND here.concentration_mg_per_ml IS NOT DISTINCT FROM there.concentration_mg_per_ml
    ) THEN
        RAISE EXCEPTION 'drug ledger: entry % is half of a transfer', NEW.sequence;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER {ENTRIES}_linked AFTER INSERT ON {ENTRIES} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind = 'transfer_in' OR NEW.counterpart IS NOT NULL) EXECUTE FUNCTION {ENTRIES}_linked();
"""  # noqa: S608  (the only names in it are ours, here and below)

_VARIANCE = f"""
CREATE OR REPLACE FUNCTION {ENTRIES}_answered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM {DISCREPANCIES} AS found
        WHERE found.entry_id = NEW.id AND found.lot_id = NEW.lot_id AND found.difference_mg = NEW.delta_mg
    ) THEN
        RAISE EXCEPTION 'drug ledger: nobody answers for the % mg of entry %', NEW.delta_mg, NEW.sequence;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER {ENTRIES}_answered AFTER INSERT ON {ENTRIES} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (
        NEW.kind = 'loss' OR NEW.kind = 'count' AND NEW.delta_mg <> 0 OR NEW.kind = 'correct' AND NEW.delta_mg < 0
    )
    EXECUTE FUNCTION {ENTRIES}_answered();
"""

_COUNT_LINE = f"""
CREATE OR REPLACE FUNCTION {LINES}_true() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last {ENTRIES};
BEGIN
    IF NOT EXISTS (
        SELECT FROM {COUNTS} AS whole JOIN clinic_sessions_druglot AS lot ON lot.location_id = whole.location_id
        WHERE whole.id = NEW.count_id AND lot.id = NEW.lot_id
    ) THEN
        RAISE EXCEPTION 'drug count: lot % is at another location', NEW.lot_id;
    END IF;
    SELECT * INTO last FROM {ENTRIES} WHERE lot_id = NEW.lot_id ORDER BY sequence DESC LIMIT 1;
    IF last.balance_mg <> NEW.counted_mg OR (NEW.entry_id IS NOT NULL
        AND (last.id <> NEW.entry_id OR last.kind <> 'count' OR last.delta_mg <> NEW.difference_mg)) THEN
        RAISE EXCEPTION 'drug count: lot % was counted beside its ledger', NEW.lot_id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {LINES}_true BEFORE INSERT ON {LINES} FOR EACH ROW EXECUTE FUNCTION {LINES}_true();
"""  # noqa: S608

_KEPT = f"""
CREATE OR REPLACE FUNCTION {DISCREPANCIES}_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'closed' OR {" OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FACTS)} THEN
        RAISE EXCEPTION '{DISCREPANCIES} is frozen' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {DISCREPANCIES}_kept BEFORE UPDATE ON {DISCREPANCIES} FOR EACH ROW
    EXECUTE FUNCTION {DISCREPANCIES}_kept();
"""

COUNT_OPERATIONS = [
    append_only(COUNTS, LINES, "clinic_sessions_historicaldrugdiscrepancy"),
    RunSQL(_TRANSFER, _undo("linked")),
    RunSQL(_VARIANCE, _undo("answered")),
    RunSQL(_COUNT_LINE, f"DROP TRIGGER {LINES}_true ON {LINES}; DROP FUNCTION {LINES}_true();"),
    RunSQL(
        _KEPT, f"DROP TRIGGER {DISCREPANCIES}_kept ON {DISCREPANCIES}; DROP FUNCTION {DISCREPANCIES}_kept();"
    ),
]

# A void is the last line of a lot, and of one from which nothing was taken.
_VOIDED = f"""
CREATE OR REPLACE FUNCTION {ENTRIES}_voided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM {ENTRIES} AS other WHERE other.lot_id = NEW.lot_id AND (
            other.kind = 'void' OR NEW.kind = 'void' AND other.kind NOT IN ('receive', 'count', 'correct'))
    ) OR NEW.kind = 'void' AND NEW.balance_mg <> 0 THEN
        RAISE EXCEPTION 'drug ledger: lot % is void, or in use', NEW.lot_id USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {ENTRIES}_voided BEFORE INSERT ON {ENTRIES} FOR EACH ROW EXECUTE FUNCTION {ENTRIES}_voided();
"""

VOID_OPERATIONS = [append_only("clinic_sessions_druglotvoid"), RunSQL(_VOIDED, _undo("voided"))]
