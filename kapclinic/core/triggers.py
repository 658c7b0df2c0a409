"""What Django's migrations can't spell, as operations: append-only tables, frozen rows, notes of a change, months."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

_FUNCTION = """
CREATE OR REPLACE FUNCTION kap_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'KA001';
END $$;
"""


def append_only(*tables: str) -> RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE on `tables`, whoever asks."""
    statements = [_FUNCTION]
    undo = []
    for table in tables:
        statements.append(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION kap_refuse_change();"
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION kap_refuse_change();"
        )
        undo.append(
            f"DROP TRIGGER {table}_append_only ON {table}; DROP TRIGGER {table}_no_truncate ON {table};"
        )
    return RunSQL("\n".join(statements), "\n".join(undo))


def frozen_when(table: str, condition: str, *, unless_changes: tuple[str, ...] = ()) -> RunSQL:
    """Refuse UPDATE of rows of `table` for which `condition` (over OLD) holds.

    `unless_changes` names the columns that may still change: all others must stay as they were.
    """
    name = f"{table}_frozen"
    kept = " - ".join(["to_jsonb({row})", *(f"'{column}'" for column in unless_changes)])
    same = f"{kept.format(row='NEW')} IS NOT DISTINCT FROM {kept.format(row='OLD')}"
    body = f"IF ({condition}) AND NOT ({same}) THEN" if unless_changes else f"IF ({condition}) THEN"
    return RunSQL(
        f"""
        CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {body}
                RAISE EXCEPTION '{table} is frozen' USING ERRCODE = 'KA002';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )


_CHANGED = """
CREATE OR REPLACE FUNCTION kap_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO trail_changed (topic, subject_id)
    SELECT topic, (to_jsonb(NEW) ->> TG_ARGV[0])::uuid FROM unnest(TG_ARGV[1:]) AS topic;
    RETURN NULL;
END $$;
"""


def noted(table: str, *, on: str, topics: tuple[str, ...], subject: str = "id", when: str = "true") -> RunSQL:
    """Note in `trail_changed`, for each topic, the id in the column `subject` of a row that changed.

    `on` is INSERT or UPDATE; `when` is a condition over NEW, and of an update OLD. The note commits with the change.
    """
    name = f"{table}_{on.lower()}_{topics[0]}_changed"
    arguments = ", ".join(f"'{word}'" for word in (subject, *topics))
    return RunSQL(
        f"{_CHANGED} CREATE OR REPLACE TRIGGER {name} AFTER {on} ON {table} FOR EACH ROW WHEN ({when}) "
        f"EXECUTE FUNCTION kap_note_change({arguments});",
        f"DROP TRIGGER {name} ON {table};",
    )


def by_month(table: str, *, of: str, key: str = "id") -> RunSQL:
    """Keep `table` by the month of its column `of`, a UUIDv7 or a timestamp (`kapclinic/trail/sql/partitions.sql`).

    `key` is the column of its primary key, to which `of` is added. The table is written anew.
    """
    whole = ", ".join(dict.fromkeys((key, of)))
    return RunSQL(
        f"SELECT trail_remake('{table}', '{of}', '{whole}');",
        f"SELECT trail_remake('{table}', NULL, '{key}');",
    )
