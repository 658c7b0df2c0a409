"""Verbs of the course."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, FieldError, IllegalTransition, Invalid, merge
from kapclinic.core.wording import a
from kapclinic.practice.models import SYSTEM, Actor, Client, Location, Role, User
from kapclinic.practice.selectors import person, person_ids
from programs import policy, rules
from programs.models import Modality, Phase, PhaseSpan, Program, ProgramType, Protocol
from programs.services.plans import PLAN, Pathway, PlanFields, take_plan
from programs.signals import program_discontinued


class Resource(TypedDict):
    """Who is needed for which part of a dosing session, of whom (`any_of`, ids as text), and how many."""

    role: str
    from_min: int
    to_min: int
    mode: str
    any_of: NotRequired[list[str]]
    count: NotRequired[int]


class MeasuredAround(TypedDict):
    """An instrument that is asked for around each dose, on days from it (below 0: before it)."""

    instrument: str
    offsets_days: NotRequired[list[int]]


class ProtocolDraft(TypedDict):
    """An edition; what is left out takes the default policy, and tables are laid over theirs (`policy.filled`)."""

    name: str
    program_type: str
    route: str
    planned_doses: NotRequired[int]
    min_gap_hours: NotRequired[int]
    span_days: NotRequired[list[int]]
    min_preparations: NotRequired[int]
    integration: NotRequired[Mapping[str, object]]
    checks_min: NotRequired[list[int]]
    min_stay_min: NotRequired[int]
    bands: NotRequired[Mapping[str, object]]
    dose: NotRequired[Mapping[str, object]]
    lengths_min: NotRequired[Mapping[str, int]]
    resources: NotRequired[Sequence[Resource]]
    fasting_hours: NotRequired[Mapping[str, object]]
    limits: NotRequired[Mapping[str, object]]
    home_dosing: NotRequired[bool]
    gates: NotRequired[Mapping[str, str]]
    measures: NotRequired[Sequence[MeasuredAround]]


# Local times of a day, as text: {"from": "09:00", "to": "12:00"}.
PreferredHours = TypedDict("PreferredHours", {"from": str, "to": str})
# The keys of a program's body that name a row.
LINKS = frozenset({"client", "protocol", "location", "therapist", "prescriber", "continues"})


class Wishes(PlanFields, total=False):
    """What a program says beside its people: all of it may change later."""

    diagnosis: str
    goals: str
    pathway_reason: str
    pathway: Pathway
    accepted_modalities: list[str]
    preferred_days: list[int]
    preferred_hours: PreferredHours | None


class ProgramOpening(Wishes):
    client: UUID
    protocol: UUID
    location: UUID
    therapist: NotRequired[UUID | None]
    prescriber: UUID
    continues: NotRequired[UUID | None]


class ProgramChange(Wishes, total=False):
    therapist: UUID
    prescriber: UUID


class ProtocolNotApproved(Invalid):
    code, title = "protocol_not_approved", "This protocol version is not approved"


class SecondProgram(Conflict):
    code, title = "second_program", "The client has a course that goes on"


class ProgramNotActive(IllegalTransition):
    title = "The program is not active"


def draft_protocol(*, values: ProtocolDraft, by: User, at: datetime) -> Protocol:
    """Write a new edition of a protocol, with the default policy for what it leaves out.

    :raises Invalid: naming each value that can't work
    """
    filled = policy.filled(dict(values))
    merge(rules.protocol_errors(filled))
    merge(_strangers(filled["resources"]))
    last = Protocol.objects.filter(name=filled["name"]).aggregate(last=Max("edition"))["last"] or 0
    return Protocol(**filled, edition=last + 1).save_by(by, at=at)


def _strangers(resources: Sequence[Resource]) -> list[FieldError]:
    """Pools that name somebody who does not hold the role: a wrong id would make a pool smaller in silence."""
    pools = {UUID(pk) for row in resources for pk in row.get("any_of", ())}
    roles = dict(User.objects.filter(pk__in=pools, is_active=True).values_list("pk", "roles"))
    return [
        FieldError(f"/resources/{i}/any_of", "not_found", "Somebody named here does not hold the role.")
        for i, row in enumerate(resources)
        if any(row["role"] not in roles.get(UUID(pk), ()) for pk in row.get("any_of", ()))
    ]


@transaction.atomic
def approve_protocol(*, protocol_id: UUID, by: User, at: datetime) -> Protocol:
    """Release an edition for use; from then on it never changes.

    :raises NotPermitted: unless `by` is the medical director
    :raises IllegalTransition: when it is approved already
    """
    protocol: Protocol = Protocol.objects.select_for_update().get(pk=protocol_id)
    transitions.apply(rules.PROTOCOL_MOVES, "approve", instance=protocol, by=by)
    protocol.approved_by, protocol.approved_at = by, at
    return protocol.save_by(by, at=at)


def _staff(
    user_id: UUID | None, role: Role, location: Location, field: str
) -> tuple[User | None, list[FieldError]]:
    if user_id is None:
        return None, []
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or location.pk not in user.locations:
        return None, [FieldError(f"/{field}", "not_found", "There is no such staff member at this location.")]
    if role not in user.role_set:
        return None, [
            FieldError(f"/{field}", "wrong_role", f"This staff member is not {a(role.label.lower())}.")
        ]
    return user, []


def _client(pk: UUID, by: User) -> tuple[Client | None, list[FieldError]]:
    row: Client | None = Client.objects.visible_to(by).filter(pk=pk).first()
    return row, [] if row else [FieldError("/client", "not_found", "There is no such row for you.")]


@transaction.atomic
def open_program(*, values: ProgramOpening, by: User, at: datetime) -> Program:
    """Open a client's course on an approved protocol version; it begins in screening.

    A course that it continues has ended before: `course.services.open_program` sees to that.

    :raises Invalid: for a client, location or staff member that the actor may not use, or a missing therapist
    :raises ProtocolNotApproved: when the protocol version is still a draft
    :raises SecondProgram: while another course of the client is active or on hold; `program` names it
    """
    errors: list[FieldError] = []
    protocol = Protocol.objects.filter(pk=values["protocol"]).first()
    if protocol is None:
        errors.append(FieldError("/protocol", "not_found", "There is no such protocol."))
    elif protocol.status != Protocol.Status.APPROVED:
        raise ProtocolNotApproved(
            errors=[FieldError("/protocol", "not_approved", "Choose an approved version.")]
        )
    client, more = _client(values["client"], by)
    location = Location.objects.filter(pk=values["location"]).first()
    if location is None or location.pk not in by.locations:
        merge([*errors, *more, FieldError("/location", "not_found", "There is no such location for you.")])
    assert location is not None
    therapist, no_therapist = _staff(values.get("therapist"), Role.THERAPIST, location, "therapist")
    prescriber, no_prescriber = _staff(values["prescriber"], Role.PRESCRIBER, location, "prescriber")
    errors += [*more, *no_therapist, *no_prescriber]
    if protocol and protocol.program_type == ProgramType.KAP and therapist is None and not no_therapist:
        errors.append(FieldError("/therapist", "required", "A KAP program has an assigned therapist."))
    if client and client.died_on:
        errors.append(FieldError("/client", "deceased", "This client has died."))
    if client and location.pk not in client.locations:
        errors.append(FieldError("/location", "not_found", "The client is not registered at this location."))
    merge(errors)
    assert client is not None
    _refuse_second(client)
    program = Program(
        client=client,
        protocol=protocol,
        location=location,
        therapist=therapist,
        prescriber=prescriber,
        continues_id=values.get("continues"),
    )
    take_plan(program, values, by=by)
    _take_wishes(program, values)
    program.accepted_modalities = program.accepted_modalities or [Modality.IN_PERSON]
    program.save_by(by, at=at)
    PhaseSpan(program=program, phase=Phase.SCREENING, started_at=at).save_by(by, at=at)
    return program


def _refuse_second(client: Client) -> None:
    """Two that open a course of one client come one after the other, and the second hears of the first."""
    ids = person_ids(client.pk)
    list(Client.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    live = Program.objects.filter(client__in=ids, status__in=[Program.Status.ACTIVE, Program.Status.ON_HOLD])
    other = live.order_by("pk").first()
    if other is not None:
        words = "Complete or discontinue it, or send it as `continues`: then it is completed, and what it owes stays."
        raise SecondProgram(words, program=str(other.pk))


def _take_wishes(program: Program, values: ProgramOpening | ProgramChange) -> None:
    for name, value in values.items():
        if name not in LINKS and name not in PLAN:
            setattr(program, name, value)


def lock_program(program_id: UUID) -> Program:
    """The program's row, locked until the transaction ends."""
    found: Program = (
        Program.objects.select_for_update(of=("self",), no_key=True)
        .select_related("protocol")
        .get(pk=program_id)
    )
    return found


