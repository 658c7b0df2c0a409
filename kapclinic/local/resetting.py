"""Bring a test database back to how ``migrate`` left it, after a test that committed.

Django would TRUNCATE as the connected role, which owns nothing and meets the append-only triggers. So this connects as
the superuser, and only touches tables that hold something: most tests fill a handful.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg
from psycopg import sql

KEEP = ("django_migrations", "django_content_type", "auth_permission")
SMALL = 1000  # rows; larger tables are reference data (diagnosis codes) that no test changes


@dataclass
class Resetter:
    """The reset of one database. Create it before the first test: it remembers what is there."""

    url: str
    _large: set[str] = field(default_factory=set)
    _small: dict[str, bytes] = field(default_factory=dict)
    _asked_of: tuple[str, ...] = ()
    _which: str = ""

    def __post_init__(self) -> None:
        self._connection = psycopg.connect(self.url, autocommit=True)
        for table in self._filled():
            self._remember(table)

    def unread(self) -> list[tuple[object, ...]]:
        """Of each table that a reset leaves alone how many rows it has, and which transactions wrote them."""
        asked = sql.SQL("SELECT count(*), sum(xmin::text::bigint) FROM {}")
        tables = [sql.Identifier(name) for name in (*KEEP, *sorted(self._large))]
        return [row for table in tables for row in self._connection.execute(asked.format(table))]

    @property
    def connection(self) -> psycopg.Connection[tuple[object, ...]]:
        """The superuser's, outside any transaction."""
        return self._connection

    def close(self) -> None:
        self._connection.close()

    def reset(self) -> None:
        """Empty what was filled and restore the rows that the migrations made.

        :raises psycopg.errors.LockNotAvailable: when a test left a transaction open
        """
        with self._connection.transaction():
            self._connection.execute("SET LOCAL lock_timeout = '15s'")
            self._connection.execute(
                "SET LOCAL session_replication_role = replica"
            )  # no triggers, no foreign keys
            for table in self._filled():
                self._connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            for table, rows in self._small.items():
                copy = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
                with self._connection.cursor().copy(copy) as target:
                    target.write(rows)

    def _tables(self) -> tuple[str, ...]:
        rows = self._connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition ORDER BY 1"  # what a partition holds, its table does
        )
        return tuple(name for (name,) in rows if name not in KEEP and name not in self._large)

    def _filled(self) -> list[str]:
        """One statement over all tables, planned once for as long as they are the same ones."""
        tables = self._tables()
        if tables != self._asked_of:
            parts = [
                sql.SQL("SELECT {name} WHERE EXISTS (SELECT FROM {table})").format(
                    name=sql.Literal(table), table=sql.Identifier(table)
                )
                for table in tables
            ]
            self._asked_of, self._which = tables, sql.SQL(" UNION ALL ").join(parts).as_string(None)
        if not tables:
            return []
        return [name for (name,) in self._connection.execute(self._which.encode(), prepare=True)]

    def _remember(self, table: str) -> None:
        few = sql.SQL("SELECT count(*) FROM (SELECT FROM {} LIMIT {}) AS few").format(
            sql.Identifier(table), sql.Literal(SMALL + 1)
        )
        row = self._connection.execute(few).fetchone()
        if row and row[0] > SMALL:
            self._large.add(table)
            return
        copy = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
        with self._connection.cursor().copy(copy) as source:
            self._small[table] = b"".join(bytes(part) for part in source)
