"""Questions to the trail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from kapclinic.trail.models import DOORS, AuditEvent, AuditSeal, Task
from kapclinic.trail.rules import GENESIS, LOG_SETTINGS
from kapclinic.trail.sql import EVENTS

WALKED = 2000


class Head(TypedDict):
    """The last link of a chain."""

    sequence: int
    hash: str


def access_log(
    *, client_ids: Sequence[UUID], since: datetime | None = None, until: datetime | None = None
) -> QuerySet[AuditEvent]:
    """Who read or changed this client's record, or was refused at it, under any id of theirs, newest first.

    From `since`, before `until`. A function finds them, which alone may use the index.
    """
    about = "SELECT trail_about(%s::uuid[], %s::timestamptz, %s::timestamptz)"
    of_them = RawSQL(about, [list(client_ids), since, until])  # noqa: S611  (parameters)
    found: QuerySet[AuditEvent] = AuditEvent.objects.filter(pk__in=of_them)
    return found.order_by("-created_at", "-id")


def at_the_doors() -> QuerySet[AuditEvent]:
    """Who signed in or was refused, and what was done about accounts; no event of these names its clients here."""
    found: QuerySet[AuditEvent] = AuditEvent.objects.filter(object_type__in=DOORS)
    return found


def open_rows(*, kind: str, subject_id: UUID) -> QuerySet[Task]:
    """The open row of this kind about this subject, if there is one."""
    found: QuerySet[Task] = Task.objects.open().filter(kind=kind, subject_id=subject_id)
    return found


def sealed() -> Iterator[AuditSeal]:
    """The chain in order, with its events; a link whose event is gone is left out.

    WALKED links at a time, and of the events only the partitions between the first and the last of those: the memory
    and the cost of a link stay the same however many there are.
    """
    chain = AuditSeal.objects.order_by("sequence")
    links = list(chain[:WALKED])
    while links:
        keys = [link.event_id for link in links]
        asked = {"first": min(keys), "last": max(keys), "keys": keys}
        events = {event.pk: event for event in AuditEvent.objects.raw(EVENTS, asked)}
        for link in links:
            if link.event_id in events:
                link.event = events[link.event_id]
                yield link
        links = list(chain.filter(sequence__gt=links[-1].sequence)[:WALKED])


def audit_head() -> Head:
    """Sequence and hash of the last link: what an anchor keeps elsewhere; 0 before the first one."""
    last = AuditSeal.objects.order_by("-sequence").values("sequence", "hash").first()
    if last is None:
        return {"sequence": 0, "hash": GENESIS}
    return {"sequence": last["sequence"], "hash": last["hash"]}


def beside_audit_anchor(head: Head) -> str | None:
    """What is wrong with the audit chain beside a head that was kept elsewhere; None while the chain has that link."""
    if head["sequence"] == 0:
        return None
    found = AuditSeal.objects.filter(sequence=head["sequence"]).first()
    if found is None:
        last = audit_head()["sequence"]
        return f"link {last + 1} is missing: the anchor holds {head['sequence']} links."
    if found.hash != head["hash"]:
        return f"link {head['sequence']} is not the one that the anchor holds."
    return None


def telling_log_settings() -> dict[str, str]:
    """The settings by which the database server would write a client's text into its log, with their values."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(LOG_SETTINGS)])
        return {name: value for name, value in cursor.fetchall() if value not in LOG_SETTINGS[name]}
