"""The migrated database that every test database is copied from, made anew when anything it is made of changes.

Where migrations were only added to those of a template that is here, it is copied and taken on from there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from kapclinic.local.migrating import COMMAND
from kapclinic.local.places import CHECKOUT, LocalError
from kapclinic.local.servers import Servers, with_path

PREFIX = "kap_template_"
NAMES = ("apps.py", "models.py", "guards.py")  # rights are read off the models, triggers come from guards
FOLDERS = (
    "kapclinic/core",
    "kapclinic/trail",
    "billing/codes/data",
    "sessions/boards/sql",  # functions that are made after each migrate
    "sessions/dosing/selectors/marks.py",
)
Migrating = Callable[[dict[str, str]], object]  # migrates what an environment names
BUILDING = 0x6B6170  # the advisory lock of whoever builds a template; "kap"


def digest() -> str:
    """Hash all that ``migrate`` turns into tables, triggers, grants and reference rows, and the month it makes them in:
    partitions are made from then on.
    """
    return hashlib.sha256(json.dumps(_parts(), sort_keys=True).encode()).hexdigest()[:16]


def _parts() -> dict[str, str]:
    parts = {"month": f"{datetime.now(UTC):%Y-%m}"}
    for path in _ingredients():
        parts[str(path.relative_to(CHECKOUT))] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return parts


def grows(before: dict[str, str], now: dict[str, str]) -> bool:
    """Whether `now` is `before` with migrations added, and models: no row and no trigger is made of a model."""
    return all(
        now.get(path) == found or (path in now and path.endswith("/models.py") and "/migrations/" not in path)
        for path, found in before.items()
    ) and all("/migrations/" in path or path.endswith("/models.py") for path in now.keys() - before.keys())


def _ingredients() -> Iterator[Path]:
    folders = [CHECKOUT / folder for folder in FOLDERS]
    for package in (init.parent for init in CHECKOUT.glob("*/__init__.py") if init.parent.name != "tests"):
        for path in package.rglob("*"):
            chosen = (
                path.name in NAMES or "migrations" in path.parts or any(map(path.is_relative_to, folders))
            )
            if chosen and path.is_file() and path.suffix != ".pyc":
                yield path
    yield Path(__file__)


class Template:
    """A template in use: other runs may drop it only once this one let go."""

    def __init__(self, servers: Servers, *, migrating: Migrating | None = None) -> None:
        self._using = servers.admin()
        self._using.execute("SELECT pg_advisory_lock(%s)", [BUILDING])
        try:
            self.name = _ensure(servers, migrating or migrate)
            self._using.execute("SELECT pg_advisory_lock_shared(%s, %s)", _key(self.name))
            grown_from = _to_grow_from(servers, _parts(), besides=self.name)
            _drop_unused(servers, self._using, keep={self.name, grown_from})
        except BaseException:
            self._using.close()
            raise
        self._using.execute("SELECT pg_advisory_unlock(%s)", [BUILDING])

    def close(self) -> None:
        self._using.close()


def _key(name: str) -> tuple[int, int]:
    return BUILDING, int(name.removeprefix(PREFIX)[:7], 16)


def _ensure(servers: Servers, migrating: Migrating) -> str:
    """Build until the files stood still for the length of a build: somebody may be editing them."""
    for _ in range(3):
        found = digest()
        name = PREFIX + found
        if servers.has_database(name):
            return name
        _build(servers, name, migrating)
        if digest() == found:
            return name
        servers.drop_database(name)
    raise LocalError("The migrations change faster than they can be applied.")


def _build(servers: Servers, name: str, migrating: Migrating) -> None:
    fresh = f"{PREFIX}new"
    parts = _parts()
    servers.drop_database(fresh)
    servers.create_database(fresh, template=_to_grow_from(servers, parts))
    migrating(servers.env(database=fresh))
    with servers.admin(fresh) as connection:
        connection.execute("VACUUM (ANALYZE)")
    with servers.admin() as connection:
        _name(connection, fresh, name, parts)


def _name(
    connection: psycopg.Connection[tuple[object, ...]], fresh: str, name: str, parts: dict[str, str]
) -> None:
    """From here on it is a template, which says what it was made of."""
    connection.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(fresh), sql.Literal(json.dumps(parts)))
    )
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(fresh), sql.Identifier(name))
    )


def hand_over(servers: Servers, fill: Callable[[str], object], *, behind: bool) -> None:
    """Have a template at other servers that `fill`, told its URL, makes of one which is migrated already.

    :param behind: it counts as one of before some model changed: whoever wants a template there copies it, and runs
        `migrate` on that
    """
    fresh, parts = f"{PREFIX}handed", _parts()
    servers.drop_database(fresh)
    servers.create_database(fresh)
    fill(with_path(servers.superuser, fresh))
    with servers.admin(fresh) as connection:
        connection.execute("VACUUM (ANALYZE)")
    if behind:
        parts |= {path: "" for path in parts if path.endswith("/models.py")}
    name = PREFIX + hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
    with servers.admin() as connection:
        _name(connection, fresh, name, parts)


def _to_grow_from(servers: Servers, parts: dict[str, str], *, besides: str = "") -> str | None:
    """Return the template of which least is missing, or nothing: then all is made from the first migration on."""
    with servers.admin() as connection:
        rows = connection.execute(
            "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database WHERE starts_with(datname, %s)",
            [PREFIX],
        ).fetchall()
    known = {str(name): json.loads(str(said)) for name, said in rows if said}
    grown = {name: before for name, before in known.items() if name != besides and grows(before, parts)}
    return max(grown, key=lambda name: len(grown[name]), default=None)


def migrate(env: dict[str, str]) -> None:
    """Run ``manage.py migrate`` as the owner, in its own process: it reads its settings at import."""
    settings = {"DJANGO_SETTINGS_MODULE": "kapclinic.settings"}
    done = subprocess.run(
        COMMAND,
        cwd=CHECKOUT,
        env=os.environ | settings | env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LocalError(f"manage.py migrate failed:\n{(done.stderr or done.stdout)[-2500:]}")


def _drop_unused(
    servers: Servers, connection: psycopg.Connection[tuple[object, ...]], *, keep: set[str | None]
) -> None:
    for name in servers.databases(PREFIX):
        if name in keep or not re.fullmatch(PREFIX + "[0-9a-f]{16}", name):
            continue
        row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", _key(name)).fetchone()
        if row and row[0]:
            servers.drop_database(name)
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", _key(name))
