"""Sessions that are completed and not charged: on the worklist of billing until they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from billing.ledger import selectors
from kapclinic.practice.models import SYSTEM, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import Matter, keep_listed, look_at_changed, settle_tasks
from sessions.booking.models import Session

BILL_WITHIN = timedelta(days=3)  # after the signature; after the completion, until there is one


def sweep_to_bill(*, at: datetime) -> int:
    """Ask for the charge of each completed session with none that stands, whoever still has to sign.

    Looks at the sessions that changed, or whose notes, charges or row did.
    """
    return look_at_changed(Kind.SESSION_TO_BILL, partial(_keep_listed, at=at))


def _keep_listed(session_ids: Sequence[UUID], *, at: datetime) -> int:
    waiting: dict[UUID, Matter] = {
        session.pk: {
            "location": session.location_id,
            "client": session.client_id,
            "assignee": None,
            "due_at": since + BILL_WITHIN,
        }
        for session, since in selectors.sessions_to_bill(among=session_ids)
    }
    return keep_listed(
        kind=Kind.SESSION_TO_BILL,
        subject_type="session",
        waiting=waiting,
        by=SYSTEM,
        at=at,
        among=session_ids,
    )


def settle_to_bill(*, session: Session, by: User, at: datetime) -> None:
    """The session was charged."""
    settle_tasks(kind=Kind.SESSION_TO_BILL, subject_id=session.pk, by=by, at=at, outcome="charged")
