"""The write-ahead log as it is written: `pg_receivewal` follows the server into a folder."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from kapclinic.backup.programs import Programs
from kapclinic.backup.shelf import PARTIAL, SEGMENT

STOP_SECONDS = 20


class Receiver:
    """One `pg_receivewal`, and the folder that it writes to. For its slot the server keeps what it lacks."""

    def __init__(self, *, programs: Programs, url: str, folder: Path, slot: str) -> None:
        self.programs, self.url, self.folder, self.slot = programs, url, folder, slot
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "pg_receivewal.log"

    def start(self) -> None:
        """:raises BackupError: when there is no such program"""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        words = ("--directory", self.folder, "--slot", self.slot, "--no-password")
        with self.log.open("wb") as log:
            made = self.programs.start(
                *("pg_receivewal", *words, "--create-slot", "--if-not-exists"),
                url=self.url,
                stdout=log,
                stderr=log,
            )
            if made.wait() == 0:
                self._running = self.programs.start(
                    *("pg_receivewal", *words, "--no-loop", "--status-interval=1"),
                    url=self.url,
                    stdout=log,
                    stderr=log,
                )

    def lives(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def said(self) -> str:
        with contextlib.suppress(OSError):
            return self.log.read_text(errors="replace").strip()[-500:]
        return ""

    def has_begun(self) -> bool:
        return self.lives() and any(self.partial())

    def whole(self) -> list[str]:
        """Segments that are complete, and histories of timelines, in their order."""
        names = (path.name for path in self.folder.iterdir())
        return sorted(name for name in names if SEGMENT.fullmatch(name) or name.endswith(".history"))

    def partial(self) -> Iterator[Path]:
        """The segment that is being written, at most one."""
        yield from sorted(self.folder.glob(f"*{PARTIAL}"))[-1:]

    def stop(self) -> None:
        if self._running is None:
            return
        self._running.terminate()
        try:
            self._running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()
        self._running = None
