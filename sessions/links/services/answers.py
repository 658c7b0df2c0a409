"""What a client fills in and signs by a link: by the same verbs as when the staff write it down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from screening import services as screening
from screening.models import Consent, Measure
from sessions.links.models import ClientAnswer
from sessions.links.rules import IntakeAnswer
from sessions.links.services.opening import actor, ask_to_look, to_use, use

BY_THEMSELVES = "client, by link"


@transaction.atomic
def answer_measure(*, link_id: UUID, answers: Sequence[int | None], language: str, at: datetime) -> Measure:
    """Record the scale as answered now; an answer that points at danger raises its alert as it always does.

    :raises LinkOver: when the link was used or is over
    :raises Invalid: for answers that the scale does not have
    """
    link = to_use(link_id, at=at)
    measure = screening.record_measure(
        values={
            "program": link.program_id,
            "instrument": link.instrument,
            "answers": answers,
            "taken_at": at,
            "administered_by": BY_THEMSELVES,
            "language": language,
        },
        by=actor(link),
        at=at,
    )
    use(link, answers={"measure": str(measure.pk)}, language=language, at=at)
    return measure


@transaction.atomic
def sign(*, link_id: UUID, signer_name: str, language: str, at: datetime) -> Consent:
    """Sign the consent with a typed name, at a distance: `method` says so, and `collected_by` is who sent the link.

    :raises LinkOver: when the link was used or is over, also since a newer version of the document is in force
    :raises IllegalTransition: / OutdatedDocument: as `screening.services.sign_consent`
    """
    link = to_use(link_id, at=at)
    assert link.consent_id is not None
    consent = screening.sign_consent(
        consent_id=link.consent_id,
        signer_name=signer_name,
        method=Consent.Method.REMOTE,
        signature="",
        collected_by=link.created_by,
        by=actor(link),
        at=at,
    )
    use(link, answers={"consent": str(consent.pk)}, language=language, at=at)
    return consent


@transaction.atomic
def answer_intake(*, link_id: UUID, given: IntakeAnswer, language: str, at: datetime) -> ClientAnswer:
    """Keep the answers to the screening's questions until a clinician takes them over into the draft.

    Suicidal thoughts with intent or plan raise their alert now: it waits for nobody to look.

    :raises LinkOver: when the link was used or is over
    """
    link = to_use(link_id, at=at)
    assert link.screening is not None
    screening.hear_ideation(screening=link.screening, answers=given["answers"], by=actor(link), at=at)
    answer = use(link, answers=dict(given), language=language, at=at)
    ask_to_look(link, at=at)
    return answer
