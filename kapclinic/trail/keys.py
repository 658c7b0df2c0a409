"""Whether the keys of this process are those of the record: one sealed word, which they open or not.

A server that is started with other FIELD_KEYS would find every sealed note unreadable, and seal new ones so that the
right server could never read them. So it is looked at when a process starts and at each `/readyz`; while the word does
not open, what is sealed answers 503 `key_missing`, and everything else goes on.
"""

from __future__ import annotations

import logging
import time
from threading import Thread

from django.conf import settings
from django.db import DatabaseError, connection

from kapclinic.core import crypto
from kapclinic.trail.models import FieldKeyWord

logger = logging.getLogger(__name__)
WORD = b"these are the keys of this record"
AAD = crypto.bound_to("trail_fieldkeyword", FieldKeyWord.ONE)
AGAIN_SECONDS = 5


def plant() -> None:
    """Seal the word with the first key, if there is none: after `migrate`, which has the keys of the clinic."""
    if not FieldKeyWord.objects.exists():
        row = FieldKeyWord(pk=FieldKeyWord.ONE, sealed=crypto.seal(WORD, aad=AAD))
        FieldKeyWord.objects.bulk_create([row], ignore_conflicts=True)  # two may begin at the same time


def open_word() -> bool:
    """Do FIELD_KEYS open the word? Says so to `crypto`, which seals nothing more while they don't."""
    row = FieldKeyWord.objects.first()
    try:
        opens = row is None or crypto.unseal(bytes(row.sealed), aad=AAD) == WORD
    except crypto.Undecipherable:
        opens = False
    crypto.distrust(lost=not opens)
    return opens


def reseal_word() -> int:
    """Seal the word with the first key, when another key sealed it.

    :raises KeyMissing: when no key opens it
    """
    row = FieldKeyWord.objects.select_for_update().first()
    if row is None or crypto.is_current(bytes(row.sealed)):
        return 0
    row.sealed = crypto.rotate(bytes(row.sealed), aad=AAD)
    row.save(update_fields=["sealed"])
    return 1


def look_once() -> bool:
    """Look at the word if the database answers; whether it did. What is found is logged."""
    try:
        if settings.EMBEDDED:
            plant()
        if not open_word():
            logger.critical(
                "FIELD_KEYS are not the keys of this record: what is sealed answers 503 key_missing"
            )
    except DatabaseError:
        return False
    finally:
        connection.close()
    return True


def _look_until_known() -> None:
    while not look_once():
        time.sleep(AGAIN_SECONDS)


def watch() -> None:
    """Look at the word beside the start of a process, which waits for no database."""
    Thread(target=_look_until_known, name="field keys", daemon=True).start()
