"""What a database holds at one point of its log: rows of each table, and a sum over the SHA-256s of them.

The point is a named one in the write-ahead log, set while nobody writes; what is counted is the snapshot of that very
moment. So a cluster that was recovered to that name must count the same, to the row.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, LiteralString, TypeAlias

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from kapclinic.backup.troubles import BackupError

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
Tables: TypeAlias = dict[str, list[str]]
TRIES, BETWEEN = 600, 0.1  # nobody waits for us: where somebody writes at this moment, we come back
TABLES = """
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1
"""
# The text of a row depends on these; a database or a role may have others.
ALIKE = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'"
# A role before which the wall stands would count what it may see: then it is an error.
ALIKE += "; SET row_security = off"
SLOT: LiteralString = "SELECT FROM pg_replication_slots WHERE slot_name = %s"
DROP: LiteralString = (
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active"
)
LEFT: LiteralString = (
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
    " WHERE starts_with(slot_name::text, %s) AND NOT active"
)
HASHED: LiteralString = (
    "SELECT count(*)::text, coalesce(sum(('x' || left(encode(sha256(convert_to(kap_row::text, 'UTF8')), 'hex'), 15))"
    "::bit(60)::bigint), 0)::text FROM public.{} AS kap_row"
)


@dataclass(frozen=True)
class Cluster:
    """Who the server at an address is."""

    identifier: str
    version: str
    database: str
    segment_bytes: int
    timeline: int  # one more with each recovery


def connect(url: str, **more: Any) -> Connection:
    """:raises BackupError: when nobody answers, or refuses us"""
    try:
        return psycopg.connect(make_conninfo(url, connect_timeout=10, **more), autocommit=True)
    except psycopg.Error as exc:
        raise BackupError(f"The database does not answer: {str(exc)[:300]}") from exc


def identify(url: str) -> Cluster:
    with connect(url) as connection:
        row = connection.execute(
            "SELECT system_identifier::text, current_setting('server_version'), current_database(),"
            " pg_size_bytes(current_setting('wal_segment_size')), timeline_id"
            " FROM pg_control_system(), pg_control_checkpoint()"
        ).fetchone()
    assert row is not None
    return Cluster(*row)


def mark(url: str, name: str) -> Tables:
    """Set the point `name` in the log, and count what every table held there.

    :raises BackupError: when somebody wrote at each moment at which we came
    """
    with connect(url) as first, connect(url) as second:
        tables = [table for (table,) in first.execute(TABLES).fetchall()]
        for _ in range(TRIES):
            with suppress(psycopg.errors.LockNotAvailable), _pointed(first, tables, name) as snapshot:
                second.execute(ALIKE)
                second.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                second.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
                break
            time.sleep(BETWEEN)
        else:
            raise BackupError("Somebody wrote all the while, so nothing could be counted: try again later.")
        return _counted(second, tables)


@contextmanager
def _pointed(connection: Connection, tables: list[str], name: str) -> Iterator[str]:
    """The snapshot of a point at which nobody writes: whoever wants to, waits for some milliseconds."""
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    try:
        named = sql.SQL(", ").join(sql.Identifier("public", table) for table in tables)
        # Before the first SELECT, which takes the snapshot. NOWAIT: we hold none of them while we wait for another.
        connection.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE NOWAIT").format(named))
        connection.execute("SELECT pg_create_restore_point(%s)", [name])
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        yield row[0]
    finally:
        connection.execute("ROLLBACK")


def count(url: str) -> Tables:
    """What every table holds now."""
    with connect(url) as connection:
        connection.execute(ALIKE)
        return _counted(connection, [table for (table,) in connection.execute(TABLES).fetchall()])


def _counted(connection: Connection, tables: list[str]) -> Tables:
    found = {}
    for table in tables:
        row = connection.execute(sql.SQL(HASHED).format(sql.Identifier(table))).fetchone()
        assert row is not None
        found[table] = list(row)
    return found


def differing(kept: Tables, found: Tables) -> list[str]:
    """Tables that are missing, new, or hold other rows."""
    return [table for table in sorted(kept.keys() | found.keys()) if kept.get(table) != found.get(table)]


def switch_segment(url: str) -> str:
    """End the segment that is being written; returns the name of the one that it was."""
    with connect(url) as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
    assert row is not None
    return str(row[0])


def drop_left_slots(url: str, prefix: str) -> None:
    """Let the server keep nothing for slots of this beginning that nobody uses."""
    with connect(url) as connection:
        connection.execute(LEFT, [prefix])


def drop_slot(url: str, slot: str) -> None:
    """Let the server keep nothing for this slot any more. Whoever used it has just left, which it may not know yet."""
    with connect(url) as connection:
        for _ in range(TRIES):
            dropped = connection.execute(DROP, [slot]).fetchall()
            if dropped or not connection.execute(SLOT, [slot]).fetchall():
                return
            time.sleep(BETWEEN)
