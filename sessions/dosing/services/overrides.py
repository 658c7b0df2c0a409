"""Verbs of a gate: pass it on one's own responsibility, and read what a colleague passed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, Invalid, NotPermitted
from kapclinic.practice.models import User
from kapclinic.practice.rules import DIRECTOR, PRESCRIBER
from sessions.booking.rules.said import judged_at, local_day
from sessions.dosing import selectors
from sessions.dosing.gates import gather
from sessions.dosing.models import GateOverride, GateOverrideReading
from sessions.dosing.services.doses import lock_dosing

READERS = PRESCRIBER | DIRECTOR


class NotOverridable(Conflict):
    code, title = "not_overridable", "This gate can't be overridden"


class AlreadyRead(Conflict):
    code, title = "already_read", "Somebody has read this override"


@transaction.atomic
def override_gate(*, session_id: UUID, gate: str, reason: str, by: User, at: datetime) -> GateOverride:
    """Pass one open gate on one's own responsibility, for the day on which the session is: moved, it is open again.

    :raises Invalid: for a gate that does not exist here
    :raises NotOverridable: when it is not open, or nobody may override it
    :raises NotPermitted: by a role that may not
    """
    session = lock_dosing(session_id)
    begun = selectors.first_dosed_at(session_id=session.pk)
    moment = at if begun else judged_at(session.ends_at, zone=session.location.zone, at=at)
    judged = gather.judged(session, moment=moment, at=at, dosing_now=False, begun=begun)
    row = next((row for row in (*judged.gates, *judged.advice) if row.code == gate), None)
    if row is None:
        raise Invalid.field("gate", "There is no such gate for this session.", code="not_found")
    if row not in judged.open or not row.overridable_by:
        raise NotOverridable(f"'{row.label}' is {row.state} and can't be overridden now.")
    allowed = frozenset(map(str, row.overridable_by))
    transitions.require_role(by, allowed, what="This override")
    role = min(by.role_set & allowed)
    said = GateOverride(session=session, gate=gate, reason=reason, role=role, for_day=local_day(session))
    return said.insert_by(by, at=at)


@transaction.atomic
def read_override(*, override_id: UUID, by: User, at: datetime) -> GateOverride:
    """Say that one has read why a colleague passed a gate; from then on it waits for nobody.

    :raises NotPermitted: unless `by` is a prescriber or the medical director, and another than its maker
    :raises AlreadyRead: the second time
    """
    transitions.require_role(by, READERS, what="Reading an override")
    row: GateOverride = GateOverride.objects.get(pk=override_id)
    if row.created_by == by.pk:
        raise NotPermitted("Somebody else reads what you passed.")
    try:
        with transaction.atomic():
            GateOverrideReading(override=row, read_by=by).insert_by(by, at=at)
    except IntegrityError as exc:
        raise AlreadyRead from exc
    return row
