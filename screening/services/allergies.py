"""The client's allergies: recorded, taken back, and the word that none is known."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.db import IntegrityError, transaction

from kapclinic.core import transitions
from kapclinic.core.errors import AlreadyVoid, Conflict
from kapclinic.practice.models import User
from kapclinic.practice.rules import CLINICIANS
from screening.models import Allergy, AllergyVoid, NoneKnown, NoneKnownEnd, SuspendingCode
from screening.rules.allergies import is_of_the_medicine
from screening.selectors import allergies as selectors
from screening.services.access import lock_client
from screening.services.suspensions import suspend


class AllergyFields(TypedDict):
    """`reaction` and `severity` are empty where nobody knows."""

    substance: str
    reaction: str
    severity: str


class AllergiesListed(Conflict):
    code, title = "allergies_listed", "An allergy is listed"


class AllergyScreened(Conflict):
    code, title = "allergy_screened", "The last screening says that there is an allergy"


class NothingSaid(Conflict):
    code, title = "none_known_not_said", "Nobody said that there are none"


@transaction.atomic
def record_allergy(*, client_id: UUID, values: AllergyFields, by: User, at: datetime) -> Allergy:
    """Put a substance on the list. It ends every "none known" of the person that stands.

    One to ketamine, esketamine or an excipient suspends the client's clearances, as a new condition does.

    :raises NotPermitted: unless `by` is a clinician
    """
    transitions.require_role(by, CLINICIANS, what="Recording an allergy")
    lock_client(client_id)
    allergy: Allergy = Allergy(client_id=client_id, **values).insert_by(by, at=at)
    for said in selectors.standing_none_known(client_id):
        NoneKnownEnd(none_known=said, allergy=allergy).insert_by(by, at=at)
    if is_of_the_medicine(allergy.substance):
        suspend(
            client_id=client_id,
            code=SuspendingCode.NEW_CONDITION,
            subject_type="allergy",
            subject_id=allergy.pk,
            moment=at,
            by=by,
            at=at,
        )
    return allergy


@transaction.atomic
def void_allergy(*, allergy: Allergy, reason: str, by: User, at: datetime) -> AllergyVoid:
    """Say that an allergy was entered in error, or is none. A "none known" of before stays ended: ask again.

    A clearance that it suspended stays so until a prescriber upholds it.

    :raises NotPermitted: unless `by` is a clinician
    :raises AlreadyVoid: the second time
    """
    transitions.require_role(by, CLINICIANS, what="Taking back an allergy")
    lock_client(allergy.client_id)
    try:
        with transaction.atomic():
            return AllergyVoid(allergy=allergy, reason=reason).insert_by(by, at=at)
    except IntegrityError as exc:
        raise AlreadyVoid from exc


@transaction.atomic
def say_none_known(*, client_id: UUID, by: User, at: datetime) -> NoneKnown:
    """Write down that the client was asked and knows of no allergy. Said again, the last one counts.

    :raises NotPermitted: unless `by` is a clinician
    :raises AllergiesListed: while one stands on the list
    :raises AllergyScreened: while the last screening says that there is one to ketamine
    """
    transitions.require_role(by, CLINICIANS, what="Saying that no allergy is known")
    lock_client(client_id)
    found = selectors.allergies_of(client_id)
    if found.results:
        raise AllergiesListed("Take back what is listed in error first.")
    if found.screened is not None and found.screened.answer is True:
        raise AllergyScreened("It names ketamine or an excipient: record it, or screen anew.")
    return NoneKnown(client_id=client_id).insert_by(by, at=at)


@transaction.atomic
def take_back_none_known(*, client_id: UUID, reason: str, by: User, at: datetime) -> None:
    """Say that "none known" was said in error: then nothing is recorded of the client.

    :raises NotPermitted: unless `by` is a clinician
    :raises NothingSaid: when none stands
    """
    transitions.require_role(by, CLINICIANS, what="Taking back that no allergy is known")
    lock_client(client_id)
    standing = list(selectors.standing_none_known(client_id))
    if not standing:
        raise NothingSaid
    for said in standing:
        NoneKnownEnd(none_known=said, reason=reason).insert_by(by, at=at)
