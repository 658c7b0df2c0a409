"""What reminders carry: a link by which the client confirms the session that they are told of."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from kapclinic.practice.models import SYSTEM
from sessions.booking.models import Session
from sessions.links.models import ClientLink
from sessions.links.rules import P
from sessions.links.services.links import send_link


def link_for_reminder(session: Session, *, at: datetime) -> str | None:
    """The address of a new link for this session; None when there is nothing to confirm, or clients reach no page.

    Each message that leaves has its own; a message that is tried again gets another one.
    """
    if not settings.PUBLIC_URL:
        return None
    link = ClientLink(client=session.client, program=session.program, session=session, purpose=P.CONFIRM)
    token = send_link(link, by=SYSTEM, at=at)
    return None if token is None else f"{settings.PUBLIC_URL}/l/{token}"
