"""The environment that ``manage.py`` borrows on a developer's machine: of the running demo, else of ``kap_dev``.

A production process never borrows: its image leaves this package out, and it sets the variables in ``OWN``.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import psutil

from kapclinic.local import services
from kapclinic.local.development import development_env
from kapclinic.local.places import LocalError, Place, default_place, hold
from kapclinic.local.processes import lives, signature
from kapclinic.local.servers import Servers

OWN = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "VALKEY_URL", "SECRET_KEY", "FIELD_KEYS")  # one is enough
LENT = (
    *("DATABASE_URL", "MIGRATION_DATABASE_URL", "VALKEY_URL", "KAP_EMBEDDED", "SECRET_KEY", "FIELD_KEYS"),
    *("SWEEP_SECONDS", "KAP_DEMO_PASSWORD", "EMAIL_URL", "SMS_WEBHOOK_URL", "SMS_WEBHOOK_SECRET"),
)
DEMO = "KAP_DEMO"  # in the file: whose environment it is
REFUSED = ("0", "false", "no", "off")


def publish(place: Place, port: int, env: Mapping[str, str]) -> Path:
    """Write the demo's environment for ``manage.py``, readable by its owner alone; unlink it when the demo ends."""
    told = {DEMO: signature(psutil.Process())} | {name: env[name] for name in LENT if name in env}
    target = _file(place, port)
    fresh = target.with_suffix(f".{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in told.items()))
    fresh.replace(target)
    return target


def published(place: Place) -> dict[str, str] | None:
    """Return the environment of a demo that is alive: the one on ``PORT``, else the one that opened first."""
    port = os.environ.get("PORT", "")
    files = sorted(place.base.glob("demo-*.env"), key=lambda path: path.stat().st_mtime)
    files.sort(key=lambda path: path.name != f"demo-{port}.env")
    return next((env for env in map(_read, files) if env is not None), None)


def borrow(arguments: list[str]) -> IO[str] | None:
    """Fill this process's environment when it has none of its own; keep the pair in use until the result is closed."""
    refused = os.environ.get("KAP_EMBEDDED", "").strip().lower() in REFUSED
    if len(arguments) < 2 or refused or any(name in os.environ for name in OWN):
        return None
    try:
        place = default_place()
        place.prepare()
        using = hold(place.users)
        migrating = arguments[1] == "migrate"
        owning = migrating or arguments[1] == "import_practice"
        env = published(place)
        if env is None:
            _say_what_starts(place)
            env = development_env(migrated=not migrating)
    except LocalError as missing:
        sys.exit(str(missing))
    for name in LENT:
        if name in env and (owning or name != "MIGRATION_DATABASE_URL"):
            os.environ.setdefault(name, env[name])
    return using


def _say_what_starts(place: Place) -> None:
    """One line before servers are started that nobody asked for by name."""
    if Servers.given() is None and services.running(place) is None:
        sys.stderr.write(
            f"The environment names no database: starting PostgreSQL and Valkey for development in {place.base}\n"
        )


def _file(place: Place, port: int) -> Path:
    return place.base / f"demo-{port}.env"


def _read(path: Path) -> dict[str, str] | None:
    try:
        env = dict(word.split("=", 1) for word in shlex.split(path.read_text()))
        return env if lives(env.pop(DEMO)) else None
    except (OSError, ValueError, KeyError):
        return None
