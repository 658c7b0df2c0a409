"""Sealing the audit events: each is chained to the one before it, some seconds after its act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from uuid import UUID

from django.db import connection, transaction

from kapclinic.trail import rules
from kapclinic.trail.models import AuditEvent, AuditSeal
from kapclinic.trail.sql import SEAL, UNSEALED

SEAL_LOCK = 0x6B61705F7365616C  # "kap_seal"
SEAL_BATCH = 2000
SEAL_SECONDS = 20.0  # of one pass
LATE = timedelta(hours=1)  # how late a request may commit what it wrote down


def seal_events(*, everything: bool = False) -> int:
    """Chain the events that are not yet sealed, in order; returns how many.

    Looks back one hour behind the last sealed event (a request may commit late), or at all of them; then goes on, a
    transaction a batch, until nothing is left or SEAL_SECONDS of the pass are over.
    """
    sealed, stop = 0, monotonic() + SEAL_SECONDS
    after: UUID | None = rules.NO_UUID if everything else None
    while (batch := _seal_batch(after)) and monotonic() < stop:
        sealed += len(batch)
        if len(batch) < SEAL_BATCH:
            return sealed
        after = batch[-1]
    return sealed + len(batch)


@transaction.atomic
def _seal_batch(after: UUID | None) -> Sequence[UUID]:
    """The events of one batch, sealed; those behind `after`, or behind LATE before the last sealed one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEAL_LOCK])
        if not cursor.fetchone()[0]:
            return []
    last = AuditSeal.objects.order_by("-sequence").first()
    sequence, previous = (last.sequence, last.hash) if last else (0, rules.GENESIS)
    if after is None:
        after = rules.uuid_floor(last.event_id, back=LATE) if last else rules.NO_UUID
    events = list(AuditEvent.objects.raw(UNSEALED, {"after": after, "most": SEAL_BATCH}))
    hashes = [previous]
    for number, event in enumerate(events, sequence + 1):
        hashes.append(rules.link(hashes[-1], number, event))
    ids = [event.pk for event in events]
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(
                SEAL, {"first": sequence + 1, "events": ids, "previous": hashes[:-1], "hashes": hashes[1:]}
            )
    return ids
