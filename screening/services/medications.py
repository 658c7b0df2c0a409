"""The client's medication list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core.errors import Conflict, FieldError, Invalid, merge
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import Client, User
from kapclinic.practice.rules import PRESCRIBER
from screening import selectors
from screening.models import Medication, MedicationMapping
from screening.rules import medicines
from screening.rules.medicine_list import medicine_list
from screening.rules.names import plain
from screening.rules.pressure import CLOCK_SKEW
from screening.services.access import lock_client
from screening.services.suspensions import hear_medication


class MedicationEntry(TypedDict):
    client: UUID
    text: str


class MedicationChange(TypedDict, total=False):
    ended_at: datetime
    review: str


class MedicationMap(TypedDict):
    ingredients: Sequence[str]
    reason: str


class MedicationEnded(Conflict):
    title = "This medication has ended"


def _read(medication: Medication, mapped_to: frozenset[str] = frozenset()) -> Medication:
    found = medicines.read(medication.text, mapped_to)
    medication.classes = list(found.classes)
    medication.is_mapped = found.is_mapped
    medication.parts = [asdict(part) for part in found.parts]
    medication.list_edition = medicines.LIST_EDITION
    return medication


def _listed(client: Client, text: str, *, by: User, at: datetime) -> Medication:
    row: Medication = _read(Medication(client=client, text=text)).save_by(by, at=at)
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
    """Add those of `texts` that the client's list lacks, then return all that the client takes."""
    lock_client(client.pk)  # two screenings at once must not both add a text
    listed = selectors.listed_medicines(client.pk)
    known = {entry.text.casefold() for entry in listed}
    for text in texts:
        if text.casefold() not in known:
            known.add(text.casefold())
            row = _listed(client, text, by=by, at=at)
            listed.append(medicines.Listed(row.pk, row.text))
    return listed


@transaction.atomic
def map_medication(*, medication_id: UUID, values: MedicationMap, by: User, at: datetime) -> Medication:
    """Say which ingredients of the list a medication has, beside those that its text names itself.

    Each mapping is a row; the last one counts, for the list and for every screening that is submitted from now on. An
    ingredient that matters and was not weighed suspends the client's clearances, as a new medicine does.

    :raises NotPermitted: for anybody but a prescriber
    :raises MedicationEnded: when it was stopped before
    :raises Invalid: naming each ingredient that the list does not have
    """
    require_role(by, PRESCRIBER, what="A mapping")
    lock_client(
        Medication.objects.values_list("client_id", flat=True).get(pk=medication_id)
    )  # as a decision does
    medication: Medication = Medication.objects.select_for_update().get(pk=medication_id)
    if medication.ended_at is not None:
        raise MedicationEnded("A medication that has ended stays as it is; list it again.")
    mapped_to = _listed_ingredients(values["ingredients"])
    mapping = MedicationMapping(
        medication=medication,
        ingredients=sorted(mapped_to),
        classes=list(medicines.classes_of(mapped_to)),
        list_edition=medicines.LIST_EDITION,
        reason=values["reason"],
    ).insert_by(by, at=at)
    _read(medication, mapped_to).save_by(by, at=at)
    hear_medication(medication=medication, mapping=mapping, by=by, at=at)
    return medication


def _listed_ingredients(names: Sequence[str]) -> frozenset[str]:
    known = medicine_list()
    said = [plain(name) for name in names]
    errors = []
    for index, name in enumerate(said):
        if name not in known.ingredients:
            meant = known.words.get(name) or known.phrases.get(name) or ()
            hint = f" It is a name of: {', '.join(sorted(meant))}." if meant else ""
            words = f"The interaction list has no such ingredient.{hint}"
            errors.append(FieldError(f"/ingredients/{index}", "not_listed", words))
    merge(errors)
    return frozenset(said)


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
