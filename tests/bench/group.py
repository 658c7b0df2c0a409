"""``python -m tests.bench.group [--share 0.05]``: the database of a group of 200 locations after five years, or a share.

The whole is 18 million sessions and 200 million readings, with their allocations, checks, histories, audit events and
seals; a twentieth is 0.9 and 10 million. The database stays, as ``kap_group`` on the embedded server. Printed for each
large table: rows, how many a second, bytes a row with its indexes, and what the whole group then comes to.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulation.running import servers

SESSIONS, READINGS = 18_000_000, 200_000_000
DAYS = 5 * 365
COURSE = 15  # sessions of a client
ACTS = 10  # audit events, and rows of history, that a session leaves
TABLES = (
    "clinic_sessions_session",
    "clinic_sessions_historicalsession",
    "clinic_sessions_allocation",
    "clinic_sessions_reading",
    "clinic_sessions_check",
    "clinic_sessions_historicalcheck",
    "trail_auditevent",
    "trail_auditseal",
)
NAME = "kap_group"


@dataclass(frozen=True)
class Grown:
    """One table after it was filled."""

    table: str
    rows: int
    seconds: float
    size: int  # bytes, with indexes and what is stored aside

    def line(self, share: float) -> str:
        each = self.size / self.rows
        whole = self.rows / share
        return (
            f"| `{self.table}` | {self.rows:,} | {self.rows / self.seconds:,.0f} | {each:,.0f} "
            f"| {whole / 1e6:,.0f} M | {whole * each / 1e9:,.0f} GB |"
        )


def size_of(share: float) -> Any:
    """This share of the group, as the bench's seed takes it: days of forty sessions a place, of which the last
    month at most is still to come."""
    from tests.bench import seed

    class Size(seed.Size):
        @property
        def past_days(self) -> int:
            return max(super().past_days, self.days - 30)

    sessions, readings = round(SESSIONS * share), round(READINGS * share)
    places = max(2, round(sessions / (seed.A_DAY * DAYS)))
    return Size(
        sessions=max(sessions // (places * seed.A_DAY), 2) * places * seed.A_DAY,
        readings=max(readings // seed.READINGS, 2) * seed.READINGS,
        clients=max(sessions // COURSE // places, seed.A_DAY + seed.HOURS) * places,
        places=places,
        watched=2,
    )


def _history(cursor: Any, model: Any, each: int) -> None:
    """`each` rows of history of every row that was seeded, some seconds apart."""
    kept = model.history.model
    names = [field.column for field in kept.tracked_fields]
    taken = ", ".join(f't."{name}"' for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    when = "t.planned_at" if "planned_at" in names else "t.starts_at"
    cursor.execute(
        f"""INSERT INTO {kept._meta.db_table} ({listed}, history_date, history_type, history_user_id)
        SELECT {taken}, least({when}, now()) - make_interval(secs => n), '~', t.created_by
        FROM {model._meta.db_table} t, generate_series(1, {each}) n"""
    )


EVENTS = """
INSERT INTO trail_auditevent
    (id, created_at, created_by, action, object_type, object_id, clients, roles, outcome, detail)
SELECT overlay(trail_key_of(act.at)::text PLACING substr(md5(act.subject::text || act.n), 1, 12) FROM 25)::uuid,
    act.at, s.created_by, act.what, act.kind, act.subject, ARRAY[s.client_id], ARRAY['nurse_practitioner'], 'ok', '{}'
