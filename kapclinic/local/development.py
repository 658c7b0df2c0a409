"""The developer's own database: ``kap_dev``, made when absent and migrated when behind."""

from __future__ import annotations

import sys

import psycopg
from psycopg import sql

from kapclinic.local import services
from kapclinic.local.places import LocalError
from kapclinic.local.servers import Servers
from kapclinic.local.template import digest, migrate

DEVELOPMENT = "kap_dev"
PREPARING = 0x6B6465  # the advisory lock of whoever prepares it; "kde"


def development_env(*, migrated: bool = True) -> dict[str, str]:
    """Return the environment of the development database; servers that are given win."""
    servers = Servers.given() or services.up().servers
    env = servers.env(database=DEVELOPMENT)
    with servers.admin() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
        if not servers.has_database(DEVELOPMENT):
            servers.create_database(DEVELOPMENT)
        if migrated:
            _migrate(connection, env)
    return env


def _migrate(connection: psycopg.Connection[tuple[object, ...]], env: dict[str, str]) -> None:
    """Migrate unless that was done for these very files. A migration in the making must not lock its author out."""
    wanted = f"migrated {digest()}"
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
    comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
    connection.execute(comment.format(sql.Identifier(DEVELOPMENT), sql.Literal(wanted)))
