"""A cluster made again from a backup, in a folder of its own: its files, its log, and the recovery to a point."""

from __future__ import annotations

import io
import os
import re
import shutil
import tarfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kapclinic.backup.programs import Programs, free_port
from kapclinic.backup.shelf import BASE, PARTIAL, SEGMENT, Manifest, Shelf
from kapclinic.backup.troubles import BackupError, Damaged

RECOVERY_SECONDS, START_SECONDS = 3600, 60
READY = "ready"  # in postmaster.pid
ENDED = "recovery ended before configured recovery target was reached"
LAST = re.compile(r"last completed transaction was at log time ([0-9: .+-]+)")


@dataclass(frozen=True)
class Target:
    """How far to go: to a named point, to a moment, or (neither) to the end of the log."""

    name: str = ""
    moment: datetime | None = None

    def settings(self) -> dict[str, str]:
        if self.name:
            return {"recovery_target_name": self.name, "recovery_target_action": "promote"}
        if self.moment is not None:
            told = self.moment.astimezone(UTC).isoformat(timespec="microseconds")
            return {"recovery_target_time": told, "recovery_target_action": "promote"}
        return {}


class Pipe(io.RawIOBase):
    """Chunks as a file that is read once, from its beginning to its end."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks, self.held = chunks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        while not self.held:
            found = next(self.chunks, None)
            if found is None:
                return 0
            self.held = found
        part, self.held = self.held[: len(into)], self.held[len(into) :]
        into[: len(part)] = part
        return len(part)


def refuse_unless_empty(into: Path) -> None:
    """:raises BackupError: for a folder that holds anything, or that can't be made"""
    try:
        into.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(into.iterdir()):
            raise BackupError(f"{into} is not empty: a cluster is restored into an empty folder alone.")
        into.chmod(0o700)
    except OSError as exc:
        raise BackupError(f"{into} can't be used: {exc.strerror}.") from exc


def fill(shelf: Shelf, manifest: Manifest, into: Path, *, programs: Programs) -> None:
    """Put the files of the cluster into `into`, and look whether each is what PostgreSQL wrote.

    :raises Damaged: for a file of the backup, or of the cluster, that is not as it was written
    """
    before = os.umask(0o077)
    try:
        pipe = io.BufferedReader(Pipe(chunks := shelf.open(manifest, BASE)), buffer_size=1024 * 1024)
        with tarfile.open(fileobj=pipe, mode="r|") as archive:
            archive.extractall(into, filter="data")
        for _ in chunks:  # to the end, where the hash is compared
            pass
    except (tarfile.TarError, EOFError) as exc:
        raise Damaged(f"{manifest.id}/{BASE} is no archive of a cluster: {type(exc).__name__}.") from exc
    finally:
        os.umask(before)
    for parent, folders, names in os.walk(into):
        for name in (*folders, *names):
            programs.own(Path(parent) / name)
    programs.own(into)
    programs.run("pg_verifybackup", "--no-parse-wal", into)


def _archived(shelf: Shelf, manifest: Manifest) -> list[str]:
    """What the archive has of the log from the backup on."""
    names = shelf.log_names(manifest.cluster)
    return [name for name in names if name.endswith(".history") or name[8:24] >= manifest.first_segment[8:]]


def refuse_a_hole(shelf: Shelf, manifest: Manifest, *, archived: bool) -> None:
    """Before a file is put anywhere.

    :raises Damaged: when a segment of the log is missing, and later ones are there
    """
    later = _archived(shelf, manifest) if archived else []
    names = {*manifest.log_files, *(name.removesuffix(PARTIAL) for name in later)}
    if lacking := _hole(names, manifest):
        raise Damaged(
            f"wal/{manifest.cluster}: the segment …{lacking} is missing, and later ones are there. "
            "What came before it can be had with --to."
        )


