"""A client confirms a booked session, asks for another time, and answers the check of the day before a dose."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core.errors import Conflict
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from sessions.booking.models import Session
from sessions.links.models import ClientAnswer
from sessions.links.rules import VisitAnswer
from sessions.links.services.opening import LinkOver, actor, ask_to_look, to_use, use
from sessions.visits import services as visits

CHECKED = ("fasting", "ride", "medicines")


class SessionMoved(Conflict):
    code, title = "session_moved", "The session was moved in the meantime"


@transaction.atomic
def answer_visit(
    *, link_id: UUID, starts_at: datetime, given: VisitAnswer, language: str, at: datetime
) -> ClientAnswer:
    """Note that the client comes, or that they ask for another time; `starts_at` is the time that they saw.

    What they say of fasting, ride and medicines stays theirs until a clinician takes it over.

    :raises LinkOver: when the link was used or is over, or the session has begun or was called off
    :raises SessionMoved: when the session has another time by now; nothing is noted
    """
    link = to_use(link_id, at=at)
    assert link.session_id is not None
    session = visits.lock_session(link.session_id)
    if session.status != Session.Status.SCHEDULED or session.starts_at <= at:
        raise LinkOver
    if session.starts_at != starts_at:
        raise SessionMoved
    by = actor(link)
    if given["coming"]:
        visits.confirm(session=session, coming=True, by=by, at=at)
        trail.settle_tasks(kind=Kind.MOVE_REQUESTED, subject_id=session.pk, by=by, at=at, outcome="confirmed")
    else:
        if session.client_confirmed_at is not None:
            visits.confirm(session=session, coming=False, by=by, at=at)
        trail.open_task(
            kind=Kind.MOVE_REQUESTED,
            location=session.location_id,
            client=session.client_id,
            subject_type="session",
            subject_id=session.pk,
            due_at=session.starts_at,
            by=by,
            at=at,
        )
    answer = use(link, answers=dict(given), language=language, at=at)
    if any(name in given for name in CHECKED):
        ask_to_look(link, at=at)
    return answer
