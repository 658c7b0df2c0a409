"""The shelf: the folder that backups and the write-ahead log stand in, and what counts there as whole.

backups/20260504T020000Z/base.tar.kap          the files of the cluster
backups/20260504T020000Z/wal-….kap             the log that makes them consistent
backups/20260504T020000Z/manifest.json         written last: without it there is no backup
wal/7412…/000000010000000000000042.kap         the log since, of the cluster with that identifier
wal/7412…/000000010000000000000043.partial.kap its end, written again every few seconds
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from kapclinic.backup.sealing import Counting, Keys, Written, seal, unseal
from kapclinic.backup.troubles import BackupError, Damaged, WrongKey

MANIFEST, SUFFIX, PARTIAL, BASE = "manifest.json", ".kap", ".partial", "base.tar"
SEGMENT = re.compile(r"[0-9A-F]{24}")
LOG_FILE = re.compile(r"[0-9A-F]{24}(\.partial)?|[0-9A-F]{8}\.history")
PART = 256 * 1024
LEFT_OVER = timedelta(days=1)  # after which a backup without a manifest was left by a run that was killed


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds. Moments are UTC; `tables`: rows and a sum of SHA-256s of each table at `point`."""

    id: str
    started_at: str
    finished_at: str
    cluster: str  # PostgreSQL's system identifier
    version: str
    database: str
    first_segment: str
    segment_bytes: int
    point: str  # the restore point that the check went to
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, list[str]] = field(default_factory=dict)
    checked_at: str = ""  # empty: it was never restored for a look

    @property
    def consistent_at(self) -> datetime:
        return datetime.fromisoformat(self.finished_at)

    @property
    def log_files(self) -> list[str]:
        return sorted(name.removeprefix("wal-") for name in self.files if name.startswith("wal-"))