def put_log(shelf: Shelf, manifest: Manifest, into: Path, *, programs: Programs, archived: bool) -> None:
    """Put the log into its place: the backup's own, and with `archived` all that came after it, as far as it goes.

    :raises Damaged: when a segment was changed
    """
    folder = into / "pg_wal"
    sources = {name: shelf.open(manifest, f"wal-{name}") for name in manifest.log_files}
    for name in _archived(shelf, manifest) if archived else []:
        # A segment that is whole stands before its beginning, which may be left of an earlier try.
        sources.setdefault(name.removesuffix(PARTIAL), shelf.open_log(manifest.cluster, name))
    lacking = _hole(sources, manifest)
    for name, content in sources.items():
        if lacking and SEGMENT.fullmatch(name) and name[8:24] > lacking:
            continue
        with (folder / name).open("wb") as file:
            (folder / name).chmod(0o600)
            file.writelines(content)
        programs.own(folder / name)


def _hole(names: Iterable[str], manifest: Manifest) -> str:
    """The first segment that is missing before a later one, without its timeline; empty when all are there.

    Recovery ends before a hole and tells nobody. The numbers go up by one, from timeline to timeline.
    """
    per_file = 2**32 // manifest.segment_bytes
    segments = [name for name in names if SEGMENT.fullmatch(name)]
    numbers = {int(name[8:16], 16) * per_file + int(name[16:24], 16) for name in segments}
    first = manifest.first_segment
    expected = int(first[8:16], 16) * per_file + int(first[16:24], 16)
    for number in sorted(numbers | {expected}):
        if number != expected or number not in numbers:
            return f"{expected // per_file:08X}{expected % per_file:08X}"
        expected += 1
    return ""


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """A cluster in a folder. Nobody but its own superuser and the clinic's roles comes in, from this machine alone."""

    folder: Path
    programs: Programs
    port: int
    lasting: bool = True  # else a scratch cluster, which need not wait for its disk

    @property
    def log(self) -> Path:
        return self.folder / "kap_restore.log"

    def recover(self, target: Target) -> None:
        """Start it, let it go to its target, and wait until it is a cluster of its own.

        :raises BackupError: when it does not come that far
        """
        (self.folder / "recovery.signal").touch(mode=0o600)
        self.programs.own(self.folder / "recovery.signal")
        self._start({"restore_command": "false"} | target.settings())
        self._wait()

    def _start(self, more: dict[str, str]) -> None:
        hba = self.folder / "kap_restore_hba.conf"
        hba.write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        self.programs.own(hba)
        conf = self.folder / "postgresql.conf"
        if not conf.exists():  # it stands elsewhere on some systems, and is no part of the cluster then
            conf.touch(mode=0o600)
            self.programs.own(conf)
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "hba_file": str(hba),
            "hot_standby": "off",
            "archive_mode": "off",
            "logging_collector": "off",
            "log_destination": "stderr",
            "log_min_messages": "warning",
            "log_min_error_statement": "panic",
            "ssl": "off",
            "shared_preload_libraries": "",
            "synchronous_standby_names": "",
            "fsync": "on" if self.lasting else "off",
        } | more
        words = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        try:
            self.programs.run("pg_ctl", "-D", self.folder, "-l", self.log, "-W", "-o", words, "start")
        except BackupError as exc:
            raise BackupError(self._why()) from exc

    def _wait(self) -> None:
        """Until it is a cluster of its own: without a standby's queries it answers nobody before.

        :raises BackupError: when its server ended instead
        """
        deadline = time.monotonic() + RECOVERY_SECONDS
        begun = False
        while (status := self._status()) != READY:
            begun = begun or bool(status)
            if (begun and not status) or ENDED in self._said() or time.monotonic() > deadline:
                raise BackupError(self._why())
            if not begun and time.monotonic() > deadline - RECOVERY_SECONDS + START_SECONDS:
                raise BackupError(self._why())
            time.sleep(0.05)

    def _status(self) -> str:
        """What the server says of itself in its pid file; empty when there is none."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return ""
        return lines[7].strip() if len(lines) > 7 else "starting"

    def _said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _why(self) -> str:
        text = self._said()
        if ENDED in text:
            return f"The log ends before the moment of --to: its last commit is of {self.last_commit() or 'none'}."
        return f"The cluster does not start: {text.strip()[-1500:]}"

    def last_commit(self) -> str:
        """When the last transaction that was recovered had been committed, as PostgreSQL says it; else empty."""
        found = LAST.findall(self._said())
        return str(found[-1]).strip() if found else ""

    def stop(self) -> None:
        """Stop it, and take away what only the recovery needed."""
        self.programs.run("pg_ctl", "-D", self.folder, "-m", "fast", "-w", "-t", "120", "stop")
        for name in ("kap_restore_hba.conf", "kap_restore.log"):
            (self.folder / name).unlink(missing_ok=True)

    def abandon(self) -> None:
        """Stop it at once, if it runs: nobody needs what is in it."""
        if (self.folder / "postmaster.pid").exists():
            with suppress(BackupError):
                self.programs.run("pg_ctl", "-D", self.folder, "-m", "immediate", "-w", "stop")


@contextmanager
def scratch_cluster(
    shelf: Shelf, manifest: Manifest, folder: Path, *, programs: Programs
) -> Iterator[Rebuilt]:
    """The cluster of a backup at the point that its manifest names, for a look; nothing of it is left afterwards."""
    refuse_unless_empty(folder)
    refuse_a_hole(shelf, manifest, archived=False)
    cluster = Rebuilt(folder=folder, programs=programs, port=free_port(), lasting=False)
    try:
        fill(shelf, manifest, folder, programs=programs)
        put_log(shelf, manifest, folder, programs=programs, archived=False)
        cluster.recover(Target(name=manifest.point))
        yield cluster
    finally:
        cluster.abandon()
        shutil.rmtree(folder, ignore_errors=True)


def restore(
    shelf: Shelf, *, into: Path, programs: Programs, to: datetime | None = None, name: str = ""
) -> dict[str, str | float]:
    """Make the cluster of a backup again in the empty folder `into`, to the moment `to` or to the last second kept.

    It is left stopped, as a cluster of its own: on a new timeline, with the roles and passwords that it had. `aside` of
    the answer says what is wrong with backups that can't be read: an older one and its log do as well.

    :raises BackupError: for a folder that is not empty, a moment before the first backup or after the log, a wrong key,
        a file that is missing or was changed. `into` is empty again then
    """
    refuse_unless_empty(into)
    manifest = chosen(shelf, to=to, name=name)
    if to is None:
        refuse_a_hole(shelf, manifest, archived=True)
    began = time.monotonic()
    cluster = Rebuilt(folder=into, programs=programs, port=free_port())
    try:
        fill(shelf, manifest, into, programs=programs)
        put_log(shelf, manifest, into, programs=programs, archived=True)
        cluster.recover(Target(moment=to))
        told = cluster.last_commit()
        cluster.stop()
    except BaseException:
        cluster.abandon()
        for path in into.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        raise
    return {
        "backup": manifest.id,
        "checked_at": manifest.checked_at,
        "last_commit": told,
        "seconds": round(time.monotonic() - began, 1),
        "aside": " ".join(map(str, shelf.looked()[1].values())),
    }


def chosen(shelf: Shelf, *, to: datetime | None, name: str) -> Manifest:
    """The backup of that name, else the newest that was consistent at `to`, of those whose manifest can be read.

    :raises BackupError: when there is none
    :raises Damaged: / WrongKey: when the one of that name, or every one, can't be read
    """
    if (wrong := shelf.looked()[1].get(name)) is not None:
        raise wrong
    found = [manifest for manifest in shelf.backups() if not name or manifest.id == name]
    found = [manifest for manifest in found if to is None or manifest.consistent_at <= to]
    if not found:
        raise BackupError(
            f"{shelf.root} holds no whole backup{f' {name}' if name else ''} from before that moment."
        )
    return found[-1]
