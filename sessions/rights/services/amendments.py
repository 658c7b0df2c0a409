"""A client's request to amend the record: taken in, put off once, accepted or denied, disagreed with."""

from __future__ import annotations

from datetime import date, datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, Invalid, merge
from kapclinic.core.moments import begin_of
from kapclinic.practice.models import User
from kapclinic.practice.rules import CLINICIANS
from kapclinic.practice.selectors import first_place, last_day
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import open_task, settle_tasks
from sessions.notes import services as notes
from sessions.rights import rules, selectors
from sessions.rights.models import AmendmentRequest
from sessions.rights.services.disclosures import client_seen


class AmendmentFields(TypedDict):
    """`received_on` is the day on which the client's request came, from which its days count."""

    client: UUID
    note: NotRequired[UUID | None]
    text: str
    received_on: date


class AlreadyExtended(Conflict):
    code, title = "already_extended", "This was put off once already"


class TooLateToExtend(Conflict):
    code, title = "too_late", "The day on which this was due is over"


class OtherClient(Conflict):
    code, title = "other_client", "This note is another client's"


class AlreadyDisagreed(Conflict):
    code, title = "already_disagreed", "A statement of disagreement is kept already"


def _locked(request_id: UUID) -> AmendmentRequest:
    found: AmendmentRequest = (
        AmendmentRequest.objects.select_related("client").select_for_update(of=("self",)).get(pk=request_id)
    )
    return found


def _list(row: AmendmentRequest, *, by: User, at: datetime) -> None:
    """Put the request on the worklist until the end of the day on which it is due."""
    place = first_place(row.client)
    open_task(
        kind=Kind.AMENDMENT_DUE,
        location=place.pk,
        client=row.client_id,
        subject_type="amendment_request",
        subject_id=row.pk,
        due_at=begin_of(row.due_on, place.zone, days=1),
        by=by,
        at=at,
    )


def _unlist(row: AmendmentRequest, *, outcome: str, by: User, at: datetime) -> None:
    settle_tasks(kind=Kind.AMENDMENT_DUE, subject_id=row.pk, by=by, at=at, outcome=outcome)


@transaction.atomic
def ask_for_amendment(*, values: AmendmentFields, by: User, at: datetime) -> AmendmentRequest:
    """Take in what a client asks to have amended; it is answered within 60 days of the day on which it came.

    :raises NotPermitted: unless `by` is a clinician
    :raises Invalid: for a client or note that the actor may not see, a note of somebody else, or a day to come
    """
    transitions.require_role(by, CLINICIANS, what="Taking in a request to amend")
    client, day, note = client_seen(values["client"], by=by), values["received_on"], values.get("note")
    merge(rules.not_to_come(day, today=last_day(client, at=at), field="received_on"))
    if note is not None and selectors.note_of(client.pk, note, locations=by.locations) is None:
        raise Invalid.field("note", "There is no such note in this client's record.", code="not_found")
    row = AmendmentRequest(
        client=client, note_id=note, text=values["text"], received_on=day, due_on=rules.due_on(day)
    ).save_by(by, at=at)
    _list(row, by=by, at=at)
    return row


@transaction.atomic
def extend_amendment(*, request_id: UUID, reason: str, by: User, at: datetime) -> AmendmentRequest:
    """Put the answer off by 30 days, once and in time: the client is told why within the first 60 days.

    :raises NotPermitted: unless `by` is the medical director
    :raises IllegalTransition: once it is answered
    :raises AlreadyExtended: the second time
    :raises TooLateToExtend: after the day on which it was due
    """
    row = _locked(request_id)
    transitions.apply(rules.AMENDMENT_MOVES, "extend", instance=row, by=by, field="state")
    if row.extended_at is not None:
        raise AlreadyExtended("It can't be put off again: accept or deny it.")
    if at >= begin_of(row.due_on, first_place(row.client).zone, days=1):
        raise TooLateToExtend(f"It was due on {row.due_on}: accept or deny it.")
    row.extended_at, row.extension_reason = at, reason
    row.due_on += rules.PUT_OFF_BY
    row.save_by(by, at=at)
    _unlist(row, outcome="extended", by=by, at=at)
    _list(row, by=by, at=at)
    return row


@transaction.atomic
def accept_amendment(*, request_id: UUID, addendum: str, by: User, at: datetime) -> AmendmentRequest:
    """Amend the record: `addendum` is what it says from now on, beside what was written, never in place of it.

    Of a note it becomes an addendum under the note, signed by whoever accepts.

    :raises NotPermitted: unless `by` is a clinician, and of a note writes such notes or is the medical director
    :raises IllegalTransition: once it is answered, or while the note is not signed
    :raises OtherClient: for a note of somebody who turned out to be another person since
    """
    row = _locked(request_id)
    transitions.apply(rules.AMENDMENT_MOVES, "accept", instance=row, by=by, field="state")
    if row.note_id is not None:
        if not selectors.is_of(row.client_id, row.note_id):
            raise OtherClient(
                "A merge was taken back since: void the request, and take it in for whose note it is."
            )
        reason = f"Amended at the client's request of {row.received_on}"
        row.note_addendum = notes.amend_note(note_id=row.note_id, reason=reason, text=addendum, by=by, at=at)
    row.addendum = addendum
    return _decide(row, by=by, at=at)


@transaction.atomic
def deny_amendment(*, request_id: UUID, basis: str, by: User, at: datetime) -> AmendmentRequest:
    """Leave the record as it is, and say why (45 CFR 164.526(d)(1)): the client may state that they disagree.

    :raises NotPermitted: unless `by` is the medical director
    :raises IllegalTransition: once it is answered
    """
    row = _locked(request_id)
    transitions.apply(rules.AMENDMENT_MOVES, "deny", instance=row, by=by, field="state")
    row.basis = basis
    return _decide(row, by=by, at=at)


@transaction.atomic
def void_amendment(*, request_id: UUID, reason: str, by: User, at: datetime) -> AmendmentRequest:
    """Say that the request was taken in by mistake, or that the client took it back.

    :raises NotPermitted: unless `by` is a clinician
    :raises IllegalTransition: once it is answered
    """
    row = _locked(request_id)
    transitions.apply(rules.AMENDMENT_MOVES, "void", instance=row, by=by, field="state")
    row.void_reason = reason
    return _decide(row, by=by, at=at)


def _decide(row: AmendmentRequest, *, by: User, at: datetime) -> AmendmentRequest:
    row.decided_at, row.decided_by = at, by.pk
    row.save_by(by, at=at)
    _unlist(row, outcome=row.state, by=by, at=at)
    return row


@transaction.atomic
def keep_disagreement(*, request_id: UUID, text: str, by: User, at: datetime) -> AmendmentRequest:
    """Keep the client's own statement beside a denied request (45 CFR 164.526(d)(2)), once.

    :raises NotPermitted: unless `by` is a clinician
    :raises IllegalTransition: unless it was denied
    :raises AlreadyDisagreed: the second time
    """
    row = _locked(request_id)
    transitions.apply(rules.AMENDMENT_MOVES, "disagreement", instance=row, by=by, field="state")
    if row.disagreed_at is not None:
        raise AlreadyDisagreed
    row.disagreement, row.disagreed_at = text, at
    return row.save_by(by, at=at)
