"""The verb of evidence: freeze what the record says, as bytes that nothing changes any more."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import paper, transitions
from kapclinic.core.errors import IllegalTransition
from kapclinic.practice.models import User
from kapclinic.practice.rules import DIRECTOR, NURSES
from sessions.booking.models import Session
from sessions.booking.rules import CAME
from sessions.evidence import page
from sessions.evidence.models import EvidenceBundle
from sessions.evidence.selectors import frozen, put_together

FREEZERS = NURSES | DIRECTOR


@transaction.atomic
def freeze(*, session_id: UUID, by: User, at: datetime) -> tuple[EvidenceBundle, bool]:
    """Keep the evidence as it stands, as bytes that nothing changes any more; and whether that made a new bundle.

    A record that has not changed since the last bundle gives that one again.

    :raises NotPermitted: unless `by` is a nurse practitioner, prescriber or medical director
    :raises IllegalTransition: before the client has come, or for a session of another kind
    """
    transitions.require_role(by, FREEZERS, what="Freezing evidence")
    session = Session.objects.select_for_update(of=("self",)).get(pk=session_id)
    made = put_together(session_id=session_id)
    if session.status not in CAME:
        raise IllegalTransition("The session has not begun.", state=session.status)
    last = frozen(session_id=session_id).last()
    if last is not None and last.sha256 == made.sha256:
        return last, False
    pdf = page.print_page(made.content, sha256=made.sha256)
    bundle = EvidenceBundle(
        session=session,
        sequence=1 + (last.sequence if last else 0),
        content=made.text,
        sha256=made.sha256,
        pdf=pdf,
        pdf_sha256=paper.fingerprint(pdf),
    )
    return bundle.insert_by(by, at=at), True
