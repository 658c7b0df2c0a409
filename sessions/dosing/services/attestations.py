"""The verb of attesting: a clinician says yes or no to what the gates ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import merge
from kapclinic.practice.models import User
from kapclinic.practice.rules import CLINICIANS
from sessions.booking.models import Session
from sessions.dosing.models import Attestation
from sessions.dosing.rules.attestations import code_errors


@transaction.atomic
def attest(*, session: Session, said: Mapping[str, bool], by: User, at: datetime) -> list[Attestation]:
    """Note each answer of `said` as a row of its own, also one that repeats the present answer.

    :raises NotPermitted: unless `by` is a clinician
    :raises Invalid: for a code that is not declared; then nothing is noted
    """
    transitions.require_role(by, CLINICIANS, what="Attesting")
    merge(code_errors(said))
    return [
        Attestation(session=session, code=code, value=value, by=by, at=at).insert_by(by, at=at)
        for code, value in sorted(said.items())
    ]
