"""One backup: a base copy, the log to a named point behind it, and the check that both make the same tables again."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from kapclinic.backup import database, leftovers, rebuilding
from kapclinic.backup.programs import Programs
from kapclinic.backup.receiving import Receiver
from kapclinic.backup.shelf import BASE, PART, SEGMENT, Manifest, Shelf, of_file
from kapclinic.backup.troubles import BackupError

RECEIVE_SECONDS = 60
MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is backed up, whereto, and how it is looked at afterwards.

    `url`: the role that may replicate and read all. `runtime`: the role that `verify_audit` runs as on the scratch
    cluster. `scratch`: a folder that holds the whole cluster unsealed for the length of the check.
    """

    shelf: Shelf
    url: str
    runtime: str
    programs: Programs
    scratch: Path
    after: str = ""  # SEQUENCE:HASH of `verify_audit`, when the beginning of the chain is in the archive
    now: Callable[[], datetime]


def take(plan: Plan) -> Manifest:
    """Take a backup and check it. Returns its manifest, which stands on the shelf.

    :raises BackupError: when another is being taken, a step fails, or what came back is not what is there: then there
        is no new backup
    """
    with leftovers.alone(plan.scratch):
        leftovers.clear(plan.scratch, url=plan.url, programs=plan.programs)
        return _taken(plan)


def _taken(plan: Plan) -> Manifest:
    started = plan.now().astimezone(UTC)
    cluster = database.identify(plan.url)
    manifest = Manifest(
        id=f"{started:%Y%m%dT%H%M%SZ}",
        started_at=started.isoformat(),
        finished_at="",
        cluster=cluster.identifier,
        version=cluster.version,
        database=cluster.database,
        first_segment="",
        segment_bytes=cluster.segment_bytes,
        point="",
    )
    plan.shelf.begin(manifest.id)
    try:
        with _scratch(plan) as folder:
            manifest = _copied(plan, manifest, folder / "wal")
            manifest = _checked(plan, manifest, folder / "pg")
            plan.shelf.finish(manifest)
    except BaseException:
        plan.shelf.drop(manifest.id)
        raise
    return manifest


@contextmanager
def _scratch(plan: Plan) -> Iterator[Path]:
    """A folder that the server's account can pass through, and nobody can list."""
    folder = Path(tempfile.mkdtemp(prefix=leftovers.FOLDER, dir=plan.scratch))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copied(plan: Plan, manifest: Manifest, folder: Path) -> Manifest:
    """The base copy and its log, sealed on the shelf."""
    slot = f"{leftovers.SLOT}{secrets.token_hex(6)}"
    receiver = Receiver(programs=plan.programs, url=plan.url, folder=folder, slot=slot)
    try:
        receiver.start()
        _wait(receiver, receiver.has_begun, "did not begin")
        manifest = _base(plan, manifest)
        finished = (
            plan.now().astimezone(UTC).isoformat()
        )  # consistent from here on, so a moment after it can be had
        point = f"kap_{manifest.id}_{secrets.token_hex(4)}"
        tables = database.mark(plan.url, point)
        last = database.switch_segment(plan.url)
        _wait(receiver, lambda: last in receiver.whole(), f"did not receive {last}")
    finally:
        receiver.stop()
        database.drop_slot(plan.url, slot)
    names = [name for name in receiver.whole() if name.endswith(".history") or name <= last]
    first = next(name for name in names if SEGMENT.fullmatch(name))  # the receiver began before the copy
    manifest = replace(manifest, finished_at=finished, first_segment=first, point=point, tables=tables)
    for name in names:
        manifest = plan.shelf.put(manifest, f"wal-{name}", of_file(folder / name))
    return manifest


def _base(plan: Plan, manifest: Manifest) -> Manifest:
    """The files of the cluster, as one archive that is sealed while it comes: nothing lies unsealed on a disk."""
    words = (
        "--pgdata=-",
        "--format=tar",
        "--wal-method=none",
        "--checkpoint=fast",
        "--manifest-checksums=SHA256",
    )
    with tempfile.TemporaryFile() as said:
        running = plan.programs.start(
            *("pg_basebackup", *words, "--verbose", "--no-password"),
            url=plan.url,
            stdout=subprocess.PIPE,
            stderr=said,
        )
        assert running.stdout is not None
        with running.stdout:
            try:
                manifest = plan.shelf.put(manifest, BASE, _parts(running.stdout))
            except BaseException:
                running.kill()
                running.wait()
                raise
        failed = running.wait()
        said.seek(0)
        text = said.read().decode(errors="replace")
    if failed:
        raise BackupError(f"pg_basebackup failed ({failed}): {text.strip()[-1000:]}")
    return manifest


def _parts(stream: IO[bytes]) -> Iterator[bytes]:
    while part := stream.read(PART):
        yield part


def _wait(receiver: Receiver, ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + RECEIVE_SECONDS
    while not ready():
        if not receiver.lives() or time.monotonic() > deadline:
            raise BackupError(f"pg_receivewal {what}: {receiver.said()}")
        time.sleep(0.05)


def _checked(plan: Plan, manifest: Manifest, folder: Path) -> Manifest:
    """Restore it beside, and compare: every table to the row, and every chain.

    :raises BackupError: naming what differs
    """
    plan.programs.own(folder.parent)
    with rebuilding.scratch_cluster(plan.shelf, manifest, folder, programs=plan.programs) as cluster:
        there = {"host": "127.0.0.1", "port": str(cluster.port), "sslmode": "disable"}
        found = database.count(_at(plan.url, there, manifest.database))
        if other := database.differing(manifest.tables, found):
            raise BackupError(
                f"The restored cluster is not the one that was backed up: {', '.join(other)} differ."
            )
        verify_audit(_at(plan.runtime, there, manifest.database), after=plan.after)
    return replace(manifest, checked_at=plan.now().astimezone(UTC).isoformat())


def _at(url: str, there: Mapping[str, str], name: str) -> str:
    """The same role with the same password, at another server."""
    parts = conninfo_to_dict(url)
    where = f"{there['host']}:{there['port']}/{name}"
    return f"postgresql://{_quoted(parts['user'])}:{_quoted(parts.get('password') or '')}@{where}?sslmode=disable"


def _quoted(word: object) -> str:
    return quote(str(word), safe="")


def verify_audit(url: str, *, after: str = "") -> None:
    """Walk every chain of the database at `url`, as `manage.py verify_audit` does.

    :raises BackupError: with what it says
    """
    env = os.environ | {
        "DATABASE_URL": url,
        "ANCHOR_URL": "",
        "REPLICA_DATABASE_URL": "",
        "KAP_PROCESS": "backup",
    }
    done = subprocess.run(
        [sys.executable, str(MANAGE), "verify_audit", *([f"--after={after}"] if after else [])],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"verify_audit on the restored cluster: {done.stderr.strip()[-1000:]}")
