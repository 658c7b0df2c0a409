"""What a browser's session remembers of a proof: when the password, and the second factor of who has one, was given."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from kapclinic.practice.factors import rules

GIVEN = "kap_proven"  # Unix seconds
ASKED = "kap_challenge"  # the challenge that this browser's passkey is to answer
ENROLLING = "kap_enrolling"


def mark(session: Any, *, at: datetime) -> None:
    """The password was right just now, and so was the second factor of whoever has one."""
    session[GIVEN] = int(at.timestamp())


def is_fresh(session: Any, *, at: datetime) -> bool:
    return rules.is_fresh(session.get(GIVEN), at=at)


def remember(session: Any, challenge_id: UUID, *, what: str) -> None:
    session[what] = str(challenge_id)


def take(session: Any, *, what: str) -> UUID | None:
    """The challenge that this browser was given, once."""
    found = session.pop(what, None)
    return UUID(found) if found else None
