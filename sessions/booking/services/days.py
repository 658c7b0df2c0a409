"""A session is lived on its own day (PR6): the one place that every verb of a visit asks."""

from __future__ import annotations

from datetime import datetime

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, Invalid, merge
from kapclinic.core.moments import moment_errors, utc_text
from kapclinic.practice.models import Actor
from kapclinic.practice.rules import DIRECTOR
from sessions.booking.models import Session
from sessions.booking.rules import days

LONGEST_REASON = 1000


class NotToday(Conflict):
    """What is said to have happened did not happen on the session's day; `starts_at` and `ends_at` say when that is."""

    code, title = "not_today", "Not on the day of this session"


def require_day(
    *,
    session: Session,
    moment: datetime,
    roles: frozenset[str],
    what: str,
    override_reason: str,
    by: Actor,
    at: datetime,
    begun: bool = False,
    field: str = "at",
) -> None:
    """Refuse what did not happen on the session's own day. Asked before its state and before any gate.

    What counts is `moment`, when it is said to have happened, not when it is written down. `begun`: it can't have
    happened before the session's start. After `rules.LATE_ENTRY` the medical director writes it down and says why;
    the reason is kept with the session.

    :raises NotPermitted: unless `by` holds one of `roles`, or is the medical director where it is long past
    :raises NotToday: for a moment of another day
    :raises Invalid: for a time that has not come yet (`field`), or is long past, without `override_reason`
    """
    late = days.is_late(session, moment=moment, at=at)
    transitions.require_role(by, days.roles_at(roles, session, moment=moment, at=at), what=what)
    merge(moment_errors(moment=moment, at=at, after=None, field=field))
    opens, closes = days.day_of(session)
    if begun:
        opens = session.starts_at
    if not opens <= moment <= closes:
        raise NotToday(
            f"This session is lived from {utc_text(opens)} to {utc_text(closes)}: move it, or say when it happened.",
            starts_at=utc_text(session.starts_at),
            ends_at=utc_text(session.ends_at),
        )
    if not late:
        return
    if not override_reason:
        detail = "This is more than 7 days ago: the medical director enters it, with a reason."
        raise Invalid.field("override_reason", detail, code="required")
    transitions.require_role(by, DIRECTOR, what="Entering what is more than 7 days ago")
    _keep(session, override_reason, by=by, at=at)


def _keep(session: Session, reason: str, *, by: Actor, at: datetime) -> None:
    """Put the reason with those that the session has. The row is read again: not every caller has locked it."""
    locked: Session = Session.objects.select_for_update(of=("self",)).get(pk=session.pk)
    if reason not in locked.override_reason:
        locked.override_reason = f"{locked.override_reason}\n{reason}".strip()[-LONGEST_REASON:]
        locked.save_by(by, at=at)
    session.override_reason, session.version = locked.override_reason, locked.version
