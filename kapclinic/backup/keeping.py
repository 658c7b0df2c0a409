"""The service: the log goes to the shelf while it is written, and a backup is taken when the newest has grown old."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from django.db import DatabaseError

from kapclinic.backup import database
from kapclinic.backup.programs import Programs
from kapclinic.backup.receiving import Receiver
from kapclinic.backup.shelf import SEGMENT, Manifest, Shelf, new_file, of_file
from kapclinic.backup.taking import MANAGE
from kapclinic.backup.troubles import BackupError

logger = logging.getLogger(__name__)
SLOT, STATUS = "kap_backups", "status.json"
AGAIN = timedelta(minutes=10)  # after a backup that failed
HEARD = timedelta(minutes=1)
DEATHS = 5  # of the receiver in a row, after which it begins anew


@dataclass(kw_only=True)
class Keeper:
    """What runs until it is told to stop. `staging`: where the log lies until the shelf has it. `after`: of
    `verify_audit`, for each backup. `told`: a further file that says what `status.json` says, for everybody to read.
    `tell`: who else hears it, each minute and when it has changed: the database of the clinic, for a web elsewhere."""

    shelf: Shelf
    url: str
    programs: Programs
    staging: Path
    hours: int
    every: int  # seconds
    now: Callable[[], datetime]
    after: str = ""
    told: Path | None = None
    tell: Callable[[Mapping[str, object]], None] | None = None
    stopped: Event = field(default_factory=Event)
    _receiver: Receiver | None = None
    _backup: subprocess.Popen[bytes] | None = None
    _not_before: datetime | None = None
    _wanted: bool = False
    _deaths: int = 0
    _last: int = -1  # number of the last segment that the shelf has
    _sent: tuple[str, int] = ("", 0)  # name and time of the last beginning of one that it has
    _cluster: str = ""
    _segment_bytes: int = 0
    _heard: tuple[object, ...] = ()
    _heard_at: datetime | None = None

    def run(self) -> None:
        """Look every few seconds; what fails is logged, told in `status.json`, and tried again."""
        try:
            while not self.stopped.is_set():
                problem = ""
                try:
                    self.look()
                except (BackupError, OSError) as exc:
                    problem = str(exc)
                    logger.error("backups: %s", problem)  # noqa: TRY400 — the words say all
                self._tell(problem)
                self.stopped.wait(self.every)
        finally:
            if self._backup is not None:
                self._backup.terminate()
                self._backup.wait()
            if self._receiver is not None:
                self._receiver.stop()
                self._ship(self._receiver)

    def look(self) -> None:
        """:raises BackupError: when the server or the shelf is away"""
        receiver = self._receiving()
        self._ship(receiver)
        self._take_when_due()

    def _receiving(self) -> Receiver:
        """The receiver, alive; begun anew when it can't go on from where it was."""
        if self._receiver is not None and self._receiver.lives():
            self._deaths = 0
            return self._receiver
        cluster = database.identify(self.url)
        self._cluster, self._segment_bytes = cluster.identifier, cluster.segment_bytes
        receiver = Receiver(
            programs=self.programs, url=self.url, folder=self.staging / cluster.identifier, slot=SLOT
        )
        if self._last < 0:
            self._last = max((self._number(n) for n in self._segments()), default=-1)
        if self._receiver is not None:
            self._deaths += 1
            logger.warning("backups: the receiver of the log ended: %s", self._receiver.said())
        if self._deaths >= DEATHS:
            self._ship(receiver)
            shutil.rmtree(receiver.folder, ignore_errors=True)
            database.drop_slot(self.url, SLOT)
            self._wanted, self._deaths = True, 0
        receiver.start()
        self._receiver = receiver
        newest = self._newest()
        if newest is not None and int(newest.first_segment[:8], 16) != cluster.timeline:
            self._wanted = True  # a cluster that was restored: what is written now begins from there
        return receiver

    def _segments(self) -> list[str]:
        return [name for name in self.shelf.log_names(self._cluster) if SEGMENT.fullmatch(name)]

    def _number(self, name: str) -> int:
        return int(name[8:16], 16) * (2**32 // self._segment_bytes) + int(name[16:24], 16)

    def _ship(self, receiver: Receiver) -> None:
        """Put on the shelf what is complete, and the beginning of what is not."""
        if not receiver.folder.is_dir():
            return
        for name in receiver.whole():
            self.shelf.put_log(self._cluster, name, of_file(receiver.folder / name))
            (receiver.folder / name).unlink()
            if SEGMENT.fullmatch(name):
                number = self._number(name)
                if self._last >= 0 and number > self._last + 1:
                    logger.error("backups: the log before %s was lost; a backup is taken now", name)
                    self._wanted = True
                self._last = max(self._last, number)
        for path in receiver.partial():
            try:
                found = (path.name, path.stat().st_mtime_ns)
                if found != self._sent:
                    self.shelf.put_log(self._cluster, path.name, of_file(path))
                    self._sent = found
            except FileNotFoundError:  # complete meanwhile: it goes with the next look
                continue

    def _take_when_due(self) -> None:
        """Take a backup in a process of its own: the log goes on being shipped."""
        if self._backup is not None:
            if (failed := self._backup.poll()) is None:
                return
            self._backup = None
            if failed:
                logger.error("backups: a backup failed, and is tried again in ten minutes")
                self._wanted, self._not_before = True, self.now() + AGAIN
        if self._not_before is not None and self.now() < self._not_before:
            return
        newest = self._newest()
        if self._wanted or newest is None or self.now() - _begun(newest) >= timedelta(hours=self.hours):
            self._wanted = False
            after = ["--after", self.after] if self.after else []
            self._backup = subprocess.Popen(
                [sys.executable, str(MANAGE), "backup", str(self.shelf.root), *after],
                stdin=subprocess.DEVNULL,
            )

    def _newest(self) -> Manifest | None:
        """The newest checked backup of this cluster, of those that can be read: the others hold up nothing."""
        good = [m for m in self.shelf.looked()[0] if m.checked_at and m.cluster == self._cluster]
        return good[-1] if good else None

    def _tell(self, problem: str) -> None:
        """`ok`: the log comes, a backup stands that is not much too old, and each that stands can be read."""
        try:
            aside = self.shelf.looked()[1]
            problem = problem or " ".join(map(str, aside.values()))
            newest = self._newest()
            old = newest is None or self.now() - _begun(newest) > timedelta(hours=2 * self.hours)
            lives = self._receiver is not None and self._receiver.lives()
            content: dict[str, object] = {
                "at": self.now().isoformat(),
                "ok": not problem and not old and lives,
                "newest_backup": None if newest is None else newest.id,
                "newest_began_at": None if newest is None else newest.started_at,
                "receiving": lives,
                "problem": problem,
            }
            self._write(self.shelf.root / STATUS, content)
        except (BackupError, OSError) as exc:
            logger.error("backups: the shelf takes no word: %s", exc)  # noqa: TRY400
            content = {
                "at": self.now().isoformat(),
                "ok": False,
                "newest_began_at": None,
                "problem": str(exc),
            }
        try:
            if self.told is not None:
                self._write(self.told, content, mode=0o644)
            self._let_hear(content)
        except (BackupError, OSError, DatabaseError) as exc:
            logger.error("backups: %s", exc)  # noqa: TRY400

    def _let_hear(self, content: Mapping[str, object]) -> None:
        news = (content["ok"], content["newest_began_at"])
        fresh = self._heard_at is not None and self.now() - self._heard_at < HEARD
        if self.tell is None or (fresh and news == self._heard):
            return
        self.tell(content)
        self._heard, self._heard_at = news, self.now()

    @staticmethod
    def _write(path: Path, content: Mapping[str, object], *, mode: int = 0o600) -> None:
        with new_file(path, mode=mode) as file:
            file.write(json.dumps(content, indent=1).encode())


def _begun(manifest: Manifest) -> datetime:
    return datetime.fromisoformat(manifest.started_at)
