"""Statements about every table of the practice, whichever it is: names are quoted, values are parameters."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

# Each table with its key, the types of its columns, and the months of its partitions where it is kept by the month.
TABLES = """
SELECT c.relname,
       (SELECT array_agg(a.attname::text ORDER BY k.place)
        FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
        WHERE i.indrelid = c.oid AND i.indisprimary),
       (SELECT bool_or(a.atttypid = 'bytea'::regtype) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       (SELECT array_agg(substring(p.relname FROM '_([0-9]{4}_[0-9]{2})$') ORDER BY p.relname)
        FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhrelid
        WHERE h.inhparent = c.oid AND p.relname ~ '_[0-9]{4}_[0-9]{2}$')
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname
"""
SCHEMA = "SELECT app, max(name) FROM django_migrations GROUP BY app ORDER BY app"
# Where each sequence stands. It belongs to no transaction, so it is never behind the rows that were read before.
SEQUENCES = """
SELECT sequencename, last_value FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL ORDER BY sequencename
"""


def rows(table: str, *, key: Sequence[str], empty: Sequence[str] = (), only: str = "true") -> sql.Composed:
    """Each row of a table as the text of its JSON, in the order of its key; the columns `empty` are null in it.

    jsonb writes the same row in the same way always: keys in one order, moments in the session's zone, bytes in hex.
    """
    nulls = sql.SQL(", ").join(sql.SQL("{}, null").format(sql.Literal(name)) for name in empty)
    shown = sql.SQL("to_jsonb(t)")
    if empty:
        shown = sql.SQL("(to_jsonb(t) || jsonb_build_object({}))").format(nulls)  # type: ignore[assignment]
    return sql.SQL("SELECT {shown}::text FROM {table} t WHERE {only} ORDER BY {key}").format(
        shown=shown,
        table=sql.Identifier(table),
        only=sql.SQL(only),
        key=sql.SQL(", ").join(sql.Identifier("t", name) for name in key),
    )


def count_where(table: str, condition: str) -> sql.Composed:
    return sql.SQL("SELECT count(*) FROM {} WHERE {}").format(sql.Identifier(table), sql.SQL(condition))
