"""Verbs of the coverages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from billing.coverages import rules, selectors
from billing.coverages.models import Coverage, Payer
from kapclinic.core.errors import AlreadyVoid, Conflict, Invalid, merge
from kapclinic.practice.models import Client, User
from kapclinic.practice.selectors import person_ids


class PayerFields(TypedDict, total=False):
    """A new payer names at least its name."""

    name: str
    payer_id: str
    filing_limit_days: int | None


class CoverageFields(TypedDict, total=False):
    """A new coverage names client, first day and intent; a change never names the client."""

    client: UUID
    payer: UUID | None
    member_id: str
    group_number: str
    relationship: str
    subscriber: Mapping[str, object] | None
    valid_from: date
    valid_to: date | None
    intent: str


class PayerTaken(Conflict):
    code, title = "payer_taken", "A payer of this name exists already"


class CoverageOverlaps(Conflict):
    code, title = "coverage_overlaps", "Another coverage of this client says otherwise for some of these days"


@transaction.atomic
def save_payer(*, row: Payer | None, values: PayerFields, by: User, at: datetime) -> Payer:
    """Add a payer, or change it; papers that were issued keep what they said.

    :raises PayerTaken: when another has this name, in whichever case
    """
    row = row or Payer()
    for name, value in values.items():
        setattr(row, name, value)
    if Payer.objects.filter(name__iexact=row.name).exclude(pk=row.pk).exists():
        raise PayerTaken(f"{row.name} is in the list: take that one.")
    return row.save_by(by, at=at)


@transaction.atomic
def save_coverage(*, row: Coverage | None, values: CoverageFields, by: User, at: datetime) -> Coverage:
    """Write down what a client has from a day to a day, or change it.

    :raises Invalid: naming each field: a client that the actor can't see, an unknown payer, what an insured client
        lacks or an uninsured one has too much, a dependant without a subscriber, reversed days
    :raises CoverageOverlaps: for the same payer twice on a day, or a payer on a day without insurance
    :raises AlreadyVoid: for a coverage that was taken back
    """
    row = row or Coverage(client=_visible_client(values["client"], by))
    _lock_person(row.client_id)
    if row.voided_at is not None:
        raise AlreadyVoid("This coverage was taken back: enter another.")
    if (payer := values.get("payer")) is not None and not Payer.objects.filter(pk=payer).exists():
        raise Invalid.field("payer", "There is no such payer.", code="not_found")
    for name, value in values.items():
        if name not in {"client", "payer", "subscriber"}:
            setattr(row, name, value)
    if "payer" in values:
        row.payer_id = values["payer"]
    if "subscriber" in values:
        row.subscriber = _as_kept(values["subscriber"])
    merge(rules.coverage_errors(row))
    _refuse_overlap(row)
    row.save_by(by, at=at)
    found: Coverage = selectors.coverages().get(pk=row.pk)
    return found


def _visible_client(client_id: UUID, by: User) -> Client:
    found: Client | None = Client.objects.visible_to(by).filter(pk=client_id).first()
    if found is None:
        raise Invalid.field("client", "There is no such client for you.", code="not_found")
    return found


def _lock_person(client_id: UUID) -> None:
    """Two desks that write down the same card wait for each other."""
    ids = person_ids(client_id)
    list(Client.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))


def _as_kept(subscriber: Mapping[str, object] | None) -> dict[str, object]:
    """As JSON: the birth date as text, a part that was not sent not at all."""
    given = subscriber or {}
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in given.items() if v is not None}


def _refuse_overlap(row: Coverage) -> None:
    others = selectors.of_client(row.client_id).exclude(pk=row.pk)
    others = others.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=row.valid_from))
    if row.valid_to is not None:
        others = others.filter(valid_from__lte=row.valid_to)
    if row.payer_id is not None:
        others = others.filter(Q(payer=row.payer_id) | Q(payer__isnull=True))
    if others.exists():
        raise CoverageOverlaps("End or void the other one first.")


@transaction.atomic
def void_coverage(*, coverage_id: UUID, reason: str, by: User, at: datetime) -> Coverage:
    """Take back what was written down by mistake: another client's card, another payer's.

    :raises AlreadyVoid: when it was taken back before
    """
    row: Coverage = selectors.coverages().select_for_update(of=("self",)).get(pk=coverage_id)
    if row.voided_at is not None:
        raise AlreadyVoid("This coverage was taken back already.")
    row.voided_at, row.void_reason = at, reason
    return row.save_by(by, at=at)
