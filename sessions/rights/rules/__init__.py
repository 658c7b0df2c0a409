"""Pure rules of a client's rights: the moves of a request to amend, its days, who may what.

Source of the days: 45 CFR 164.526(b)(2): 60 days from the receipt, and 30 more once, with a written statement that is
given within the 60. Of the grounds of a denial: 164.526(a)(2). Of what is kept of a disclosure: 164.528(b).
"""

from __future__ import annotations

from datetime import date, timedelta

from kapclinic.core.errors import FieldError
from kapclinic.core.transitions import Move
from kapclinic.practice.rules import CLINICIANS, DIRECTOR
from sessions.rights.models import AmendmentRequest

ANSWERED_WITHIN = timedelta(days=60)
PUT_OFF_BY = timedelta(days=30)

S = AmendmentRequest.State
AMENDMENT_MOVES = {
    "extend": Move.of({S.OPEN}, None, DIRECTOR),
    "accept": Move.of({S.OPEN}, S.ACCEPTED, CLINICIANS),
    "deny": Move.of({S.OPEN}, S.DENIED, DIRECTOR),
    "void": Move.of({S.OPEN}, S.VOIDED, CLINICIANS),
    "disagreement": Move.of({S.DENIED}, None, CLINICIANS),
}


def due_on(received_on: date) -> date:
    """The last day on which a request may be answered."""
    return received_on + ANSWERED_WITHIN


def allowed_moves(row: AmendmentRequest, names: list[str]) -> list[str]:
    """Of the moves that the state and the roles allow, those that are still to be made: what is done once is gone."""
    done = {"extend": row.extended_at is not None, "disagreement": row.disagreed_at is not None}
    return [name for name in names if not done.get(name, False)]


def not_to_come(day: date, *, today: date, field: str) -> list[FieldError]:
    """One error for a day that is still to come."""
    if day <= today:
        return []
    return [FieldError(f"/{field}", "in_the_future", "This day has not come yet.")]
