"""A clinician takes over what a client answered: it becomes the record's only then, in the clinician's name."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import IllegalTransition
from kapclinic.practice.models import User
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from screening import selectors as screening_selectors
from screening import services as screening
from screening.models import Screening
from sessions.booking.models import Session
from sessions.booking.services.again import ask_again
from sessions.links import rules
from sessions.links.models import ClientLink
from sessions.links.services.opening import locked
from sessions.visits import services as visits


@transaction.atomic
def take_over(*, link_id: UUID, by: User, at: datetime) -> ClientLink:
    """Write the answers into the screening's draft, or ride and medicines into the session and the client's list.

    What a clinician wrote into the draft stays, but for a no that the client contradicts; a ride that the session
    already names stays too, and a medicine that is listed is not listed twice. Fasting is asked again on the day: no
    word of the day before opens its gate. A ride that was told for another start is named, and asked again for the
    present one.

    :raises NotPermitted: unless `by` is a clinician
    :raises IllegalTransition: for answers that need nobody, that were taken over before, or to a screening that was
        submitted meanwhile
    """
    link = locked(link_id)
    transitions.apply(rules.LINK_MOVES, "take_over", instance=link, by=by, field="state")
    if link.purpose not in rules.TAKEN_OVER or link.taken_at is not None:
        raise IllegalTransition("There is nothing to take over, or it was taken over.", state=link.state)
    if link.purpose == rules.P.INTAKE:
        _into_screening(link, by=by, at=at)
    else:
        _into_session(link, by=by, at=at)
    link.taken_at, link.taken_by = at, by
    trail.settle_tasks(kind=Kind.CLIENT_ANSWERED, subject_id=link.pk, by=by, at=at, outcome="taken over")
    return link.save_by(by, at=at)


def _into_screening(link: ClientLink, *, by: User, at: datetime) -> None:
    rows = Screening.objects.select_for_update(of=("self",)).select_related("program__protocol")
    draft: Screening = rows.get(pk=link.screening_id)
    told = link.answer.answers
    present = [row["text"] for row in draft.medications]
    texts = rules.merged_medicines(present, told["medicines"])
    screening.change_screening(
        screening=draft,
        values={
            "answers": rules.merged_answers(draft.answers, told["answers"]),
            "medications": [{"text": text} for text in texts],
        },
        by=by,
        at=at,
    )


def _into_session(link: ClientLink, *, by: User, at: datetime) -> None:
    assert link.session_id is not None
    session, told = visits.lock_session(link.session_id), link.answer.answers
    over = session.status in {Session.Status.CANCELLED, Session.Status.NO_SHOW, Session.Status.COMPLETED}
    if told.get("ride") and session.escort is None and not over:
        visits.change(session=session, values={"escort": told["ride"]}, by=by, at=at)
        if _moved_since(session, link):
            session.escort_confirmed_at = None
            session.save_by(by, at=at)
            ask_again(session=session, lost={"escort_confirmed_at"}, by=by, at=at)
    listed = {row.text.casefold() for row in screening_selectors.listed_medicines(session.client_id)}
    for text in told.get("medicines", ()):
        if text.casefold() not in listed:
            screening.record_medication(values={"client": session.client_id, "text": text}, by=by, at=at)


def _moved_since(session: Session, link: ClientLink) -> bool:
    """Does the session begin at another time now than when the client answered?"""
    then = Session.history.filter(id=session.pk, updated_at__lte=link.used_at).order_by("-version")
    return bool(then.values_list("starts_at", flat=True).first() != session.starts_at)
