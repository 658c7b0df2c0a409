"""Field encryption: AES-256-GCM with the key's id in the sealed bytes, bound to the row that they stand in.

`FIELD_KEYS` holds base64 keys of 32 bytes: the first seals, all open. To rotate, put a new key first, reseal
(`manage.py rotate_field_keys`), then drop the old one.
Sealed bytes: format (1), key id (8), nonce (12), ciphertext with its tag.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from kapclinic.core import chance

FORMAT = b"\x01"
ID_BYTES, NONCE_BYTES, KEY_BYTES = 8, 12, 32
HEAD = len(FORMAT) + ID_BYTES


class Undecipherable(RuntimeError):
    """These bytes can't be opened: the key is gone, they were changed, or they stand in another row."""


class KeyMissing(Undecipherable):
    """FIELD_KEYS are not those that this clinic's record is sealed with."""


@lru_cache(maxsize=8)
def _parsed(encoded: tuple[str, ...]) -> dict[bytes, AESGCM]:
    keys: dict[bytes, AESGCM] = {}
    for text in encoded:
        try:
            key = base64.b64decode(text, validate=True)
        except binascii.Error as exc:
            raise ImproperlyConfigured("FIELD_KEYS: base64 is expected.") from exc
        if len(key) != KEY_BYTES:
            raise ImproperlyConfigured(f"FIELD_KEYS: keys of {KEY_BYTES} bytes are expected.")
        keys[hashlib.sha256(b"kapclinic field key\x00" + key).digest()[:ID_BYTES]] = AESGCM(key)
    if not keys:
        raise ImproperlyConfigured("FIELD_KEYS: at least one key is expected.")
    return keys


def keys() -> dict[bytes, AESGCM]:
    """The keys by id, in the order of the setting.

    :raises ImproperlyConfigured: when one is not base64 of 32 bytes, or there is none
    """
    return _parsed(tuple(settings.FIELD_KEYS))


class _Trust:
    """Whether FIELD_KEYS were found not to open this clinic's record."""

    lost = False


def distrust(*, lost: bool) -> None:
    """Say whether FIELD_KEYS are another clinic's: then nothing more is sealed, since nobody could open it later."""
    _Trust.lost = lost


def bound_to(*parts: object) -> bytes:
    """Associated data: what the sealed bytes belong to, e.g. table, key of the row, client, author, version."""
    return "|".join(map(str, parts)).encode()


def seal(content: bytes, *, aad: bytes) -> bytes:
    """`content` sealed with the first key, readable only with the same `aad`.

    :raises KeyMissing: while FIELD_KEYS are known not to be those of the record
    """
    if _Trust.lost:
        raise KeyMissing("FIELD_KEYS do not open this record.")
    key_id, cipher = next(iter(keys().items()))
    nonce = chance.token_bytes(NONCE_BYTES)
    return FORMAT + key_id + nonce + cipher.encrypt(nonce, content, aad)


def encrypt(text: str, *, aad: bytes) -> bytes:
    """`text` sealed, as `seal` does it."""
    return seal(text.encode(), aad=aad)


def unseal(sealed: bytes, *, aad: bytes) -> bytes:
    """What was sealed.

    :raises KeyMissing: without its key
    :raises Undecipherable: when a bit of it or of `aad` is not what it was
    """
    cipher = keys().get(sealed[len(FORMAT) : HEAD]) if sealed[: len(FORMAT)] == FORMAT else None
    if cipher is None:
        raise KeyMissing("No key of FIELD_KEYS opens this.")
    try:
        return cipher.decrypt(sealed[HEAD : HEAD + NONCE_BYTES], sealed[HEAD + NONCE_BYTES :], aad)
    except (InvalidTag, ValueError) as exc:
        raise Undecipherable("What was sealed was changed, or belongs to another row.") from exc


def decrypt(sealed: bytes, *, aad: bytes) -> str:
    """The text that was sealed.

    :raises Undecipherable: as `unseal`, and for what is no text
    """
    try:
        return unseal(sealed, aad=aad).decode()
    except UnicodeDecodeError as exc:
        raise Undecipherable("What was sealed is no text.") from exc


def is_current(sealed: bytes) -> bool:
    """Whether the first key sealed this."""
    return sealed[:HEAD] == FORMAT + next(iter(keys()))


def rotate(sealed: bytes, *, aad: bytes, new_aad: bytes | None = None) -> bytes:
    """The same content sealed with the first key, for the same row (or for its next version, `new_aad`).

    :raises Undecipherable: as `decrypt`
    """
    return seal(unseal(sealed, aad=aad), aad=aad if new_aad is None else new_aad)
