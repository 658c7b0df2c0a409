"""The verb of a gate: pass it on one's own responsibility."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, Invalid
from kapclinic.practice.models import User
from sessions.booking.rules.said import judged_at, local_day
from sessions.dosing import selectors
from sessions.dosing.gates import gather
from sessions.dosing.models import GateOverride
from sessions.dosing.services.doses import lock_dosing


class NotOverridable(Conflict):
    code, title = "not_overridable", "This gate can't be overridden"


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
