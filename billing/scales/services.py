"""Verbs of the scales."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from django.db import connection, transaction

from billing.scales import rules, selectors
from billing.scales.models import FeeAgreement, SlidingScale
from billing.scales.rules import Tier
from kapclinic.core.errors import AlreadyVoid, Conflict, FieldError, merge
from kapclinic.practice.models import Client, User
from kapclinic.practice.selectors import person_ids


class ScaleFields(TypedDict, total=False):
    """A new scale gives all of them, a change what changes."""

    name: str
    valid_from: date
    tiers: Sequence[Tier]


class AgreementEntry(TypedDict):
    client: UUID
    scale: UUID
    tier: str
    from_date: date
    to_date: date | None
    basis: str


class AgreementChange(TypedDict, total=False):
    """What may change later: when it ends, and the words behind it."""

    to_date: date | None
    basis: str


class ScaleTaken(Conflict):
    code, title = "scale_taken", "A scale of this name begins on this day already"


class AgreementOverlaps(Conflict):
    code, title = "agreement_overlaps", "Another fee agreement of this client holds on some of these days"


@transaction.atomic
def save_scale(*, scale: SlidingScale | None, values: ScaleFields, by: User, at: datetime) -> SlidingScale:
    """Write down a sliding scale, or change it; agreements and charges that were made keep theirs.

    :raises Invalid: when two tiers have one name
    :raises ScaleTaken: when one of this name begins on this day
    """
    scale = scale or SlidingScale()
    if "tiers" in values:
        merge(rules.tier_errors(values["tiers"]))
        scale.tiers = rules.as_stored(values["tiers"])
    scale.name = values.get("name", scale.name)
    scale.valid_from = values.get("valid_from", scale.valid_from)
    others = SlidingScale.objects.filter(name=scale.name, valid_from=scale.valid_from).exclude(pk=scale.pk)
    if others.exists():
        raise ScaleTaken("Change that one, or name another first day.")
    return scale.save_by(by, at=at)


@transaction.atomic
def agree_fees(*, values: AgreementEntry, by: User, at: datetime) -> FeeAgreement:
    """Put a client on a tier of a scale: services of these days are charged at its percent of the fee from now on.

    :raises Invalid: for a client that the actor can't see, a scale that is unknown or begins later, a tier that it
        lacks, days that are reversed
    :raises AgreementOverlaps: while another one of the person holds on one of these days
    """
    client: Client | None = Client.objects.visible_to(by).filter(pk=values["client"]).first()
    scale: SlidingScale | None = SlidingScale.objects.filter(pk=values["scale"]).first()
    percent = rules.percent_of(scale.tiers, values["tier"]) if scale else None
    errors = _period_errors(values["from_date"], values["to_date"])
    if client is None:
        errors.append(FieldError("/client", "not_found", "There is no such client for you."))
    if scale is None:
        errors.append(FieldError("/scale", "not_found", "There is no such sliding scale."))
    elif percent is None:
        errors.append(FieldError("/tier", "unknown_tier", "This scale has no such tier."))
    elif values["from_date"] < scale.valid_from:
        detail = f"This scale begins on {scale.valid_from}."
        errors.append(FieldError("/from_date", "scale_not_in_force", detail))
    merge(errors)
    assert client is not None
    assert percent is not None
    agreement = FeeAgreement(
        client=client,
        scale=scale,
        tier=values["tier"],
        percent=percent,
        from_date=values["from_date"],
        to_date=values["to_date"],
        basis=values["basis"],
    )
    _refuse_overlap(agreement)
    return agreement.save_by(by, at=at)


@transaction.atomic
def change_agreement(
    *, agreement: FeeAgreement, values: AgreementChange, by: User, at: datetime
) -> FeeAgreement:
    """End an agreement earlier or later, or mend the words behind it; charges that were made keep theirs.

    :raises AlreadyVoid: when it was voided
    :raises Invalid: when it would end before it begins
    :raises AgreementOverlaps: when it would then meet another one
    """
    if agreement.voided_at is not None:
        raise AlreadyVoid("A voided agreement stays as it is.")
    for name, value in values.items():
        setattr(agreement, name, value)
    merge(_period_errors(agreement.from_date, agreement.to_date))
    _refuse_overlap(agreement)
    return agreement.save_by(by, at=at)


@transaction.atomic
def void_agreement(*, agreement: FeeAgreement, reason: str, by: User, at: datetime) -> FeeAgreement:
    """Take back an agreement that was never made; what it reduced is put right by reversing those adjustments.

    :raises AlreadyVoid: when it was
    """
    locked: FeeAgreement = FeeAgreement.objects.select_for_update().get(pk=agreement.pk)
    if locked.voided_at is not None:
        raise AlreadyVoid
    locked.voided_at, locked.void_reason = at, reason
    return locked.save_by(by, at=at)


def _period_errors(first: date, last: date | None) -> list[FieldError]:
    reversed_days = last is not None and last < first
    return (
        [FieldError("/to_date", "reversed", "The agreement ends before it begins.")] if reversed_days else []
    )


def _refuse_overlap(agreement: FeeAgreement) -> None:
    """:raises AgreementOverlaps: also for one of another registration of the person, which no constraint sees"""
    _take_turns(agreement.client_id)
    others = selectors.overlapping(
        client=agreement.client_id,
        from_date=agreement.from_date,
        to_date=agreement.to_date,
        but=agreement.pk,
    )
    if others.exists():
        raise AgreementOverlaps("End or void the other one first.")


def _take_turns(client_id: UUID) -> None:
    """Two desks write the agreements of one person one after the other, until the end of the transaction."""
    with connection.cursor() as cursor:
        for pk in person_ids(client_id):
            cursor.execute("SELECT billing_lock(%s)", [pk])
