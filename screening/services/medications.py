"""The client's medication list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core.errors import Conflict, Invalid
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import Client, User
from kapclinic.practice.rules import PRESCRIBER
from screening.models import Medication
from screening.rules import medicines
from screening.rules.pressure import CLOCK_SKEW
from screening.services.access import lock_client
from screening.services.suspensions import hear_medication


class MedicationEntry(TypedDict):
    client: UUID
    text: str


class MedicationChange(TypedDict, total=False):
    ended_at: datetime
    review: str


class MedicationEnded(Conflict):
    title = "This medication has ended"


def _mapped(client: Client, text: str) -> Medication:
    found = medicines.read(text)
    return Medication(
        client=client,
        text=text,
        classes=list(found.classes),
        is_mapped=found.is_mapped,
        list_edition=medicines.LIST_EDITION,
    )


def _listed(client: Client, text: str, *, by: User, at: datetime) -> Medication:
    row: Medication = _mapped(client, text).save_by(by, at=at)
    hear_medication(medication=row, by=by, at=at)
    return row


@transaction.atomic
def record_medication(*, values: MedicationEntry, by: User, at: datetime) -> Medication:
    """Put a medicine on a client's list, mapped to its interaction classes as far as the table knows it.

    One that matters and was not weighed suspends the client's clearances.

    :raises Invalid: for a client that the actor may not see
    """
    client = Client.objects.visible_to(by).filter(pk=values["client"]).first()
    if client is None:
        raise Invalid.field("client", "There is no such row for you.", code="not_found")
    return _listed(client, values["text"], by=by, at=at)


def listed_medications(
    *, client: Client, texts: Sequence[str], by: User, at: datetime
) -> list[medicines.Listed]:
    """All that the client takes, after `texts` that are not on the list yet have joined it."""
    lock_client(client.pk)  # two screenings at once must not both add a text
    current = list(Medication.objects.current().filter(client=client).order_by("created_at", "id"))
    known = {row.text.casefold() for row in current}
    for text in texts:
        if text.casefold() not in known:
            known.add(text.casefold())
            current.append(_listed(client, text, by=by, at=at))
    return [medicines.Listed(row.pk, row.text) for row in current]


def change_medication(
    *, medication: Medication, values: MedicationChange, by: User, at: datetime
) -> Medication:
    """Stop a medicine (`ended_at`), or say in words what an unmapped one means (`review`). The caller has locked it.

    :raises NotPermitted: for a review by anybody but a prescriber
    :raises MedicationEnded: when it was stopped before
    :raises Invalid: for an end that is still to come
    """
    if medication.ended_at is not None:
        raise MedicationEnded("A medication that has ended stays as it is; list it again.")
    if "review" in values:
        require_role(by, PRESCRIBER, what="A medication review")
        _review(medication, values["review"], by, at)
    if "ended_at" in values:
        if values["ended_at"] > at + CLOCK_SKEW:
            raise Invalid.field("ended_at", "This time is still to come.", code="future")
        medication.ended_at = values["ended_at"]
    return medication.save_by(by, at=at)


def _review(medication: Medication, review: str, by: User, at: datetime) -> None:
    medication.review, medication.reviewed_by, medication.reviewed_at = review, by, at


@transaction.atomic
def review_medication(*, medication_id: UUID, review: str, by: User, at: datetime) -> Medication:
    """Keep the prescriber's words about an unmapped medicine with the medicine."""
    medication: Medication = Medication.objects.select_for_update().get(pk=medication_id)
    _review(medication, review, by, at)
    return medication.save_by(by, at=at)
