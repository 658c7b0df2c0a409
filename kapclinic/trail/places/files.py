"""A folder as a place."""

from __future__ import annotations

import os
from pathlib import Path

from kapclinic.trail.places.troubles import Away


class Folder:
    """A folder that exists: one that is not mounted is away, and is not made."""

    readable = True

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def put(self, name: str, text: str) -> None:
        """Write a new file and wait until the disk has it."""
        try:
            number = os.open(self.path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            raise Away(f"the folder does not take {name}: {exc.strerror}") from exc

    def names(self, *, after: str = "") -> list[str]:
        try:
            return sorted(file.name for file in self.path.iterdir() if file.name > after)
        except OSError as exc:
            raise Away(f"the folder does not answer: {exc.strerror}") from exc

    def get(self, name: str) -> str:
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise Away(f"the folder does not give {name}") from exc
