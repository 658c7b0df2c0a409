"""An archive on its way to its rows: it is handed on some megabytes at a time, and nobody holds all of it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

PART_BYTES = 4_000_000  # of an archive in one piece, and of rows in one file of a practice's


class Pieces:
    """A file that is only written to, and handed on some megabytes at a time; `sha256` and `size` are of all."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take, self._held, self._hash, self.size = take, bytearray(), hashlib.sha256(), 0

    def write(self, content: bytes) -> int:
        self._hash.update(content)
        self.size += len(content)
        self._held += content
        while len(self._held) >= PART_BYTES:
            self._take(bytes(self._held[:PART_BYTES]))
            del self._held[:PART_BYTES]
        return len(content)

    def flush(self) -> None:
        """As a file has it; what is held goes with `end`."""

    def end(self) -> str:
        """Hand on the rest; the SHA-256 of all, in hex."""
        if self._held:
            self._take(bytes(self._held))
        return self._hash.hexdigest()


class Entries:
    """A file that a ZIP is written to, with the bytes of one on a disk: it may go back within the entry that it is at,
    whose head is written last. `settle` hands on what is there once the entry is whole.
    """

    def __init__(self, out: Pieces) -> None:
        self._out, self._begins, self._held = out, 0, io.BytesIO()

    def tell(self) -> int:
        return self._begins + self._held.tell()

    def seek(self, offset: int) -> int:
        self._held.seek(offset - self._begins)
        return offset

    def write(self, content: bytes) -> int:
        return self._held.write(content)

    def flush(self) -> None:
        """As a file has it; `settle` hands on."""

    def settle(self) -> None:
        whole = self._held.getbuffer()
        for start in range(0, len(whole), PART_BYTES):
            self._out.write(bytes(whole[start : start + PART_BYTES]))
        self._begins += len(whole)
        self._held = io.BytesIO()
