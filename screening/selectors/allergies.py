"""What is known of a client's allergies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from kapclinic.core.asking import AtOnce, Questions
from kapclinic.practice.selectors import person
from screening.models import Allergy, NoneKnown, Screening
from screening.rules import allergies as rules
from screening.rules.conditions import value_of


@dataclass(frozen=True)
class Screened:
    """What the person's last submitted screening says of an allergy to ketamine: true, false, "unknown", or None
    when it was left out."""

    screening: UUID
    answer: bool | str | None
    at: datetime


@dataclass(frozen=True)
class AllergyList:
    """A person's allergies that stand, oldest first; the last "none known" while it stands and none is listed; and,
    beside them, what was screened."""

    client: UUID
    results: list[Allergy]
    none_known: NoneKnown | None
    state: str
    screened: Screened | None


def standing_allergies(client_id: UUID) -> QuerySet[Allergy]:
    """What the person reacts to, the oldest first."""
    rows: QuerySet[Allergy] = Allergy.objects.standing().filter(client__in=person(client_id))
    return rows.select_related("void").order_by("created_at", "pk")


def standing_none_known(client_id: UUID) -> QuerySet[NoneKnown]:
    """Each time that somebody said there are none and nothing has ended it, the last one first."""
    rows: QuerySet[NoneKnown] = NoneKnown.objects.standing().filter(client__in=person(client_id))
    return rows.order_by("-created_at", "-pk")


def last_screening(client_id: UUID) -> QuerySet[Screening]:
    """The one that was submitted last, of whatever program of the person."""
    rows: QuerySet[Screening] = Screening.objects.filter(
        program__client__in=person(client_id), submitted_at__isnull=False
    )
    return rows.only("answers", "submitted_at").order_by("-submitted_at", "-pk")[:1]


def questions(*, client_id: UUID) -> Questions:
    """What `read` makes the list of; a reader of more asks it together with the rest."""
    return standing_allergies(client_id), standing_none_known(client_id)[:1], last_screening(client_id)


_asked = AtOnce(questions)


def allergies_of(client_id: UUID) -> AllergyList:
    """The person's list: one statement."""
    return read(client_id, *_asked(client_id=client_id))


def read(
    client_id: UUID, listed: list[Allergy], said: Iterable[NoneKnown], screenings: Iterable[Screening]
) -> AllergyList:
    """The list made of the rows of `questions`."""
    none_known = None if listed else next(iter(said), None)
    return AllergyList(
        client=client_id,
        results=listed,
        none_known=none_known,
        state=rules.state_of(listed=bool(listed), none_known=none_known is not None),
        screened=next((_screened(row) for row in screenings), None),
    )


def _screened(row: Screening) -> Screened:
    assert row.submitted_at is not None
    return Screened(row.pk, value_of(row.answers.get(rules.KETAMINE)), row.submitted_at)
