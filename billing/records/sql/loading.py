"""Statements of bringing a practice in, as the owner of the tables."""

from __future__ import annotations

from typing import Any

from django.db import connection
from psycopg import sql

# Does the present role own the tables? Only the owner switches triggers off.
IS_OWNER = """
SELECT pg_has_role(c.relowner, 'MEMBER') FROM pg_class c WHERE c.oid = 'practice_user'::regclass
"""
# One statement of it may read a whole table, whatever the patience that the connection began with.
AS_LONG_AS_IT_TAKES = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL TIME ZONE 'UTC'",
)
# Triggers of our own (not those of foreign keys) that speak now, of tables and of their partitions.
TRIGGERS = """
SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal AND t.tgenabled = 'O' AND t.tgparentid = 0
ORDER BY c.relname, t.tgname
"""
# Foreign keys as they were written, and the checks of tables whose bytes come in behind their rows. Those of partitions
# come and go with their table's.
KEYS = """
SELECT c.relname, k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = 'public'::regnamespace AND k.conparentid = 0
  AND (k.contype = 'f' OR k.contype = 'c' AND c.relname = ANY (%s))
ORDER BY c.relname, k.conname
"""
ADD_MONTH = "SELECT trail_add_partition(%s::regclass, to_date(%s, 'YYYY_MM'))"
# From which places each client may be reached: it came along; of one without it is found anew.
REACH = (
    "SELECT practice_reach_anew(array_agg(id)) FROM practice_client WHERE reach IS NULL HAVING count(*) > 0"
)
SET_SEQUENCE = "SELECT setval(%s::regclass, %s)"
HAS_SEQUENCE = "SELECT count(*) FROM pg_sequences WHERE schemaname = 'public' AND sequencename = %s"


def switch(table: str, trigger: str, *, on: bool) -> sql.Composed:
    """Let a trigger speak, or not."""
    return sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(
        sql.Identifier(table), sql.SQL("ENABLE" if on else "DISABLE"), sql.Identifier(trigger)
    )


def drop_key(table: str, name: str) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name))


def add_key(table: str, name: str, words: str) -> sql.Composed:
    """Add a foreign key or a check again; every row is looked at."""
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
        sql.Identifier(table), sql.Identifier(name), sql.SQL(words)
    )


def has_rows(table: str) -> sql.Composed:
    return sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))


def empty(table: str) -> sql.Composed:
    return sql.SQL("TRUNCATE {}").format(sql.Identifier(table))


def load(table: str) -> sql.Composed:
    """Insert rows from their JSON, each with what is laid over it."""
    return sql.SQL(
        "INSERT INTO {table} SELECT r.* FROM unnest(%s::jsonb[], %s::jsonb[]) AS e (line, over), "
        "LATERAL jsonb_populate_record(NULL::{table}, e.line || e.over) r"
    ).format(table=sql.Identifier(table))


def load_plain(table: str) -> sql.Composed:
    """Insert rows from an array of their JSON."""
    return sql.SQL(
        "INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)"
    ).format(table=sql.Identifier(table))


def fill(table: str, column: str, key: str) -> sql.Composed:
    """Put bytes into one row."""
    return sql.SQL("UPDATE {} SET {} = %s WHERE {} = %s").format(
        sql.Identifier(table), sql.Identifier(column), sql.Identifier(key)
    )


def unfilled(table: str, column: str) -> sql.Composed:
    """How many rows still have no bytes."""
    return sql.SQL("SELECT count(*) FROM {} WHERE {} = ''::bytea").format(
        sql.Identifier(table), sql.Identifier(column)
    )


def run(statement: str | sql.Composed, *params: Any) -> list[Any]:
    """The rows of a statement, if it has any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []
