"""Two registrations are one person: the verb, what it would bring, and the way back. Nothing is re-pointed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from kapclinic.core import scope, transitions
from kapclinic.core.errors import ClinicError, Conflict, Invalid
from kapclinic.practice import persons
from kapclinic.practice import selectors as practice
from kapclinic.practice.models import Client, ClientAlias, User
from kapclinic.practice.rules import DIRECTOR
from programs.models import Program
from programs.rules import LIVE
from screening.services.suspensions import hear_merge
from sessions.booking.models import Session
from sessions.booking.rules import AHEAD
from sessions.booking.services.allocations import Clash, ResourceConflict, lock_resources, release_of_others
from sessions.course.services import partings
from sessions.course.services.deaths import lock_courses
from sessions.files.services import hold_both

COMPARED = (
    "legal_first_name",
    "legal_last_name",
    "chosen_name",
    "date_of_birth",
    "administrative_sex",
    "phone",
    "email",
    "died_on",
)


class AlreadyMerged(Conflict):
    code, title = "already_merged", "One of the two is merged already"


class NotMerged(Conflict):
    code, title = "not_merged", "This client is not merged"


class TwoPrograms(Conflict):
    code, title = "second_program", "Both have a program that is active or on hold"


class DeathDiffers(Conflict):
    code, title = "death_differs", "One has died and the other has not, or on another day"


class Difference(TypedDict):
    field: str
    client: str
    into: str


class Refusal(TypedDict):
    code: str
    detail: str


@dataclass(frozen=True)
class Preview:
    """What a merge would bring, and why it would be refused."""

    client: UUID
    into: UUID
    possible: bool
    refusal: Refusal | None
    differences: Sequence[Difference]
    programs: int
    sessions: int
    suspends: int


@transaction.atomic
def merge(*, client: Client, into_id: UUID, reason: str, by: User, at: datetime) -> Client:
    """Write down that `client` is the person of `into_id`: every question about either then hears of both.

    :raises NotPermitted: unless `by` is the medical director
    :raises Invalid: for a client whom the actor can't see, or the same one
    :raises AlreadyMerged: when one of them is an alias, or `client` has some
    :raises TwoPrograms: / DeathDiffers: / ResourceConflict: when both have a live program, only one has died, or they
        have sessions ahead at the same time
    """
    _merge(client=client, into=_into(client, into_id, by), reason=reason, by=by, at=at)
    return _shown(client)


def _into(client: Client, into_id: UUID, by: User) -> Client:
    into: Client | None = Client.objects.visible_to(by).filter(pk=into_id).first()
    if into is None:
        raise Invalid.field("into", "There is no such client for you.", code="not_found")
    if into.pk == client.pk:
        raise Invalid.field("into", "Two different clients are expected.", code="same_client")
    return into


def _merge(*, client: Client, into: Client, reason: str, by: User, at: datetime) -> int:
    """Merge the two; returns how often a clearance was suspended by that."""
    transitions.require_role(by, DIRECTOR, what="Merging clients")
    mine, theirs = practice.person_ids(client.pk), practice.person_ids(into.pk)
    ids = sorted({*mine, *theirs})
    locked = {course.pk for course in lock_courses(ids)}
    lock_resources(ids)  # as a booking does: none is made meanwhile that knows of one id alone
    rows = {row.pk: row for row in persons.lock_clients(ids)}
    _refuse(rows[client.pk], rows[into.pk], mine, theirs, locked)
    persons.keep_alias(client=rows[client.pk], into=rows[into.pk], reason=reason, by=by, at=at)
    return len(hear_merge(first=mine, second=theirs, by=by, at=at))


def _refuse(
    client: Client, into: Client, mine: Sequence[UUID], theirs: Sequence[UUID], locked: set[UUID]
) -> None:
    both = Q(client__in=[client.pk, into.pk]) | Q(into=client.pk)
    if ClientAlias.objects.filter(both, ended_at__isnull=True).exists():
        raise AlreadyMerged("Merge those who are no alias, into the one who has aliases; or unmerge first.")
    courses = list(Program.objects.filter(client__in=[*mine, *theirs]).order_by("pk"))
    if {course.pk for course in courses} - locked:
        raise Conflict("A program was opened just now: try again.")
    live = [course for course in courses if course.status in LIVE]
    if len({course.client_id in set(theirs) for course in live}) > 1:
        raise TwoPrograms("End one of the programs first.", programs=[str(course.pk) for course in live])
    if client.died_on != into.died_on:
        raise DeathDiffers("Write down or void the death of one of them first.")
    if clashes := _clashes(mine, theirs):
        raise ResourceConflict("Both have a session at the same time: move or cancel one.", conflicts=clashes)


def _clashes(mine: Sequence[UUID], theirs: Sequence[UUID]) -> list[Clash]:
    """Sessions ahead of `mine` at a time of one of `theirs`, and those."""
    booked = Session.objects.filter(status__in=AHEAD, client__in=[*mine, *theirs]).order_by("starts_at", "pk")
    rows = list(booked)
    return [
        {
            "resource": str(one.client_id),
            "kind": "client",
            "session": str(one.pk),
            "starts_at": one.starts_at,
            "ends_at": one.ends_at,
        }
        for one in rows
        if any(
            (one.client_id in mine) != (other.client_id in mine)
            and one.starts_at < other.ends_at
            and other.starts_at < one.ends_at
            for other in rows
        )
    ]


def preview_merge(*, client: Client, into_id: UUID, reason: str, by: User, at: datetime) -> Preview:
    """What a merge would bring, and whether it would be refused: tried out and taken back."""
    into = _into(client, into_id, by)
    problem: ClinicError | None = None
    suspends = 0
    try:
        with transaction.atomic():
            suspends = _merge(client=client, into=into, reason=reason, by=by, at=at)
            transaction.set_rollback(True)
    except ClinicError as exc:
        problem = exc
    ids = practice.person_ids(client.pk)
    return Preview(
        client=client.pk,
        into=into.pk,
        possible=problem is None,
        refusal={"code": problem.code, "detail": problem.detail} if problem else None,
        differences=[
            {
                "field": name,
                "client": str(getattr(client, name) or ""),
                "into": str(getattr(into, name) or ""),
            }
            for name in COMPARED
            if getattr(client, name) != getattr(into, name)
        ],
        programs=Program.objects.filter(client__in=ids).count(),
        sessions=Session.objects.filter(client__in=ids).count(),
        suspends=suspends,
    )


@transaction.atomic
def unmerge(*, client: Client, reason: str, by: User, at: datetime) -> Client:
    """The two are not one person after all: each has their own rows again, as they always were.

    What a clearance was suspended by stays until a prescriber has answered it, and a legal hold that was put on both
    stands for each. Rooms above untie what they keep of both (`partings`): money of one that paid the other is credit
    again.

    :raises NotPermitted: unless `by` is the medical director
    :raises NotMerged: when the client is nobody's alias
    :raises DeathDiffers: while a death stands that was written down for both
    """
    transitions.require_role(by, DIRECTOR, what="Unmerging clients")
    ids = practice.person_ids(client.pk)
    lock_courses(ids)
    lock_resources(ids)
    found = ClientAlias.objects.filter(client=client.pk, ended_at__isnull=True).select_related("into")
    alias: ClientAlias | None = found.first()
    if alias is None:
        raise NotMerged
    others = [pk for pk in ids if pk != client.pk]
    partings.part(one=client.pk, others=others, by=by, at=at)
    persons.lock_clients(ids)
    _refuse_one_death(client, ids)
    hold_both(one=client.pk, main=alias.into_id, others=others, since=alias.created_at, by=by, at=at)
    with scope.crossing():  # the other may be of a place from which nobody here reaches them any more
        persons.end_alias(alias=alias, reason=reason, by=by, at=at)
        release_of_others(client_id=client.pk, others=others, at=at)
    return _shown(client)


def _refuse_one_death(client: Client, ids: Sequence[UUID]) -> None:
    """:raises DeathDiffers: when a death of the one person would stay with one of the two, and nobody could void it"""
    dead = {death.client_id for death in practice.standing_deaths(ids)}
    if dead and (client.pk not in dead or dead == {client.pk}):
        raise DeathDiffers("Void the death first; once they are apart, write it down for the one who died.")


def _shown(client: Client) -> Client:
    """The client as the row is now."""
    found: Client = Client.objects.with_merges().get(pk=client.pk)
    return found
