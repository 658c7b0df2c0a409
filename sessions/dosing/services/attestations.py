"""The verb of attesting: a clinician says yes or no to what the gates ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import merge
from kapclinic.practice.models import User
from kapclinic.practice.rules import CLINICIANS
from screening.models import SuspendingCode
from screening.services import suspend
from sessions.booking.models import Session
from sessions.dosing.models import Attestation, AttestationCode
from sessions.dosing.rules.attestations import Words, code_errors, visit_errors

# A "no" to these is a fact about the client, which the clearance hears.
SUSPENDING: Mapping[str, SuspendingCode] = {
    AttestationCode.PREGNANCY_TEST: SuspendingCode.PREGNANCY_POSITIVE,
    AttestationCode.CONTRAINDICATIONS: SuspendingCode.NEW_CONDITION,
}


@transaction.atomic
def attest(*, session: Session, said: Words, by: User, at: datetime) -> list[Attestation]:
    """Note each answer of `said` as a row of its own, also one that repeats the present answer.

    A "no" that tells of a pregnancy or a new contraindication suspends the client's clearances.

    :raises NotPermitted: unless `by` is a clinician
    :raises Invalid: for a code that is not declared, or a visit in person of a day that can't be; then nothing is noted
    """
    transitions.require_role(by, CLINICIANS, what="Attesting")
    today = at.astimezone(session.location.zone).date()
    merge(code_errors(said) + visit_errors(said, born=session.client.date_of_birth, today=today))
    return [_say(_word(session, code, said, by=by, at=at), by=by, at=at) for code in sorted(said)]


def _word(session: Session, code: str, said: Words, *, by: User, at: datetime) -> Attestation:
    value = said[code]
    word = Attestation(session=session, code=code, value=bool(value), by=by, at=at)
    if isinstance(value, dict):
        word.visited_on, word.place = value["date"], value["place"]
    return word


def _say(word: Attestation, *, by: User, at: datetime) -> Attestation:
    heard = word.code in SUSPENDING and not word.value
    again = _said_before(word) if heard else []
    word.insert_by(by, at=at)
    if heard:
        suspend(
            client_id=word.session.client_id,
            code=SUSPENDING[word.code],
            subject_type="attestation",
            subject_id=word.pk,
            moment=word.at,
            again=again,
            by=by,
            at=at,
        )
    return word


def _said_before(word: Attestation) -> list[UUID]:
    """Earlier words that say the same, while the latest one does: a body that is sent again tells nothing new."""
    rows = Attestation.objects.filter(session=word.session, code=word.code).order_by("-at", "-pk")
    before = list(rows.values_list("pk", "value"))
    return [pk for pk, _ in before] if before and not before[0][1] else []
