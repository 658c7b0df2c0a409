"""The integration slot that is held for each booked dose, or the worklist's row that says that none was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from kapclinic.core.rows import each, tried
from kapclinic.practice.models import SYSTEM, Actor, Room, SessionKind
from kapclinic.practice.selectors import person_ids
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Task
from programs.models import Program
from programs.rules import LIVE
from programs.services import lock_program
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.booking.rules import HERE
from sessions.booking.services.allocations import ResourceConflict, lock_resources
from sessions.integration import rules, selectors
from sessions.integration.models import Obligation
from sessions.integration.selectors import Board, Sought
from sessions.integration.services.obligations import RACES, ask_for, free_held_slot

DOSE_TO_COME = HERE | {Session.Status.SCHEDULED}
BATCH = 200  # doses whose free time is read at once


def lock_dose(*, program: Program, resources: Sequence[UUID]) -> None:
    """Take the locks of a dose together with those of the slot that `hold_slot` may choose, all in one order.

    Doses that are booked at once then wait for each other, and none goes without its slot.
    """
    held = held_slot_resources(program)
    if held:
        lock_resources([*resources, *held])


def held_slot_resources(program: Program) -> list[UUID]:
    """All that `hold_slot` may choose from for a dose of this program; nothing when none is held."""
    if not program.protocol.owes_integration or program.therapist_id is None:
        return []
    rooms = Room.objects.filter(
        location_id=program.location_id, is_active=True, kinds__contains=[SessionKind.INTEGRATION]
    )
    return [*person_ids(program.client_id), program.therapist_id, *rooms.values_list("pk", flat=True)]


def hold_slot(*, dose: Session, program: Program, by: Actor, at: datetime) -> Session | None:
    """Hold an integration slot with the assigned therapist for a planned dose, so that there is time for it later.

    The slot is inside the window at whatever time of the booked session the dose is given. The answer is None when no
    slot is free; a row on the front desk's worklist then says so until there is one. The caller has locked the program.
    """
    if not program.protocol.owes_integration:
        return None
    held = _hold_best(dose, program, by=by, at=at)
    if held is None:
        _tell_no_slot(dose, program, at=at)
    else:
        trail.settle_tasks(kind=Kind.INTEGRATION_NO_SLOT, subject_id=dose.pk, by=by, at=at, outcome="held")
    return held


def hold_instead(*, held: Session, by: Actor, at: datetime) -> None:
    """The slot `held` for a dose was cancelled: hold another one while the dose is still to come, in a course that goes
    on. Nothing to do once the dose owes it. The caller has locked the program.
    """
    dose, program = held.for_dose, held.program
    if dose is None or dose.status not in DOSE_TO_COME or program.status not in LIVE:
        return
    owed = Obligation.objects.filter(dosing_session=dose).exclude(state=Obligation.State.VOIDED)
    if not owed.exists() and not Session.objects.standing().filter(for_dose=dose).exists():
        hold_slot(dose=dose, program=program, by=by, at=at)


def follow_therapist(*, program: Program, was: UUID | None, by: Actor, at: datetime) -> list[Session]:
    """The course has another therapist than it `was`: what is owed is theirs to see to, and what is held is held with
    them instead. Returns the slots that were freed. What a client is booked for stays. The caller has locked the
    program.
    """
    for obligation in Obligation.objects.open().filter(program=program).select_for_update(of=("self",)):
        obligation.therapist_id = program.therapist_id
        obligation.save_by(by, at=at)
        if was is not None:
            trail.hand_on(subject_id=obligation.pk, was=was, to=program.therapist_id, by=by, at=at)
    return _hold_anew(program, _held_ahead(program, at=at), at=at)


def follow_modalities(*, program: Program, at: datetime) -> list[Session]:
    """The client comes in another way than before: what is held in one that they do not accept is held in another.
    Returns the slots that were freed. What they are booked for stays. The caller has locked the program.
    """
    accepted = rules.modalities(program)
    return _hold_anew(program, _held_ahead(program, at=at).exclude(modality__in=accepted), at=at)


def _held_ahead(program: Program, *, at: datetime) -> QuerySet[Session]:
    rows: QuerySet[Session] = Session.objects.filter(program=program, status=Session.Status.HELD)
    return (
        rows.filter(for_dose__isnull=False, starts_at__gt=at).select_related("for_dose").order_by("starts_at")
    )


def _hold_anew(program: Program, rows: QuerySet[Session], *, at: datetime) -> list[Session]:
    held = list(rows)
    for row in held:
        assert row.for_dose is not None
        free_held_slot(dose=row.for_dose, by=SYSTEM, at=at)
    for row in held:
        row.program = program
        hold_instead(held=row, by=SYSTEM, at=at)
    return held


def _hold_best(dose: Session, program: Program, *, by: Actor, at: datetime) -> Session | None:
    if program.therapist_id is None:
        return None
    start, end = selectors.window_of_booked(dose, program)
    slots = selectors.candidates(program=program, dose=dose, start=start, end=end, at=at, others=False)
    for slot in slots[:RACES]:
        try:
            with transaction.atomic():  # lets the locks of a slot go that is taken
                return booking.book_session(
                    program=program,
                    ask=ask_for(slot),
                    by=by,
                    at=at,
                    status=Session.Status.HELD,
                    source=Session.Source.SCHEDULER,
                    for_dose=dose,
                    wait=False,
                )
        except ResourceConflict:
            continue
    return None


def _tell_no_slot(dose: Session, program: Program, *, at: datetime) -> None:
    trail.open_task(
        kind=Kind.INTEGRATION_NO_SLOT,
        location=program.location_id,
        client=program.client_id,
        subject_type="session",
        subject_id=dose.pk,
        due_at=dose.starts_at,
        by=SYSTEM,
        at=at,
    )


@transaction.atomic
def _hold_again(dose_id: UUID, *, at: datetime) -> None:
    program = lock_program(Session.objects.values_list("program_id", flat=True).get(pk=dose_id))
    dose = Session.objects.get(pk=dose_id)
    if dose.status == Session.Status.SCHEDULED and dose.starts_at > at:
        hold_slot(dose=dose, program=program, by=SYSTEM, at=at)


def sweep_unheld(*, at: datetime) -> int:
    """Look again for a slot for each coming dose that has none; returns how many there were.

    Free time is read once for a batch of them; only a dose that there is a slot for costs a transaction.
    """
    rows = Task.objects.open().filter(kind=Kind.INTEGRATION_NO_SLOT, due_at__gt=at).order_by("due_at", "pk")
    ids = list(rows.values_list("subject_id", flat=True))
    each(_hopeful(ids, at=at), partial(_hold_again, at=at))
    return len(ids)


def _hopeful(dose_ids: Sequence[UUID], *, at: datetime) -> Iterator[UUID]:
    """Those for which there seems to be a slot; `_hold_again` looks for itself, under the program's lock.

    A dose for which that can not be said is one of them: what is wrong with it then ends there, alone.
    """
    for start in range(0, len(dose_ids), BATCH):
        batch = dose_ids[start : start + BATCH]
        read = tried(partial(_read, batch, at=at), instead=None)
        if read is None:
            yield from batch
            continue
        sought, board = read
        for pk in batch:
            if pk in sought and tried(partial(board.slots, sought[pk]), instead=None) != []:
                yield pk


def _read(dose_ids: Sequence[UUID], *, at: datetime) -> tuple[dict[UUID, Sought], Board]:
    sought = selectors.unheld(dose_ids, at=at)
    return sought, Board(sought.values(), at=at)
