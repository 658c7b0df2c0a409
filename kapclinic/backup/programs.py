"""PostgreSQL's own programs: where they are, and as whom its server runs (it refuses to be root's)."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from kapclinic.backup.troubles import BackupError

NAMES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


@dataclass(frozen=True, kw_only=True)
class Programs:
    """`folder`: where they are, else on PATH. `account`: whose a server is that root starts."""

    folder: Path | None
    account: str

    def __getitem__(self, name: str) -> str:
        """:raises BackupError: when there is none of that name"""
        found = shutil.which(name, path=str(self.folder) if self.folder else None)
        if found is None:
            raise BackupError(
                f"{name} is not there: BACKUP_PROGRAMS names the folder of PostgreSQL's programs."
            )
        return found

    def run(self, name: str, *words: str | Path, env: Mapping[str, str] | None = None) -> str:
        """Run one to its end as the server's account; returns what it said.

        :raises BackupError: when it fails
        """
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [self[name], *map(str, words)],
            cwd="/",
            env=_env(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            umask=0o077,
            check=False,
            **self._dropped(),
        )
        said: str = done.stdout
        if done.returncode:
            raise BackupError(f"{name} failed ({done.returncode}): {said.strip()[-1500:]}")
        return said

    def start(self, name: str, *words: str | Path, url: str, **streams: Any) -> subprocess.Popen[bytes]:
        """Start a client of the server at `url`; the password stands in its environment, not among its words."""
        command = [self[name], *map(str, words)]
        return subprocess.Popen(command, cwd="/", env=_env(told(url)), stdin=subprocess.DEVNULL, **streams)

    def own(self, path: Path) -> Path:
        """Give a file or folder to the server's account."""
        if dropped := self._dropped():
            os.chown(path, dropped["user"], dropped["group"])
        return path

    def _dropped(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        try:
            entry = pwd.getpwnam(self.account)
        except KeyError as exc:
            raise BackupError(f"BACKUP_ACCOUNT: there is no account {self.account}.") from exc
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def told(url: str) -> dict[str, str]:
    """An address as PostgreSQL's programs read it from their environment."""
    parts = conninfo_to_dict(url)
    return {NAMES[name]: str(value) for name, value in parts.items() if name in NAMES}


def _env(more: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"} | dict(more)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
