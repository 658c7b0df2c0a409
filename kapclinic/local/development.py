"""The developer's own database: ``kap_dev``, a copy of the template when absent, and migrated when behind."""

from __future__ import annotations

import contextlib
import sys

import psycopg
from psycopg import sql

from kapclinic.local import services
from kapclinic.local.places import LocalError
from kapclinic.local.servers import Servers
from kapclinic.local.template import Template, digest, migrate

DEVELOPMENT = "kap_dev"
PREPARING = 0x6B6465  # the advisory lock of whoever prepares it; "kde"
Connection = psycopg.Connection[tuple[object, ...]]


def development_env(*, migrated: bool = True) -> dict[str, str]:
    """Return the environment of the development database; servers that are given win."""
    servers = Servers.given() or services.up().servers
    env = servers.env(database=DEVELOPMENT)
    with servers.admin() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
        if migrated and servers.has_database(DEVELOPMENT):
            _drop_an_empty_one(connection, servers)
        if not servers.has_database(DEVELOPMENT):
            _make(connection, servers, migrated=migrated)
        if migrated:
            _migrate(connection, env)
    return env


def _drop_an_empty_one(connection: Connection, servers: Servers) -> None:
    """Where there is no table yet a copy of the template takes its place, unless somebody is at it just now."""
    with servers.admin(DEVELOPMENT) as inside:
        tables = "SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LIMIT 1"
        if inside.execute(tables).rowcount:
            return
    with contextlib.suppress(psycopg.errors.ObjectInUse):
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(DEVELOPMENT)))


def _make(connection: Connection, servers: Servers, *, migrated: bool) -> None:
    """What the tests begin with as well, which is made once per migration; empty for who migrates it in a moment."""
    if migrated:
        with contextlib.suppress(LocalError):  # it can't be migrated: `_migrate` says so
            template = Template(servers)
            try:
                servers.create_database(DEVELOPMENT, template=template.name)
            finally:
                template.close()
            _note(connection, _wanted())
            return
    servers.create_database(DEVELOPMENT)


def _wanted() -> str:
    return f"migrated {digest()}"


def _note(connection: Connection, said: str) -> None:
    comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
    connection.execute(comment.format(sql.Identifier(DEVELOPMENT), sql.Literal(said)))


def _migrate(connection: Connection, env: dict[str, str]) -> None:
    """Migrate unless that was done for these very files. A migration in the making must not lock its author out."""
    wanted = _wanted()
    row = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [DEVELOPMENT]
    ).fetchone()
    if row == (wanted,):
        return
    try:
        migrate(env)
    except LocalError as refused:
        sys.stderr.write(f"{DEVELOPMENT} could not be migrated, going on as it is: {refused}\n")
        return
    _note(connection, wanted)
