"""The servers as the rest sees them: URLs of three roles and a broker, embedded or given by the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

GIVEN = ("KAP_SUPERUSER_URL", "MIGRATION_DATABASE_URL", "DATABASE_URL", "VALKEY_URL")


def with_path(url: str, path: str) -> str:
    """Return the same server with another database."""
    return urlsplit(url)._replace(path=f"/{path}").geturl()


@dataclass(frozen=True, kw_only=True)
class Servers:
    """One URL per role; the database in them is replaced by whichever is meant."""

    superuser: str
    owner: str
    runtime: str
    valkey: str

    @classmethod
    def given(cls) -> Servers | None:
        """Return the servers that the environment names, when it names all four: they win over the embedded pair."""
        urls = [os.environ.get(name, "") for name in GIVEN]
        if not all(urls):
            return None
        return cls(superuser=urls[0], owner=urls[1], runtime=urls[2], valkey=urls[3])

    @property
    def owner_role(self) -> str:
        return urlsplit(self.owner).username or ""

    def env(self, *, database: str, valkey_database: int = 0) -> dict[str, str]:
        """Return what a process needs to work on one database with one broker database."""
        return {
            "KAP_EMBEDDED": "1",
            "DATABASE_URL": with_path(self.runtime, database),
            "MIGRATION_DATABASE_URL": with_path(self.owner, database),
            "KAP_SUPERUSER_URL": with_path(self.superuser, database),
            "VALKEY_URL": with_path(self.valkey, str(valkey_database)),
        }

    def admin(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """Connect as the superuser, outside any transaction."""
        return psycopg.connect(with_path(self.superuser, database), autocommit=True)

    def has_database(self, name: str) -> bool:
        with self.admin() as connection:
            return (
                connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
                is not None
            )

    def create_database(self, name: str, *, template: str | None = None) -> None:
        """Create a database that belongs to the owner role."""
        statement = sql.SQL("CREATE DATABASE {name} OWNER {owner} TEMPLATE {template}").format(
            name=sql.Identifier(name),
            owner=sql.Identifier(self.owner_role),
            template=sql.Identifier(template or "template1"),
        )
        with self.admin() as connection:
            connection.execute(statement)
            self._grant_as_production(connection, name)

    def _grant_as_production(self, connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
        """As deploy/postgres-init.sh has it: the runtime role may connect, and make no table, not even for a moment."""
        revoke = sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name))
        grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
        connection.execute(revoke)
        role = sql.Identifier(urlsplit(self.runtime).username or "")
        connection.execute(grant.format(sql.Identifier(name), role))

    def spare_the_disk(self, *, spare: bool) -> None:
        """Let the cluster wait for no disk, as long as nothing but tests is at stake: who kills it loses nothing, who
        pulls the machine's plug may lose all. Whoever else comes to the cluster ends that (`services.up`).
        """
        with self.admin() as connection:
            if spare == (connection.execute("SHOW fsync").fetchone() == ("off",)):
                return
            for name in ("fsync", "full_page_writes"):
                change = sql.SQL("ALTER SYSTEM SET {} = off" if spare else "ALTER SYSTEM RESET {}")
                connection.execute(change.format(sql.Identifier(name)))
            connection.execute("SELECT pg_reload_conf()")

    def drop_database(self, name: str) -> None:
        """Drop a database with everyone still in it."""
        with self.admin() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def databases(self, prefix: str) -> list[str]:
        with self.admin() as connection:
            rows = connection.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]
            )
            return [str(name) for (name,) in rows]

    def flush_valkey(self, database: int) -> None:
        with redis.Redis.from_url(with_path(self.valkey, str(database))) as client:
            client.flushdb()

    def valkey_databases(self) -> int:
        with redis.Redis.from_url(self.valkey) as client:
            return int(client.config_get("databases")["databases"])
