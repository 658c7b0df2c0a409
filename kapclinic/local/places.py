"""Where the servers keep their files, and as whom they run.

PostgreSQL refuses to run as root, so root starts both servers as ``nobody``. The state file with the passwords and the
locks stay with the caller; only ``data`` belongs to the servers' account, so a server can't rewrite what root reads.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

CHECKOUT = Path(__file__).resolve().parents[2]
ROOT_HOME = Path("/var/lib/kap-embed")
SERVER_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}


class LocalError(Exception):
    """Something on this machine is in the way; the message says what, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """The unprivileged account that root lends to the servers."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """Return ``nobody`` for root, None for anyone else (who runs the servers as themselves)."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


@dataclass(frozen=True, kw_only=True)
class Place:
    """One folder that holds one pair of servers, and the account they run as."""

    base: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def logs(self) -> Path:
        return self.base / "logs"

    @property
    def state_file(self) -> Path:
        return self.base / "state.json"

    @property
    def lock(self) -> Path:
        """Held while servers are started or stopped."""
        return self.base / "lock"

    @property
    def users(self) -> Path:
        """Held shared by everyone who uses the pair; whoever gets it alone may stop the pair."""
        return self.base / "users.lock"

    def prepare(self) -> None:
        """Make the folders. Other accounts may pass through the base, and read nothing in it."""
        try:
            if self.base.parent == ROOT_HOME:
                _make_folder(ROOT_HOME, 0o755)
            _make_folder(self.base, 0o711 if self.account else 0o700)
            _make_folder(self.logs, 0o700)
        except PermissionError as refused:
            raise LocalError(
                f"Cannot write {self.base}: set KAP_EMBED_DIR to a folder of your own."
            ) from refused
        self.folder(self.data)
        self._require_reachable()

    def folder(self, path: Path) -> Path:
        """Make a private folder that belongs to the servers' account."""
        _make_folder(path, 0o700)
        return self.own(path)

    def write(self, path: Path, text: str) -> Path:
        """Write a file that only the servers' account may read."""
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        return self.own(path)

    def own(self, path: Path) -> Path:
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)
        return path

    def run(self, *command: str | Path, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Run a server program as the servers' account. Output goes to a file: a daemon would keep a pipe open."""
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [str(part) for part in command],
                cwd="/",
                env=SERVER_ENV,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                umask=0o077,
                check=False,
                **self._dropped(),
            )
            output.seek(0)
            text = output.read().decode(errors="replace").strip()
        if check and done.returncode:
            raise LocalError(f"{Path(command[0]).name} failed ({done.returncode}): {text[-2000:]}")
        return done

    def runs(self, *command: str | Path) -> bool:
        """Tell whether the servers' account can run this at all."""
        try:
            return self.run(*command, check=False).returncode == 0
        except OSError:
            return False

    def _dropped(self) -> dict[str, Any]:
        if self.account is None:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}

    def _require_reachable(self) -> None:
        if self.account and not self.runs("/bin/sh", "-c", f'cd "{self.data}"'):
            raise LocalError(
                f"{self.account.name} cannot reach {self.data}: choose a folder with KAP_EMBED_DIR whose "
                "parents everyone may pass through."
            )


def default_place() -> Place:
    """Return this checkout's own place: ``KAP_EMBED_DIR``, or one that needs no set-up."""
    account = server_account()
    if chosen := os.environ.get("KAP_EMBED_DIR"):
        return Place(base=Path(chosen).resolve(), account=account)
    if account:
        name = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:12]
        return Place(base=ROOT_HOME / name, account=account)
    return Place(base=CHECKOUT / ".kap", account=None)


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for the file's lock and hold it for the block; the kernel frees it when a holder dies."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def hold(path: Path, *, shared: bool = True, wait: bool = True) -> IO[str] | None:
    """Hold the file's lock until the returned handle is closed or this process ends; None when someone else has it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = path.open("a")
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(handle, kind if wait else kind | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


def _make_folder(path: Path, mode: int) -> None:
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
