"""Verbs of the broken glass: in an emergency a clinician of another location reads a client's record.

Source: 45 CFR 164.312(a)(2)(ii) and clinic policy: a reason, some hours, reads alone, never a psychotherapy note, and a
review by a medical director of the client's location. What is read through it is in `kapclinic.trail.glass`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from kapclinic.core import scope, transitions
from kapclinic.core.errors import Conflict, Invalid, NotPermitted
from kapclinic.practice import rules, selectors
from kapclinic.practice.models import Actor, Client, Location, Role, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import BreakGlass

REVIEW_WITHIN = timedelta(hours=24)


class NotNeeded(Conflict):
    """The client is at a location of the clinician's own, who reads the record as everybody there does."""

    code, title = "break_glass_not_needed", "You see this client without it"


class Standing(Conflict):
    """The clinician has broken this glass, and it stands."""

    code, title = "break_glass_stands", "You read this record already"


class Over(Conflict):
    code, title = "break_glass_over", "It is over already"


class Reviewed(Conflict):
    code, title = "already_reviewed", "It was reviewed before"


class OwnGlass(NotPermitted):
    """Nobody reviews what they broke themselves."""

    code, title = "own_break_glass", "Another medical director reviews this"


@transaction.atomic
@scope.crossing()
def break_glass(*, client: UUID, reason: str, by: User, at: datetime) -> BreakGlass:
    """Open the record of a client of another location to the reads of `by`, and tell the directors there.

    :raises NotPermitted: unless `by` is a clinician
    :raises Invalid: for a client who does not exist, or a reason of fewer than three words
    :raises NotNeeded: for a client whom `by` sees anyway
    :raises Standing: while one of theirs stands for the same person
    """
    transitions.require_role(by, rules.CLINICIANS, what="Breaking the glass")
    rules.refuse_short_reason(reason)
    person, places = _registrations(client)
    named = next((row for row in person if row.pk == client), None)
    if named is None:
        raise Invalid.field("client", "There is no such client.", code="not_found")
    if not by_locations_apart(by, places):
        raise NotNeeded("This client is at a location of yours: open the record as always.")
    user: User = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    _refuse_second(user, clients=[row.pk for row in person], at=at)
    minutes = Location.objects.filter(pk__in=places).values_list("break_glass_minutes", flat=True)
    glass = BreakGlass(
        client=client,
        clients=sorted(row.pk for row in person),
        locations=places,
        roles=sorted(user.role_set),
        reason=reason,
        expires_at=at + timedelta(minutes=min(minutes)),
    ).save_by(by, at=at)
    user.glass_until = max(glass.expires_at, user.glass_until or glass.expires_at)
    user.save_by(by, at=at)
    _ask_for_review(glass, place=selectors.first_place(named).pk, by=by, at=at)
    return glass


@scope.crossing()
def is_elsewhere(by: User, client: UUID) -> bool:
    """Is no registration of this person at a location of the user's?"""
    return by_locations_apart(by, _registrations(client)[1])


def _registrations(client: UUID) -> tuple[list[Client], list[UUID]]:
    """Those of one person that stand, and their locations."""
    person = list(Client.objects.filter(pk__in=selectors.person_ids(client), withdrawn_at=None))
    return person, sorted({place for row in person for place in row.locations})


def by_locations_apart(by: User, places: Iterable[UUID]) -> bool:
    """Has the user none of these locations?"""
    return not set(by.locations) & set(places)


def _refuse_second(user: User, *, clients: list[UUID], at: datetime) -> None:
    before = BreakGlass.objects.filter(
        created_by=user.pk, clients__overlap=clients, ended_at=None, expires_at__gt=at
    ).first()
    if before is not None:
        raise Standing(
            "It stands: read what you need.",
            break_glass=str(before.pk),
            expires_at=before.expires_at.isoformat().replace("+00:00", "Z"),
        )


