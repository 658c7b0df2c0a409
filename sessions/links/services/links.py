"""Links are made for one thing of one client, and may be taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from kapclinic.core import chance, transitions
from kapclinic.core.errors import Conflict, Invalid
from kapclinic.practice.models import Actor, Client, User
from kapclinic.practice.rules import token_digest
from kapclinic.practice.selectors import person_ids
from programs.models import Program
from programs.policy import limit
from screening.models import Consent, Screening
from screening.services.access import require_open
from sessions.booking.models import Session
from sessions.links import rules, selectors
from sessions.links.models import ClientLink
from sessions.links.rules import P


class MeasureSubject(TypedDict):
    program: UUID
    instrument: str


class LinkDraft(TypedDict):
    """`subject`: of a measure its program and instrument, else the id of the consent, screening or session."""

    client: UUID
    purpose: str
    subject: MeasureSubject | UUID


class NothingToSend(Conflict):
    code, title = "nothing_to_send", "There is nothing left to answer"


def make_link(*, values: LinkDraft, by: User, at: datetime) -> tuple[ClientLink, str]:
    """A new link for as many hours as the protocol's `link_hours` says: the row, and the token, shown this once.

    Links that were made before for the same thing stay as they are.

    :raises NotPermitted: unless `by` is the front desk, an NP, a therapist or a prescriber
    :raises Invalid: for a client or subject that `by` may not see, a subject of somebody else (`other_client`), or a
        scale that a clinician rates
    :raises ProgramNotActive: when the course is over
    :raises NothingToSend: when the subject is signed, submitted, begun or called off, or the client has died
    """
    transitions.require_role(by, rules.SENDERS, what="Sending a link")
    client = Client.objects.visible_to(by).filter(pk=values["client"]).first()
    if client is None:
        raise Invalid.field("client", "There is no such row for you.", code="not_found")
    link = _about(values, client=client, by=by)
    if link.program.client_id not in person_ids(client.pk):
        raise Invalid.field("subject", "This belongs to another client.", code="other_client")
    require_open(link.program)
    return _made(link, by=by, at=at)


def send_link(link: ClientLink, *, by: Actor, at: datetime) -> str | None:
    """The token of a link that the worker makes, or None when there is nothing left to answer."""
    try:
        return _made(link, by=by, at=at)[1]
    except NothingToSend:
        return None


def _made(link: ClientLink, *, by: Actor, at: datetime) -> tuple[ClientLink, str]:
    token = chance.token(32)
    link.digest = token_digest(token)
    link.expires_at = at + timedelta(hours=limit(link.program.protocol.limits, "link_hours"))
    if selectors.opens(link, at=at) != rules.ANSWER:
        raise NothingToSend("It is answered, begun or called off, or the client has died.")
    return link.save_by(by, at=at), token


def _about(values: LinkDraft, *, client: Client, by: User) -> ClientLink:
    """The link to be, about its subject."""
    link = ClientLink(client=client, purpose=values["purpose"])
    subject = values["subject"]
    if isinstance(subject, UUID):
        find: dict[str, Callable[[], QuerySet[Consent] | QuerySet[Screening] | QuerySet[Session]]] = {
            P.CONSENT: lambda: Consent.objects.visible_to(by),
            P.INTAKE: lambda: Screening.objects.visible_to(by),
            P.CONFIRM: lambda: Session.objects.visible_to(by),
        }
        needed = ("program__client", "program__location", "program__protocol")
        row = find[values["purpose"]]().select_related(*needed).filter(pk=subject).first()
        if row is None:
            raise Invalid.field("subject", "There is no such row for you.", code="not_found")
        setattr(link, type(row).__name__.lower(), row)
        link.program = row.program
        return link
    seen = Program.objects.visible_to(by).select_related("client", "location", "protocol")
    program = seen.filter(pk=subject["program"]).first()
    if program is None:
        raise Invalid.field("subject/program", "There is no such row for you.", code="not_found")
    if subject["instrument"] in rules.BY_CLINICIAN:
        detail = "A clinician takes this scale with the client."
        raise Invalid.field("subject/instrument", detail, code="clinician_rated")
    link.program, link.instrument = program, subject["instrument"]
    return link


@transaction.atomic
def revoke_link(*, link_id: UUID, by: User, at: datetime) -> ClientLink:
    """End a link at once.

    :raises IllegalTransition: when it has ended already
    """
    link: ClientLink = ClientLink.objects.select_for_update().get(pk=link_id)
    transitions.apply(rules.LINK_MOVES, "revoke", instance=link, by=by, field="state")
    link.ended_at = at
    return link.save_by(by, at=at)
