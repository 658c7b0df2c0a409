"""``python -m tests.bench.months [--rows 300000]``: what a statement costs on a table whole, and by the month.

Five years of rows, 61 partitions. PostgreSQL's CPU milliseconds a statement, prepared as the program's are: the two
tables that are kept by the month, and the two that are asked for by session (docs/decisions/0031).
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psutil
import psycopg
from psycopg.types.json import Jsonb

from tests.simulation.running import servers

EACH = {"trail_auditevent": 15, "clinic_sessions_reading": 100, "clinic_sessions_historicalsession": 5}
KEYS = {  # by the month of which column; its primary key by the month, and whole
    "trail_auditevent": ("id", "id", "id"),
    "clinic_sessions_historicalcheck": ("history_date", "history_id, history_date", "history_id"),
    "clinic_sessions_reading": ("id", "id", "id"),
    "clinic_sessions_historicalsession": ("history_date", "history_id, history_date", "history_id"),
}
SUBJECT = {"trail_auditevent": "clients", "clinic_sessions_reading": "session_id"}
EMPTY: dict[str, Any] = {
    "uuid": str(UUID(int=1)),
    "boolean": False,
    "jsonb": [],
    "smallint": 90,
    "integer": 1,
}
EMPTY |= {"timestamp with time zone": "2020-01-01T00:00:00Z", "character varying": "-", "bigint": 1}
ONE = "('00000000-0000-7000-8000-' || lpad(to_hex(n / {each}), 12, '0'))::uuid"
STANDING = """SELECT r.* FROM clinic_sessions_reading r LEFT JOIN clinic_sessions_readingvoid v ON v.reading_id = r.id
WHERE r.session_id = %s::uuid AND v.id IS NULL {more} ORDER BY r.measured_at, r.id"""
DESK = """SELECT s, (SELECT h.history_user_id FROM clinic_sessions_historicalsession h
WHERE h.id = s AND h.reason = '-' ORDER BY h.history_id LIMIT 1) FROM unnest(ARRAY[%s::uuid]) s"""


def columns(cursor: Any, table: str) -> dict[str, str]:
    """The columns that must be filled, and their types."""
    asked = "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attnotnull"
    return dict(cursor.execute(asked, [table]).fetchall())


def plant(cursor: Any, table: str, rows: int) -> dict[str, Any]:
    """Five years of rows, so many of one subject side by side; one row of it as JSON."""
    empty = {name: EMPTY.get(kind, []) for name, kind in columns(cursor, table).items()}
    empty |= {"diastolic": 60, "systolic": 120, "heart_rate": 70} if table.endswith("reading") else {}
    dated = {
        name: "at" for name in ("history_date", "measured_at", "recorded_at", "created_at") if name in empty
    }
    one = ONE.format(each=EACH.get(table, 2))
    key = "overlay(trail_key_of(at)::text PLACING substr(md5(n::text), 1, 12) FROM 25)::uuid"
    dated["id"] = one if "history" in table else key
    if table in SUBJECT:
        dated[SUBJECT[table]] = f"ARRAY[{one}]" if SUBJECT[table] == "clients" else one
    if "history_id" in empty:
        dated["history_id"] = "n + 1000000"
    given = ", ".join(f"'{name}', {value}" for name, value in dated.items())
    cursor.execute(
        f"""INSERT INTO {table} SELECT one.*
        FROM (SELECT n, now() - make_interval(days => 1734) * (1 - n / {rows}.0) AS at FROM generate_series(0, {rows - 1}) n) g,
        jsonb_populate_record(NULL::{table}, %s || jsonb_build_object({given})) one""",
        [Jsonb(empty)],
    )
    return empty


def cost(server: Any, work: Callable[[], Any], seconds: float = 2.0) -> float:
    """CPU milliseconds of PostgreSQL for one `work`."""
    for _ in range(8):  # prepared, and its plan chosen
        work()
    backend = psutil.Process(server.info.backend_pid)
    before, until, done = backend.cpu_times(), time.monotonic() + seconds, 0
    while time.monotonic() < until or done < 3:
        work()
        done += 1
    after = backend.cpu_times()
    return max(0.0, after.user + after.system - before.user - before.system) * 1000 / done


def jobs(server: Any, rows: int, empty: dict[str, dict[str, Any]]) -> dict[str, Callable[[], Any]]:
    """Name -> one statement, with other values each time."""
    from kapclinic.core.ids import uuid7

    def some(table: str, newest: bool = False) -> UUID:
        count = rows // EACH[table]
        n = count - 1 - random.randrange(count // 60) if newest else random.randrange(count)
        return UUID(f"00000000-0000-7000-8000-{n:012x}")

    def ask(statement: str, *params: Any) -> Callable[[], Any]:
        return lambda: server.execute(statement, [p() if callable(p) else p for p in params])

    def insert(table: str) -> Callable[[], Any]:
        given = empty[table] | {"history_date": "2026-01-01T00:00:00Z"}
        names = ", ".join(name for name in columns(server, table) if name != "history_id")
        return ask(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{table}, %s)",
            lambda: Jsonb(given | {"id": str(uuid7())}),
        )

    month = "trail_key_of(now() - interval '{days} days')"
    recent = STANDING.format(more=f"AND r.id >= {month.format(days=60)}")
    ever = STANDING.format(more=f"AND r.id >= {month.format(days=1800)}")
    log = "SELECT * FROM trail_auditevent WHERE clients && ARRAY[%s::uuid] ORDER BY created_at DESC, id DESC LIMIT 50"
    reading, history = "clinic_sessions_reading", "clinic_sessions_historicalsession"
    newest = lambda: some(reading, newest=True)  # noqa: E731
    return {
        "an audit event is written": insert("trail_auditevent"),
        "a client's access log": ask(log, lambda: some("trail_auditevent")),
        "history of a check is written": insert("clinic_sessions_historicalcheck"),
        "readings of a session that stand": ask(STANDING.format(more=""), newest),
        "the same, of the last 60 days": ask(recent, newest),
        "the same, of five years": ask(ever, newest),
        "moves of a session": ask(
            f"SELECT * FROM {history} WHERE id = %s::uuid ORDER BY version", lambda: some(history)
        ),
        "who wrote a session's reason": ask(DESK, lambda: some(history)),
    }


def measure(url: str, rows: int, seconds: float = 2.0) -> list[tuple[str, float, float]]:
    """Job, milliseconds whole, milliseconds by the month; as a superuser on an empty clinic."""
    found = []
    with psycopg.connect(url, autocommit=True) as server:
        server.prepare_threshold = 3
        server.execute("SET session_replication_role = replica")
        server.execute("SET jit = off")
        for table, (_, _, whole) in KEYS.items():
            server.execute("SELECT trail_remake(%s, NULL, %s)", [table, whole])
        empty = {table: plant(server, table, rows) for table in KEYS}
        server.execute(f"VACUUM ANALYZE {', '.join(KEYS)}")
        before = {name: cost(server, work, seconds) for name, work in jobs(server, rows, empty).items()}
        for table, (by, key, _) in KEYS.items():
            _without_keys(server, table)
            server.execute("SELECT trail_remake(%s, %s, %s)", [table, by, key])
        server.execute(f"VACUUM ANALYZE {', '.join(KEYS)}")
        for name, work in jobs(server, rows, empty).items():
            found.append((name, before[name], cost(server, work, seconds)))
    return found


def _without_keys(server: Any, table: str) -> None:
    """The planted rows belong to nobody."""
    asked = """SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname) FROM pg_constraint
        WHERE contype = 'f' AND conparentid = 0 AND conrelid = %s::regclass"""
    for (statement,) in server.execute(asked, [table]).fetchall():
        server.execute(statement)


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.bench.months")
    asked.add_argument("--rows", type=int, default=300_000, help="of each table")
    args = asked.parse_args()
    with servers() as running, running.fresh():
        from django.db import connection

        from kapclinic.local.servers import with_path

        url = with_path(running.run.servers.superuser, connection.settings_dict["NAME"])
        sys.stdout.write("| statement | whole, ms | by the month, ms |\n| --- | ---: | ---: |\n")
        for name, whole, months in measure(url, args.rows):
            sys.stdout.write(f"| {name} | {whole:.2f} | {months:.2f} |\n")


if __name__ == "__main__":
    main()