def _ask_for_review(glass: BreakGlass, *, place: UUID, by: User, at: datetime) -> None:
    """Put the review on the worklist of the client's location, and tell its directors by a mail without a name."""
    trail.open_task(
        kind=Kind.BREAK_GLASS_REVIEW,
        location=place,
        client=glass.client,
        subject_type="break_glass",
        subject_id=glass.pk,
        due_at=at + REVIEW_WITHIN,
        by=by,
        at=at,
        looked=True,
    )
    directors = selectors.staff_at(roles=[Role.MEDICAL_DIRECTOR], locations=glass.locations)
    told = set().union(*directors.values()) - {by.pk}
    notices = [trail.Notice(f"break_glass:{glass.pk}:{reader}", reader, glass.pk) for reader in told]
    trail.queue_notices(notices, template="break_glass", at=at)


@transaction.atomic
def end_glass(*, glass_id: UUID, by: User, at: datetime) -> BreakGlass:
    """Close the record again before its time: by whoever opened it, or a director of the client's location.

    :raises NotPermitted: by anybody else
    :raises Over: when it is over already
    """
    glass: BreakGlass = BreakGlass.objects.select_for_update().get(pk=glass_id)
    if "end" not in moves_of(glass, by=by, at=at):
        if glass.created_by != by.pk:
            transitions.require_role(by, rules.DIRECTOR, what="Ending what somebody else broke")
        raise Over("Nothing is read through it any more.")
    glass.ended_at = at
    return glass.save_by(by, at=at)


def end_all(*, user: User, by: Actor, at: datetime) -> None:
    """End whatever the user broke, because their account, roles or locations change. The caller saves the user."""
    user.glass_until = None
    if user._state.adding:
        return
    mine = BreakGlass.objects.select_for_update().filter(created_by=user.pk, ended_at=None, expires_at__gt=at)
    for glass in mine.order_by("pk"):
        glass.ended_at = at
        glass.save_by(by, at=at)


@transaction.atomic
def review_glass(*, glass_id: UUID, finding: str, by: User, at: datetime) -> BreakGlass:
    """A medical director of the client's location says what they found; that settles the row of the worklist.

    :raises NotPermitted: by anybody else
    :raises OwnGlass: of what they broke themselves
    :raises Reviewed: the second time
    """
    transitions.require_role(by, rules.DIRECTOR, what="Reviewing a broken glass")
    glass: BreakGlass = BreakGlass.objects.select_for_update().get(pk=glass_id)
    if glass.created_by == by.pk:
        raise OwnGlass("You broke it: another medical director reviews it.")
    if glass.reviewed_at is not None:
        raise Reviewed("What was found stands.")
    glass.reviewed_at, glass.reviewed_by, glass.finding = at, by.pk, finding
    glass.save_by(by, at=at)
    trail.settle_tasks(
        kind=Kind.BREAK_GLASS_REVIEW, subject_id=glass.pk, by=by, at=at, outcome="reviewed by the director"
    )
    return glass


def state_of(glass: BreakGlass, *, at: datetime) -> str:
    """`standing`, `ended` by somebody, or `expired` by the clock."""
    if glass.ended_at is not None:
        return "ended"
    return "standing" if at < glass.expires_at else "expired"


def moves_of(glass: BreakGlass, *, by: User, at: datetime) -> list[str]:
    """What `by` could do with it now: `end`, `review`."""
    own, directs = glass.created_by == by.pk, Role.MEDICAL_DIRECTOR in by.role_set
    moves = ["end"] if state_of(glass, at=at) == "standing" and (own or directs) else []
    return moves + (["review"] if directs and not own and glass.reviewed_at is None else [])


@scope.crossing()
def find_client(
    *, mrn: str = "", first_name: str = "", last_name: str = "", born: date | None = None
) -> Client | None:
    """The one person of this practice who has this MRN, or this whole name and birth date; None for none or several.

    It tells no more than that there is one: the caller is written into the person's access log.
    """
    rows = Client.objects.filter(withdrawn_at=None)
    found: list[Client] = []
    if mrn:
        found = list(rows.filter(mrn=mrn.strip().upper()))
    elif born is not None:
        wanted = (rules.folded(first_name), rules.folded(last_name))
        same_day = rows.filter(date_of_birth=born).order_by("created_at", "pk")
        found = [row for row in same_day if wanted in rules.whole_names(row)]
    mains = selectors.mains_of(row.pk for row in found)
    people = {row.pk: row for row in (mains.get(row.pk, row) for row in found)}
    return next(iter(people.values())) if len(people) == 1 else None
