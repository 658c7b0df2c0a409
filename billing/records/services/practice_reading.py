"""Read the archive of a practice, and believe nothing in it that its manifest does not bear out."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from billing.records.rules import practice_exports as rules

MOST_MANIFEST = 1 << 30  # bytes, opened


class NotBroughtIn(Exception):
    """A practice that can't be brought in, and why: `code` is a word for programs."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


def hash_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Archive:
    """An archive that is read file by file; each is compared with the manifest before it is used.

    :raises NotBroughtIn: `not_an_archive`, `manifest_changed`, or `file_changed` naming the file
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as exc:
            raise NotBroughtIn("not_an_archive", f"{path.name} can't be read as an archive.") from exc
        self.manifest: rules.Manifest = self._manifest()
        self._files = {file["name"]: file for file in self.manifest["files"]}
        names = self._zip.namelist()
        if len(names) != len(set(names)) or set(names) != {*self._files, rules.MANIFEST}:
            raise NotBroughtIn("file_changed", "The archive does not hold the files that its manifest names.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def _manifest(self) -> rules.Manifest:
        try:
            held = self._zip.getinfo(rules.MANIFEST)
            if held.file_size > MOST_MANIFEST:
                raise ValueError
            told: rules.Manifest = json.loads(self._zip.read(held))
            known = (told["format"], told["edition"]) == (rules.FORMAT, rules.EDITION)
            whole = told["sha256"] == rules.digest(told)
        except (KeyError, ValueError, TypeError, zipfile.BadZipFile, zlib.error) as exc:
            raise NotBroughtIn("not_an_archive", "This is no archive of a practice.") from exc
        if not known:
            raise NotBroughtIn("other_format", "The archive was written in another edition of its format.")
        if not whole:
            raise NotBroughtIn("manifest_changed", "The manifest was changed after it was written.")
        return told

    def lines(self, table: str) -> Iterator[list[bytes]]:
        """The rows of a table in their order, a file of some megabytes at a time."""
        for file in self.manifest["files"]:
            if file.get("table") == table:
                content = _unpacked(file, self.content(file["name"]))
                lines = content.splitlines(keepends=True)
                if len(lines) != file["rows"]:
                    raise NotBroughtIn(
                        "file_changed", f"{file['name']} has not the rows that it should have."
                    )
                yield lines

    def files(self, table: str) -> list[str]:
        """The keys of the rows of a table whose bytes are files."""
        start = f"files/{table}/"
        return [name.removeprefix(start) for name in self._files if name.startswith(start)]

    def content(self, name: str) -> bytes:
        """The bytes of a file, as the manifest has them."""
        told = self._files[name]
        try:
            held = self._zip.getinfo(name)
            content = self._zip.read(held) if held.file_size == told["size"] else b""
        except (OSError, zipfile.BadZipFile, zlib.error) as exc:
            raise NotBroughtIn("file_changed", f"{name} was changed after it was written.") from exc
        if len(content) != told["size"] or hashlib.sha256(content).hexdigest() != told["sha256"]:
            raise NotBroughtIn("file_changed", f"{name} was changed after it was written.")
        return content


def _unpacked(file: rules.FileTold, packed: bytes) -> bytes:
    """The lines of a file, never more bytes than the manifest says."""
    opener = zlib.decompressobj(wbits=31)
    try:
        content = opener.decompress(packed, file["unpacked"] + 1)
    except zlib.error as exc:
        raise NotBroughtIn("file_changed", f"{file['name']} can't be unpacked.") from exc
    if len(content) != file["unpacked"] or not opener.eof:
        raise NotBroughtIn("file_changed", f"{file['name']} is longer or shorter than it should be.")
    return content