FROM (
    SELECT session_id, id AS subject, 0 AS n, 'reading.create' AS what, 'reading' AS kind, measured_at AS at
    FROM clinic_sessions_reading
    UNION ALL
    SELECT id, id, n, 'session.retrieve', 'session', least(starts_at, now()) - make_interval(secs => n)
    FROM clinic_sessions_session, generate_series(1, %(acts)s) n
) act JOIN clinic_sessions_session s ON s.id = act.session_id
"""
SEALS = """
INSERT INTO trail_auditseal (sequence, event_id, previous_hash, hash)
SELECT row_number() OVER (ORDER BY id), id, repeat('0', 64), md5(id::text) || md5(id::text) FROM trail_auditevent
"""


def fill(cursor: Any, group: Any, size: Any) -> list[Grown]:
    """All of it; `cursor` is a superuser's. What each table took, in the order of TABLES."""
    from sessions.booking.models import Session
    from sessions.monitoring.models import Check
    from tests.bench import seed

    took: dict[str, float] = {}

    def step(table: str, work: Callable[[], Any]) -> None:
        began = time.monotonic()
        work()
        took[table] = time.monotonic() - began
        sys.stdout.write(f"  {table}: {took[table]:.0f} s\n")
        sys.stdout.flush()

    cursor.execute("SET session_replication_role = replica")
    cursor.execute("SET maintenance_work_mem = '256MB'")
    _months(cursor, seed.first_day(group, size))
    step("practice_client", lambda: seed._clients(cursor, group, size))
    step("clinic_sessions_session", lambda: seed._sessions(cursor, group, size))
    step("clinic_sessions_allocation", lambda: seed._allocations(cursor))
    step("clinic_sessions_reading", lambda: seed._watched(cursor, group, size))  # and what hangs on a dose
    took["clinic_sessions_check"] = took["clinic_sessions_reading"]
    step("clinic_sessions_historicalsession", lambda: _history(cursor, Session, ACTS))
    step("clinic_sessions_historicalcheck", lambda: _history(cursor, Check, 2))
    step("trail_auditevent", lambda: cursor.execute(EVENTS, {"acts": ACTS}))
    step("trail_auditseal", lambda: cursor.execute(SEALS))
    step("practice_client", lambda: cursor.execute(seed.REACH))
    cursor.execute("RESET session_replication_role")
    cursor.execute("VACUUM ANALYZE")
    return [_grown(cursor, table, took[table]) for table in TABLES]


def _months(cursor: Any, first: Any) -> None:
    """The partitions of the years that a younger clinic has not lived through."""
    cursor.execute("SET ROLE kap_owner")
    cursor.execute(
        """SELECT trail_add_partition(c.oid, m.month)
        FROM pg_class c, (SELECT (date_trunc('month', %s::timestamptz AT TIME ZONE 'UTC') + make_interval(months => n))::date
            AS month FROM generate_series(-1, 70) n) m
        WHERE c.relkind = 'p' AND m.month <= now()""",
        [first],
    )
    cursor.execute("RESET ROLE")


def _grown(cursor: Any, table: str, seconds: float) -> Grown:
    (rows,) = cursor.execute(f"SELECT count(*) FROM {table}").fetchone()
    (size,) = cursor.execute(
        """SELECT pg_total_relation_size(%(table)s::regclass) + coalesce(sum(pg_total_relation_size(relid)), 0)
        FROM pg_partition_tree(%(table)s::regclass) WHERE isleaf""",
        {"table": table},
    ).fetchone()
    return Grown(table, rows, max(seconds, 0.001), int(size))


def table_of(grown: list[Grown], share: float) -> str:
    """The figures as the page shows them."""
    heads = "| table | rows | a second | bytes a row | the whole group | together |"
    whole = sum(one.size for one in grown) / share / 1e9
    lines = [heads, "| --- | ---: | ---: | ---: | ---: | ---: |", *(one.line(share) for one in grown)]
    return "\n".join([*lines, f"| together | | | | | {whole:,.0f} GB |"])


def generate(run: Any, *, share: float) -> list[Grown]:
    """Fill this process's database with a share of the group, and print what it took."""
    from django.db import connection

    from tests.bench import clinic

    size = size_of(share)
    group = clinic.build(places=size.places, watched=size.watched)
    with run.servers.admin(connection.settings_dict["NAME"]) as admin, admin.cursor() as cursor:
        grown = fill(cursor, group, size)
    sys.stdout.write(table_of(grown, share) + "\n")
    return grown


def _keep(run: Any, name: str) -> None:
    """The database of this run stays, under its own name."""
    from django.db import connections

    connections.close_all()
    run.servers.drop_database(NAME)
    with run.servers.admin() as admin:
        admin.execute(f'ALTER DATABASE "{name}" RENAME TO {NAME}')
    sys.stdout.write(f"It stays as {NAME}:\n{run.servers.env(database=NAME)['DATABASE_URL']}\n")


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.bench.group")
    asked.add_argument("--share", type=float, default=0.05, help="1 is 18 million sessions")
    args = asked.parse_args()
    with servers() as running, running.fresh():
        from django.db import connection

        generate(running.run, share=args.share)
        _keep(running.run, connection.settings_dict["NAME"])


if __name__ == "__main__":
    main()
