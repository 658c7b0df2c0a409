"""A link is opened by the client's birth date, and used once: what every answer goes through."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict
from kapclinic.practice.models import BY_LINK, LinkedClient
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from sessions.links import rules, selectors
from sessions.links.models import ClientAnswer, ClientLink


class LinkOver(Conflict):
    code, title = "link_over", "This link is over"


def actor(link: ClientLink) -> LinkedClient:
    """The client as an actor of this link."""
    return LinkedClient(pk=link.pk, locations=(link.program.location_id,))


def locked(link_id: UUID) -> ClientLink:
    """The link's row, locked until the transaction ends, before any other: two phones come one by one."""
    rows = ClientLink.objects.select_for_update(of=("self",)).select_related(*selectors.FULL)
    link: ClientLink = rows.get(pk=link_id)
    return link


@transaction.atomic
def try_birth(*, link_id: UUID, born: date, at: datetime) -> bool:
    """Is this the client's birth date? A wrong one is counted and logged; after the fifth the link is dead.

    The front desk then has a row on its worklist. Links are no password: five tries in all, whoever makes them.

    :raises LinkOver: when the link does not open any more
    """
    link = locked(link_id)
    if selectors.opens(link, at=at) is None:
        raise LinkOver
    if rules.is_born(born, known=selectors.births_of(link.client_id)):
        return True
    by = actor(link)
    link.tries += 1
    if link.tries >= rules.TRIES:
        if link.state == ClientLink.State.LIVE:
            transitions.apply(rules.LINK_MOVES, "lock", instance=link, by=by, field="state")
            link.ended_at = at
        trail.open_task(
            kind=Kind.LINK_LOCKED,
            location=link.program.location_id,
            client=link.client_id,
            subject_type="client_link",
            subject_id=link.pk,
            due_at=at,
            by=by,
            at=at,
        )
    link.save_by(by, at=at)
    note(link, "birth", outcome="refused", at=at)
    return False


def note(link: ClientLink, what: str, *, at: datetime, outcome: str = "ok") -> None:
    """One audit event of what the client did by the link: who is the client, by the link's id (R10)."""
    trail.log_act(
        by=link.pk,
        roles=[BY_LINK],
        action=f"client_link.{what}",
        object_type="client_link",
        object_id=link.pk,
        clients=[link.client_id],
        outcome=outcome,
        at=at,
    )


def note_read(*, link: ClientLink, at: datetime) -> None:
    """The page with the client's name and what is asked was shown."""
    note(link, "read", at=at)


def to_use(link_id: UUID, *, at: datetime) -> ClientLink:
    """The link, locked, that still asks for its answer.

    :raises LinkOver: when it was used, also a moment ago by another phone, or is over for another reason
    """
    link = locked(link_id)
    if selectors.opens(link, at=at) != rules.ANSWER:
        raise LinkOver
    return link


def use(link: ClientLink, *, answers: dict[str, object], language: str, at: datetime) -> ClientAnswer:
    """Mark the link as used, and keep what was answered by it."""
    by = actor(link)
    transitions.apply(rules.LINK_MOVES, "use", instance=link, by=by, field="state")
    link.used_at = at
    link.save_by(by, at=at)
    answer = ClientAnswer(link=link, answers=answers, language=language).insert_by(by, at=at)
    note(link, "answer", at=at)
    return answer


def ask_to_look(link: ClientLink, *, at: datetime) -> None:
    """Put the answers on the clinicians' worklist: they wait to be taken over."""
    trail.open_task(
        kind=Kind.CLIENT_ANSWERED,
        location=link.program.location_id,
        client=link.client_id,
        subject_type="client_link",
        subject_id=link.pk,
        due_at=at if link.session is None else link.session.starts_at,
        by=actor(link),
        at=at,
    )