@dataclass(frozen=True)
class Shelf:
    """One folder, which has to be there, and the keys that open what stands in it."""

    root: Path
    keys: Keys

    def backups(self) -> list[Manifest]:
        """The whole ones, oldest first. One whose manifest can't be read stands aside: the others are there.

        :raises BackupError: when the folder does not answer
        :raises Damaged: / WrongKey: when there are some, and none of them can be read
        """
        good, aside = self.looked()
        if aside and not good:
            raise next(iter(aside.values()))
        return good

    def looked(self) -> tuple[list[Manifest], dict[str, BackupError]]:
        """The whole backups, oldest first; and by name what is wrong with those whose manifest can't be read.

        :raises BackupError: when the folder does not answer
        """
        good: list[Manifest] = []
        aside: dict[str, BackupError] = {}
        for path in sorted((self._there() / "backups").glob(f"*/{MANIFEST}")):
            try:
                good.append(self._manifest(path))
            except BackupError as exc:
                aside[path.parent.name] = exc
        return good, aside

    def begin(self, name: str) -> Path:
        """The folder of a new backup.

        :raises BackupError: when there is one of that name
        """
        self._there()
        path = self.folder(name)
        try:
            path.mkdir(parents=True, mode=0o700)
        except OSError as exc:
            raise BackupError(f"{path} can't be made: {exc.strerror}.") from exc
        return path

    def folder(self, name: str) -> Path:
        return self.root / "backups" / name

    def log(self, cluster: str) -> Path:
        return self.root / "wal" / cluster

    def put(self, manifest: Manifest, name: str, source: Iterable[bytes]) -> Manifest:
        """Seal a file of a backup; returns the manifest that names it too."""
        with new_file(self.folder(manifest.id) / f"{name}{SUFFIX}") as file:
            told = seal(source, file, keys=self.keys, label=f"{manifest.id}/{name}")
        return replace(manifest, files=manifest.files | {name: asdict(told)})

    def open(self, manifest: Manifest, name: str) -> Iterator[bytes]:
        """The content of a file of a backup; whole once it came to its end.

        :raises Damaged: when it is missing, or another than the manifest says
        :raises WrongKey: as `unseal`
        """
        label, told = f"{manifest.id}/{name}", manifest.files[name]
        with _existing(self.folder(manifest.id) / f"{name}{SUFFIX}", label) as file:
            counted = Counting(file)
            yield from unseal(counted, keys=self.keys, label=label)
            if counted.written != Written(told["size"], told["sha256"]):
                raise Damaged(f"{label} is not the file that the manifest names.")

    def put_log(self, cluster: str, name: str, source: Iterable[bytes]) -> None:
        """Seal a segment, the beginning of one (`.partial`), or a history of timelines."""
        self._there()
        folder = self.log(cluster)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with new_file(folder / f"{name}{SUFFIX}") as file:
            seal(source, file, keys=self.keys, label=f"wal/{cluster}/{name}")
        if not name.endswith(PARTIAL):
            (folder / f"{name}{PARTIAL}{SUFFIX}").unlink(missing_ok=True)

    def open_log(self, cluster: str, name: str) -> Iterator[bytes]:
        label = f"wal/{cluster}/{name}"
        with _existing(self.log(cluster) / f"{name}{SUFFIX}", label) as file:
            yield from unseal(file, keys=self.keys, label=label)

    def log_names(self, cluster: str) -> list[str]:
        names = (path.name.removesuffix(SUFFIX) for path in self.log(cluster).glob(f"*{SUFFIX}"))
        return sorted(name for name in names if LOG_FILE.fullmatch(name))

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest: from now on this is a backup."""
        content = asdict(manifest)
        with new_file(self.folder(manifest.id) / MANIFEST) as file:
            text = json.dumps(
                content | {"mac": self._mac(content, self.keys.first[1])}, indent=1, sort_keys=True
            )
            file.write(text.encode() + b"\n")

    def drop(self, name: str) -> None:
        """Take a backup away: its manifest first, so that what is half gone is no backup."""
        (self.folder(name) / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(self.folder(name), ignore_errors=True)

    def thin_out(self, *, cluster: str, keep: int, at: datetime) -> list[str]:
        """Take away all but the `keep` newest of a cluster that were checked, and the log that none of those needs.

        The newest one that was checked stays always. What has no manifest goes after a day; what has one that can't be
        read stays for people to look at.
        """
        whole = [manifest for manifest in self.backups() if manifest.cluster == cluster]
        good = [manifest for manifest in whole if manifest.checked_at]
        if not good:
            return []
        oldest = good[-max(keep, 1) :][0]
        gone = [manifest.id for manifest in whole if manifest.id < oldest.id]
        for path in (self.root / "backups").iterdir():
            begun = datetime.fromtimestamp(path.stat().st_mtime, tz=at.tzinfo)
            if not (path / MANIFEST).exists() and at - begun > LEFT_OVER:
                gone.append(path.name)
        for name in gone:
            self.drop(name)
        for name in self.log_names(cluster):
            if SEGMENT.match(name) and name[8:24] < oldest.first_segment[8:]:
                (self.log(cluster) / f"{name}{SUFFIX}").unlink(missing_ok=True)
        return gone

    def _there(self) -> Path:
        """:raises BackupError: when the folder is not there: it is never made, since it may not be mounted"""
        if not self.root.is_dir():
            raise BackupError(f"{self.root} is not there: mount it, or make it.")
        return self.root

    def _manifest(self, path: Path) -> Manifest:
        name = f"{path.parent.name}/{MANIFEST}"
        try:
            content: dict[str, Any] = json.loads(path.read_text())
            mac = content.pop("mac")
            manifest = Manifest(**content)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as exc:
            raise Damaged(f"{name} is not a manifest: {type(exc).__name__}.") from exc
        if not any(
            hmac.compare_digest(self._mac(content, key), str(mac)) for key in self.keys.by_id.values()
        ):
            raise WrongKey(f"{name} was changed, or BACKUP_KEY is not the key that wrote it.")
        if manifest.id != path.parent.name:
            raise Damaged(f"{name} belongs to the backup {manifest.id}.")
        return manifest

    @staticmethod
    def _mac(content: Mapping[str, Any], key: bytes) -> str:
        own = hashlib.sha256(b"kapclinic backup manifest\x00" + key).digest()
        return hmac.new(own, json.dumps(content, sort_keys=True).encode(), "sha256").hexdigest()


def of_file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(PART):
            yield part


@contextmanager
def new_file(path: Path, *, mode: int = 0o600) -> Iterator[BinaryIO]:
    """A file that stands at its place once it is whole and on the disk, and not before."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        with fresh.open("wb") as file:
            fresh.chmod(mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as exc:
        raise BackupError(f"{path} can't be written: {exc.strerror}.") from exc
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _existing(path: Path, label: str) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as exc:
        raise Damaged(f"{label} is missing: {exc.strerror}.") from exc
    with file:
        yield file
