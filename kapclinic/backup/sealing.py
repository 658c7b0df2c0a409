"""Files of any length, compressed and sealed chunk by chunk: AES-256-GCM under a key of the file's own.

Sealed file: magic (8), id of the key (8), salt (16), then chunks, each with its length (4) before it. The file's key is
HKDF-SHA256 of the key, the salt and a label that says which file of which backup this is, so none can stand in for
another. A chunk's nonce is its number and whether it is the last: none can be left out, moved or cut off at the end.
Source of the construction: Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption" (STREAM), 2015.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kapclinic.backup.troubles import BackupError, Damaged, WrongKey

MAGIC = b"kapback1"
ID_BYTES, SALT_BYTES, KEY_BYTES, LENGTH_BYTES, NONCE_BYTES = 8, 16, 32, 4, 12
CHUNK = 1024 * 1024
LEVEL = 1  # of zlib: what is backed up is read once a day, and written behind a nurse's readings


@dataclass(frozen=True)
class Keys:
    """The keys by id: the first seals, all open."""

    by_id: dict[bytes, bytes]

    @classmethod
    def parsed(cls, encoded: Sequence[str]) -> Keys:
        """Base64 of 32 bytes each.

        :raises BackupError: when one is anything else, or there is none
        """
        found: dict[bytes, bytes] = {}
        for text in encoded:
            try:
                key = base64.b64decode(text, validate=True)
            except binascii.Error as exc:
                raise BackupError("BACKUP_KEY: base64 is expected.") from exc
            if len(key) != KEY_BYTES:
                raise BackupError(f"BACKUP_KEY: keys of {KEY_BYTES} bytes are expected.")
            found[hashlib.sha256(b"kapclinic backup key\x00" + key).digest()[:ID_BYTES]] = key
        if not found:
            raise BackupError("BACKUP_KEY is not set: without a key nothing is backed up or restored.")
        return cls(found)

    @property
    def first(self) -> tuple[bytes, bytes]:
        return next(iter(self.by_id.items()))


@dataclass(frozen=True)
class Written:
    """How long a sealed file is, and its SHA-256."""

    size: int
    sha256: str


class Counting:
    """A file that is read or written, with the count and the hash of its bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> None:
        self.file.write(content)
        self._count(content)

    def read(self, number: int) -> bytes:
        content = self.file.read(number)
        self._count(content)
        return content

    def _count(self, content: bytes) -> None:
        self.size += len(content)
        self.digest.update(content)

    @property
    def written(self) -> Written:
        return Written(self.size, self.digest.hexdigest())


def _cipher(key: bytes, salt: bytes, label: str) -> AESGCM:
    info = b"kapclinic backup\x00" + label.encode()
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(NONCE_BYTES - 1, "big") + (b"\x01" if last else b"\x00")


def _compressed(source: Iterable[bytes]) -> Iterator[bytes]:
    """`source` compressed, in chunks that are full but the last one."""
    packer, waiting = zlib.compressobj(LEVEL), bytearray()
    for part in source:
        waiting += packer.compress(part)
        while len(waiting) > CHUNK:
            yield bytes(waiting[:CHUNK])
            del waiting[:CHUNK]
    waiting += packer.flush()
    while waiting:
        yield bytes(waiting[:CHUNK])
        del waiting[:CHUNK]


def seal(source: Iterable[bytes], target: BinaryIO, *, keys: Keys, label: str) -> Written:
    """Write `source`, compressed and sealed, to `target`."""
    key_id, key = keys.first
    salt = secrets.token_bytes(SALT_BYTES)
    cipher, out = _cipher(key, salt, label), Counting(target)
    out.write(MAGIC + key_id + salt)
    number, held = 0, b""
    for chunk in _compressed(source):
        if held:
            _put(out, cipher.encrypt(_nonce(number, last=False), held, None))
            number += 1
        held = chunk
    _put(out, cipher.encrypt(_nonce(number, last=True), held, None))
    return out.written


def _put(out: Counting, sealed: bytes) -> None:
    out.write(len(sealed).to_bytes(LENGTH_BYTES, "big") + sealed)


def unseal(source: BinaryIO | Counting, *, keys: Keys, label: str) -> Iterator[bytes]:
    """What was sealed, chunk by chunk. Only what came before the end without an error is whole.

    :raises WrongKey: without its key
    :raises Damaged: when a bit of it is not what it was, or it is another file than `label` says
    """
    head = source.read(len(MAGIC) + ID_BYTES + SALT_BYTES)
    if len(head) != len(MAGIC) + ID_BYTES + SALT_BYTES or not head.startswith(MAGIC):
        raise Damaged(f"{label} is not a sealed file.")
    key = keys.by_id.get(head[len(MAGIC) : len(MAGIC) + ID_BYTES])
    if key is None:
        raise WrongKey(f"{label}: BACKUP_KEY is not the key that sealed it.")
    cipher, unpacker = _cipher(key, head[-SALT_BYTES:], label), zlib.decompressobj()
    try:
        for content in _opened(source, cipher):
            yield unpacker.decompress(content)
    except (InvalidTag, EOFError, zlib.error) as exc:
        raise Damaged(f"{label} was changed or cut off after it was written.") from exc
    yield unpacker.flush()


def _opened(source: BinaryIO | Counting, cipher: AESGCM) -> Iterator[bytes]:
    """The chunks of a file, of which the last one says that it is.

    :raises EOFError: when the file ends before that
    :raises InvalidTag: for a chunk that is not the one that was written there
    """
    number, length = 0, source.read(LENGTH_BYTES)
    while length:
        size = int.from_bytes(length, "big")
        sealed = source.read(size) if size <= 2 * CHUNK else b""
        if len(length) != LENGTH_BYTES or len(sealed) != size:
            raise EOFError
        length = source.read(LENGTH_BYTES)
        yield cipher.decrypt(_nonce(number, last=not length), sealed, None)
        number += 1
    if number == 0:
        raise EOFError