def lock_visible_program(*, program_id: UUID, by: User) -> Program | None:
    """As `lock_program`, if `by` sees it; else None, and nothing is locked."""
    rows = Program.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    found: Program | None = rows.select_related("protocol").filter(pk=program_id).first()
    return found


def lock_visible_programs(*, program_ids: Collection[UUID], by: User) -> dict[UUID, UUID]:
    """Lock those of the programs that `by` sees, in one order; each with its client."""
    rows = Program.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    return dict(rows.filter(pk__in=program_ids).order_by("pk").values_list("pk", "client"))


def try_lock_program(program_id: UUID) -> Program | None:
    """The program's row, locked, or None when somebody else has it: for one who holds another program already."""
    rows = Program.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    found: Program | None = rows.select_related("protocol").filter(pk=program_id).first()
    return found


def change_program(*, program: Program, values: ProgramChange, by: User, at: datetime) -> Program:
    """Change goals, diagnosis, preferences, or the assigned therapist or prescriber.

    :raises Invalid: for a staff member who does not hold the role at this location, or a plan beyond the protocol
    :raises NotPermitted: for a plan of its own by somebody who does not lead a course
    """
    errors: list[FieldError] = []
    for field, named, role in (
        ("therapist", values.get("therapist"), Role.THERAPIST),
        ("prescriber", values.get("prescriber"), Role.PRESCRIBER),
    ):
        if field in values:
            user, problems = _staff(named, role, program.location, field)
            errors += problems
            setattr(program, field, user)
    merge(errors)
    take_plan(program, values, by=by)
    _take_wishes(program, values)
    return program.save_by(by, at=at)


