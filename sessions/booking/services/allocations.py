"""Holding resources: the locks in one order, the lanes, the clashes, and letting go."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import connection
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.db.models import OuterRef, Q, Subquery

from kapclinic.core import scope, writing
from kapclinic.core.errors import Conflict
from kapclinic.practice.models import Actor, User
from sessions.booking import rules
from sessions.booking.models import Allocation, Session, SessionHold
from sessions.booking.rules import Wanted
from sessions.booking.selectors.asked import Found
from sessions.booking.sql.lock import LOCK


class Clash(TypedDict):
    """What is taken, and by which session; behind a kept slot there is no session, but who keeps it and until when."""

    resource: str
    kind: str
    session: str | None
    starts_at: datetime
    ends_at: datetime
    held_until: NotRequired[datetime]
    held_by: NotRequired[str]
    held_by_name: NotRequired[str]
    moving: NotRequired[str]  # of an absence: the session that was to move there


class ResourceConflict(Conflict):
    """Somebody or some room is taken; `conflicts` names the sessions and kept slots in the way."""

    code, title = "resource_conflict", "Already taken"


def lock_key(resource: UUID) -> int:
    """The advisory lock of one resource."""
    return int.from_bytes(hashlib.sha256(resource.bytes).digest()[:8], "big", signed=True)


def lock_resources(resources: Sequence[UUID], *, wait: bool = True) -> None:
    """Take the locks of all `resources` in one order; they end with the transaction.

    A second booking in one transaction passes `wait=False`: it holds the first one's locks, and waiting could deadlock.

    :raises ResourceConflict: without `wait`, when another booking has one of the locks just now
    """
    keys = sorted({lock_key(resource) for resource in resources})
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(k) FROM unnest(%s::bigint[]) k", [keys])
            return
        cursor.execute("SELECT bool_and(pg_try_advisory_xact_lock(k)) FROM unnest(%s::bigint[]) k", [keys])
        if not cursor.fetchone()[0]:
            raise ResourceConflict("Another booking is being made.", conflicts=[])


def lock_with_client(resources: Sequence[UUID], *, client: UUID, wait: bool = True) -> list[UUID]:
    """As `lock_resources`, for `resources` and the client under every id of theirs; returns these ids, sorted.

    :raises ResourceConflict: without `wait`, when another booking has one of the locks just now
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [client, list(resources), wait])
        (ids,) = cursor.fetchone()
    if ids is None:
        raise ResourceConflict("Another booking is being made.", conflicts=[])
    return list(ids)


def planned(
    *, owner: Session | SessionHold, wants: Sequence[Wanted], found: Found, by: Actor, at: datetime
) -> list[Allocation]:
    """All that a session or a hold wants, in lanes that are free beside what others hold; nothing is written yet.

    The caller has locked it all, and has asked (`found`) after that.

    :raises ResourceConflict: naming each resource and the session that has it
    """
    taken = [row for row in found.taken if row.session_id is None or row.session_id != owner.pk]
    hold = owner if isinstance(owner, SessionHold) else None
    rows: list[Allocation] = []
    clashes: list[tuple[Wanted, Allocation]] = []
    for want in wants:
        lane = rules.choose_lane(want, [*taken, *rows])
        if lane is None:
            clashes += [(want, row) for row in taken if rules.overlaps(want, row)]
            continue
        rows.append(
            Allocation(
                session=owner if isinstance(owner, Session) else None,
                hold=hold,
                expires_at=hold.expires_at if hold else None,
                kind=want.kind,
                resource=want.resource,
                role=want.role,
                lanes=NumericRange(*lane),
                starts_at=want.starts_at,
                ends_at=want.ends_at,
                created_at=at,
                created_by=by.pk,
            )
        )
    if clashes or len(rows) < len(wants):
        raise ResourceConflict("A resource is taken at that time.", conflicts=_told_once(clashes))
    return rows


def allocate(rows: Sequence[Allocation], *, found: Found, at: datetime) -> None:
    """Hold what was planned. Holds that have expired vanish first."""
    if found.expired:
        resources = {row.resource for row in rows}
        expired = Allocation.objects.filter(
            resource__in=resources, released_at__isnull=True, expires_at__lte=at
        )
        with scope.crossing():  # also one that another location kept
            expired.update(released_at=at)
    with writing.together():  # and, where the caller writes together, with the session itself
        for row in rows:
            if not writing.write(row):
                row.save(force_insert=True)


def _told_once(clashes: Sequence[tuple[Wanted, Allocation]]) -> list[Clash]:
    """Each clash once: two sessions may have the client in common under several ids."""
    found: dict[tuple[object, ...], Clash] = {}
    keepers = _keepers({row.hold_id for _, row in clashes if row.hold_id})
    for want, row in clashes:
        what = want.kind if want.kind == Allocation.Kind.CLIENT else want.resource
        told = _told(want, row)
        if row.hold_id in keepers:
            told["held_until"], told["held_by"], told["held_by_name"] = keepers[row.hold_id]
        found.setdefault((what, row.session_id or row.hold_id, row.starts_at), told)
    return list(found.values())


def _keepers(holds: set[UUID]) -> dict[UUID | None, tuple[datetime, str, str]]:
    """Of kept slots: until when they are kept, and by whom."""
    if not holds:
        return {}
    name = User.objects.filter(pk=OuterRef("created_by")).values("name")[:1]
    rows = SessionHold.objects.filter(pk__in=holds).annotate(keeper=Subquery(name))
    told = rows.values_list("pk", "expires_at", "created_by", "keeper")
    return {pk: (until, str(by), keeper or "") for pk, until, by, keeper in told}


def _told(want: Wanted, row: Allocation) -> Clash:
    return {
        "resource": str(want.resource),
        "kind": want.kind,
        "session": str(row.session_id) if row.session_id else None,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
    }


def taken_resources(session: Session) -> list[UUID]:
    """The client, room and staff whose time the session holds now."""
    held = Allocation.objects.filter(session=session, released_at__isnull=True)
    return list(held.values_list("resource", flat=True))


def release(*, session: Session, at: datetime) -> None:
    """Free all that the session holds."""
    Allocation.objects.filter(session=session, released_at__isnull=True).update(released_at=at)


def release_of_others(*, client_id: UUID, others: Sequence[UUID], at: datetime) -> None:
    """Free what sessions of one client hold of the other, and the reverse: the two are not one person."""
    held = Allocation.objects.filter(kind=Allocation.Kind.CLIENT, released_at__isnull=True)
    mine = Q(session__client=client_id, resource__in=others) | Q(
        hold__program__client=client_id, resource__in=others
    )
    theirs = Q(session__client__in=others) | Q(hold__program__client__in=others)
    held.filter(mine | (theirs & Q(resource=client_id))).update(released_at=at)


def release_kept_slot(*, hold: SessionHold, at: datetime) -> None:
    """Free all that the kept slot holds."""
    Allocation.objects.filter(hold=hold, released_at__isnull=True).update(released_at=at)
