"""Copies of one request that names a witness: what was right or wrong of the first is so of all, and counts once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

KEPT = timedelta(minutes=5)  # as long as a passkey's question can be answered

Asked = list[tuple[str, str, bool]]  # the print of a request, when it came first, was the witness accepted


def bound(copy: str | None, *, factors: Iterable[UUID], password_set_at: datetime | None) -> str | None:
    """The print of a request as this witness stands: with another password or another factor it is another request's.

    So an answer is not remembered past the removal of the factor that gave it. None for a request without copies.
    """
    if copy is None:
        return None
    stands = [copy, password_set_at.isoformat() if password_set_at else "", *sorted(map(str, factors))]
    return hashlib.sha256("\x1f".join(stands).encode()).hexdigest()


def answered(asked: Sequence[Sequence[object]], *, copy: str | None, at: datetime) -> bool | None:
    """Was the witness of a copy of this request accepted? None when there was no copy in the last minutes."""
    return next((right for known, _, right in _recent(asked, at=at) if known == copy), None)


def with_answer(asked: Sequence[Sequence[object]], *, copy: str | None, right: bool, at: datetime) -> Asked:
    """What is remembered from now on; of a request that has no copies, nothing more."""
    kept = [row for row in _recent(asked, at=at) if row[0] != copy]
    return kept if copy is None else [*kept, (copy, at.isoformat(), right)]


def _recent(asked: Sequence[Sequence[object]], *, at: datetime) -> Asked:
    rows = [(str(known), str(when), bool(right)) for known, when, right in asked]
    return [row for row in rows if datetime.fromisoformat(row[1]) > at - KEPT]