def require_active(program: Program) -> None:
    """:raises ProgramNotActive: when the course is on hold or over"""
    if program.status != Program.Status.ACTIVE:
        raise ProgramNotActive(f"The program is {program.status.replace('_', ' ')}.", state=program.status)


def enter_phase(
    *, program: Program, phase: str, by: Actor, at: datetime, span: PhaseSpan | None = None
) -> Program:
    """Close the open span and begin `phase`; the caller has locked the program, and `span`, where it has read that.

    :raises Conflict: when `phase` can't follow the present one
    """
    if phase not in rules.NEXT[program.phase]:
        raise Conflict(f"{phase} can't follow {program.phase}.")
    if span is None:
        span = PhaseSpan.objects.select_for_update().get(program=program, ended_at__isnull=True)
    moment = max(at, span.started_at)
    span.ended_at = moment
    span.save_by(by, at=at)
    PhaseSpan(program=program, phase=phase, started_at=moment).save_by(by, at=at)
    program.phase = phase
    return program.save_by(by, at=at)


@transaction.atomic
def move_program(*, program_id: UUID, move: str, by: Actor, at: datetime, reason: str = "") -> Program:
    """Hold, resume or discontinue a course. Discontinuing closes its phase and announces program_discontinued.

    :raises IllegalTransition: from a state that the move does not start in
    :raises NotPermitted: by a role that may not
    """
    program = lock_program(program_id)
    transitions.apply(rules.PROGRAM_MOVES, move, instance=program, by=by)
    program.status_reason = reason
    program.save_by(by, at=at)
    if program.status == Program.Status.DISCONTINUED:
        _close(program, by=by, at=at)
        program_discontinued.send(Program, program_id=program.pk)
    return program


def reinstate(*, program: Program, status: str, at: datetime) -> Program:
    """Go on with a course that ended because its client was said to have died, in the phase and status of before.

    The caller has locked the program.

    :raises IllegalTransition: unless it is discontinued
    """
    transitions.apply(rules.PROGRAM_MOVES, "reinstate", instance=program, by=SYSTEM)
    program.status, program.status_reason = status, ""
    program.save_by(SYSTEM, at=at)
    PhaseSpan(program=program, phase=program.phase, started_at=at).save_by(SYSTEM, at=at)
    return program


@transaction.atomic
def discontinue_declined(*, program_id: UUID, by: User, at: datetime) -> Program:
    """End the course because the prescriber declined the client."""
    return move_program(
        program_id=program_id, move="discontinue", by=by, at=at, reason="Declined at screening."
    )


@transaction.atomic
def complete_leaving_bookings(*, program_id: UUID, by: User, at: datetime) -> Program:
    """End the course as planned, from its integration or maintenance phase.

    Half a verb: what is owed or booked is left as it is. `course.services.complete_program` is the whole.

    :raises IllegalTransition: from another status or phase
    """
    program = lock_program(program_id)
    transitions.apply(rules.PROGRAM_MOVES, "complete", instance=program, by=by)
    if program.phase not in rules.COMPLETABLE:
        raise IllegalTransition(f"'complete' is possible from the integration phase. Now: {program.phase}.")
    program.save_by(by, at=at)
    _close(program, by=by, at=at)
    return program


@transaction.atomic
def continue_leaving_bookings(*, program_id: UUID, client_id: UUID, by: User, at: datetime) -> Program:
    """End a course, in whatever phase, because another one of the client takes its place; what it owes stays owed.

    Half a verb: what is booked is left as it is. `course.services.open_program` is the whole.

    :raises Invalid: naming `continues`, when the actor sees no such course of this client
    :raises IllegalTransition: when it is over already
    """
    if not Program.objects.visible_to(by).filter(pk=program_id, client__in=person(client_id)).exists():
        raise Invalid.field("continues", "The client has no such program.", code="not_found")
    program = lock_program(program_id)
    transitions.apply(rules.PROGRAM_CONTINUED, "continue", instance=program, by=by)
    program.save_by(by, at=at)
    _close(program, by=by, at=at)
    return program


def _close(program: Program, *, by: Actor, at: datetime) -> None:
    for span in PhaseSpan.objects.select_for_update().filter(program=program, ended_at__isnull=True):
        span.ended_at = max(at, span.started_at)
        span.save_by(by, at=at)
