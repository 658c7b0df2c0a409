"""When a session is lived (PR6): its own day, and who writes down what lies long past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from kapclinic.core.transitions import Move
from kapclinic.practice.rules import DIRECTOR
from programs.policy import limit
from sessions.booking.models import Session
from sessions.booking.rules import LATE_ENTRY, SESSION_MOVES


def day_of(session: Session) -> tuple[datetime, datetime]:
    """From when until when something may have happened in `session`; midnight plays no part.

    One that began after its end, or before its day, is lived to its own end all the same: nobody is left halfway.
    """
    limits = session.program.protocol.limits
    early, late = (timedelta(minutes=limit(limits, f"session_{name}_min")) for name in ("early", "late"))
    opens, ends, began = session.starts_at - early, session.ends_at, session.started_at
    if began is not None:
        opens = min(opens, began)
        ends = began + (ends - session.starts_at) if began > ends else ends
    return opens, ends + late


def is_late(session: Session, *, moment: datetime, at: datetime) -> bool:
    """Is it written down so long afterwards that only the medical director may?"""
    return min(moment, day_of(session)[1]) < at - LATE_ENTRY


def roles_at(roles: frozenset[str], session: Session, *, moment: datetime, at: datetime) -> frozenset[str]:
    """Who may write down `moment`: those who act on the day, and for what is long past the medical director too."""
    return roles | DIRECTOR if is_late(session, moment=moment, at=at) else roles


def moves_at(session: Session, *, moment: datetime, at: datetime) -> Mapping[str, Move]:
    """The session's moves for what is said of `moment`."""
    return {
        name: replace(move, roles=roles_at(move.roles, session, moment=moment, at=at))
        for name, move in SESSION_MOVES.items()
    }
