"""Answers that are kept for an Idempotency-Key: sealed, since they may hold a record's text, and for that key alone.

What is kept are the bytes of the first answer, so a repeat is answered byte by byte alike. An answer of which only the
id is kept (`replay_by_id`) tells nothing and stays as it is.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from kapclinic.core import crypto
from kapclinic.trail.models import IdempotencyRecord

TOGETHER = 500


def bound_to(scope: Mapping[str, Any]) -> bytes:
    """What a sealed answer belongs to: its user, method, path and key."""
    named = (scope[name] for name in ("user_id", "method", "path", "key"))
    return crypto.bound_to(IdempotencyRecord._meta.db_table, *named)


def sealed(content: bytes, *, scope: Mapping[str, Any]) -> str:
    """The JSON of an answer as it is kept: sealed, in base64."""
    return base64.b64encode(crypto.seal(content, aad=bound_to(scope))).decode()


def opened(kept: str, *, scope: Mapping[str, Any]) -> bytes:
    """The JSON of the answer.

    :raises Undecipherable: without its key, or for the answer of another request
    """
    return crypto.unseal(base64.b64decode(kept), aad=bound_to(scope))


def reseal_answers() -> int:
    """Seal again, with the first key, what an older key sealed; returns how many answers that were.

    :raises Undecipherable: for one whose key is not among FIELD_KEYS any more
    """
    done, last = 0, UUID(int=0)
    while keys := list(
        IdempotencyRecord.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:TOGETHER]
    ):
        with transaction.atomic():
            done += sum(map(_reseal, IdempotencyRecord.objects.select_for_update().filter(pk__in=keys)))
        last = keys[-1]
    return done


def _reseal(row: IdempotencyRecord) -> int:
    if not isinstance(row.answer, str):
        return 0
    content = base64.b64decode(row.answer)
    if crypto.is_current(content):
        return 0
    row.answer = base64.b64encode(crypto.rotate(content, aad=bound_to(vars(row)))).decode()
    row.save(update_fields=["answer"])
    return 1
