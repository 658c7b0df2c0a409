"""Questions about integration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, UUIDField, Value
from django.db.models.functions import Coalesce

from kapclinic.core.asking import Questions
from kapclinic.practice.models import Role, SessionKind, User
from kapclinic.practice.selectors import person
from kapclinic.practice.worklist import Kind
from kapclinic.trail import selectors as trail
from kapclinic.trail.models import Task
from programs.models import Program
from programs.rules import integration_window
from sessions.booking.models import Session
from sessions.booking.rules import Slot
from sessions.booking.selectors.availability import free_slots
from sessions.booking.selectors.open_time import OpenTime, open_time
from sessions.integration import rules
from sessions.integration.models import Obligation


class Before(NamedTuple):
    """What became of the integrations that were booked for a dose before: the times that were `given_up`, cancelled or
    missed, and the starts that were `freed` only because the dose was voided, which the client was told.
    """

    given_up: list[tuple[datetime, datetime]]
    freed: set[datetime]


def given_up(*, dose: Session) -> list[tuple[datetime, datetime]]:
    """Times at which this dose's integration was cancelled or missed."""
    return _before([dose.pk])[dose.pk].given_up


def _before(doses: Collection[UUID]) -> dict[UUID | None, Before]:
    ended = [Session.Status.CANCELLED, Session.Status.NO_SHOW]
    rows = Session.objects.filter(for_dose__in=doses, status__in=ended).exclude(reason=rules.HOLD_FREED)
    found: dict[UUID | None, Before] = defaultdict(lambda: Before([], set()))
    for dose, reason, starts_at, ends_at in rows.values_list("for_dose", "reason", "starts_at", "ends_at"):
        if reason == rules.DOSE_VOIDED:
            found[dose].freed.add(starts_at)
        else:
            found[dose].given_up.append((starts_at, ends_at))
    return found


def candidates(
    *, program: Program, dose: Session, start: datetime, end: datetime, at: datetime, others: bool = True
) -> list[Slot]:
    """The slots of the best tier that has any, best first.

    Tiers: the assigned therapist in each modality that the client accepts, in their order; then any other
    KAP-trained therapist of the location, likewise. At least the protocol's notice from now.
    """

    def find(modality: str, earliest: datetime, therapists: Sequence[UUID]) -> list[Slot]:
        return free_slots(
            program=program,
            kind=SessionKind.INTEGRATION,
            at=at,
            modality=modality,
            start=earliest,
            before=end,
            only={str(Role.THERAPIST): therapists},
        )

    tiers = _tiers(program, trained(program.location_id) if others else [])
    return _best_tier(program, find, start=start, at=at, tiers=tiers, before=_before([dose.pk])[dose.pk])


def _best_tier(
    program: Program,
    find: Callable[[str, datetime, Sequence[UUID]], list[Slot]],
    *,
    start: datetime,
    at: datetime,
    tiers: Iterable[Sequence[UUID]],
    before: Before,
) -> list[Slot]:
    """`find`: the free slots of a modality, from a time on, with one of these therapists."""
    notice = timedelta(minutes=int(program.protocol.limits["notice_min"]))
    earliest = max(start, at + notice)
    for therapists in tiers:
        for modality in rules.modalities(program):
            slots = rules.apart(find(modality, earliest, therapists), before.given_up)
            found = rules.ranked(slots, program, program.location.zone, told=before.freed)
            if found:
                return found
    return []


def _tiers(program: Program, others: Sequence[UUID]) -> list[Sequence[UUID]]:
    own = [program.therapist_id] if program.therapist_id else []
    return [tier for tier in (own, [pk for pk in others if pk != program.therapist_id]) if tier]


def trained(location: UUID) -> list[UUID]:
    """The therapists of the location who are trained for KAP."""
    rows = User.objects.filter(
        is_active=True,
        kap_trained=True,
        roles__contains=[str(Role.THERAPIST)],
        locations__contains=[location],
    )
    return list(rows.values_list("pk", flat=True))


@dataclass(frozen=True)
class Sought:
    """An integration of `program` that is to begin in [start, end), as `candidates` looks for one; `before`: what
    became of earlier ones for its dose; `others`: may another trained therapist hold it?
    """

    program: Program
    start: datetime
    end: datetime
    before: Before
    others: bool = True


@dataclass(frozen=True)
class Owed:
    """A due obligation with its program, protocol, location and dose, as they were read for a whole batch.

    `held`: is a slot held for its dose; `listed`: the roles that its row on the worklist is shown to, if it has one.
    """

    obligation: Obligation
    sought: Sought
    held: bool
    listed: frozenset[str] | None


def owed(ids: Sequence[UUID]) -> dict[UUID, Owed]:
    """Those of these obligations that are due, by id; a few statements whatever their number."""
    rows = Obligation.objects.filter(pk__in=ids, state=Obligation.State.DUE).select_related(
        "program", "dosing_session"
    )
    found = list(rows.prefetch_related("program__protocol", "program__location"))
    doses = [row.dosing_session_id for row in found]
    held = Session.objects.filter(for_dose__in=doses, status=Session.Status.HELD)
    holding = set(held.values_list("for_dose", flat=True))
    tasks = Task.objects.open().filter(
        kind=Kind.INTEGRATION_UNBOOKED, subject_id__in=[row.pk for row in found]
    )
    listed = {pk: frozenset(roles) for pk, roles in tasks.values_list("subject_id", "roles")}
    before = _before(doses)
    return {
        row.pk: Owed(
            row,
            Sought(row.program, row.window_start, row.window_end, before[row.dosing_session_id]),
            row.dosing_session_id in holding,
            listed.get(row.pk),
        )
        for row in found
    }


def unheld(dose_ids: Sequence[UUID], *, at: datetime) -> dict[UUID, Sought]:
    """What is sought for those of these doses that are still to come, by the dose's id."""
    rows = Session.objects.filter(pk__in=dose_ids, status=Session.Status.SCHEDULED, starts_at__gt=at)
    doses = list(rows.select_related("program").prefetch_related("program__protocol", "program__location"))
    before = _before(dose_ids)
    return {
        dose.pk: Sought(dose.program, *window_of_booked(dose, dose.program), before[dose.pk], others=False)
        for dose in doses
        if dose.program.protocol.owes_integration
    }


def window_of_booked(dose: Session, program: Program) -> tuple[datetime, datetime]:
    """What is inside the window at whatever time of its booked session the dose is given."""
    start = integration_window(program.protocol, dosed_at=dose.ends_at)[0]
    return start, integration_window(program.protocol, dosed_at=dose.starts_at)[1]


def reminded(ids: Sequence[UUID]) -> set[UUID]:
    """Those of these obligations of which the worklist says that their session was not written up."""
    rows = Task.objects.open().filter(kind=Kind.INTEGRATION_UNRECORDED, subject_id__in=ids)
    return set(rows.values_list("subject_id", flat=True))


class Board:
    """The free time of all locations at which something is sought, read once; what is booked is taken off it."""

    def __init__(self, sought: Iterable[Sought], *, at: datetime) -> None:
        self.at = at
        self.places: dict[UUID, tuple[OpenTime, list[UUID]]] = {}
        of_place: dict[UUID, list[Sought]] = defaultdict(list)
        for one in sought:
            if at < one.end:
                of_place[one.program.location_id].append(one)
        for location, here in of_place.items():
            length = max(one.program.protocol.length_of(SessionKind.INTEGRATION) for one in here)
            free = open_time(
                location=location,
                kind=SessionKind.INTEGRATION,
                clients=[one.program.client_id for one in here],
                at=at,
                start=max(at, min(one.start for one in here)),
                stop=max(one.end for one in here) + timedelta(minutes=length),
            )
            self.places[location] = free, trained(location)

    def slots(self, sought: Sought) -> list[Slot]:
        """What `candidates` finds; nothing once the window is over."""
        program = sought.program
        if program.location_id not in self.places or self.at >= sought.end:
            return []
        free, others = self.places[program.location_id]

        def find(modality: str, earliest: datetime, therapists: Sequence[UUID]) -> list[Slot]:
            return free.slots(
                program=program,
                at=self.at,
                modality=modality,
                start=earliest,
                before=sought.end,
                only=therapists,
            )

        tiers = _tiers(program, others if sought.others else [])
        return _best_tier(program, find, start=sought.start, at=self.at, tiers=tiers, before=sought.before)

    def take(self, session: Session) -> None:
        """`session` was booked."""
        for free, _ in self.places.values():
            free.take(session)


def fitting(owed: Iterable[Obligation], *, start: datetime, end: datetime, at: datetime) -> list[Obligation]:
    """Those of these due obligations for which `candidates` finds something in [start, end), in their order.

    A few statements whatever their number; each comes with its program, and that with its protocol and location.
    """
    inside = [row for row in owed if max(row.window_start, start) < min(row.window_end, end)]
    before = _before([row.dosing_session_id for row in inside]) if inside else {}
    sought = {
        row.pk: Sought(
            row.program,
            max(row.window_start, start),
            min(row.window_end, end),
            before[row.dosing_session_id],
        )
        for row in inside
    }
    board = Board(sought.values(), at=at)
    return [row for row in inside if board.slots(sought[row.pk])]


def waiting(*, at: datetime) -> QuerySet[Obligation]:
    """Obligations that a sweep must look at: unbooked ones, and booked ones that ended a day ago, not written up."""
    ended = Q(state=Obligation.State.BOOKED, integration_session__ends_at__lt=at - timedelta(hours=24))
    found: QuerySet[Obligation] = Obligation.objects.filter(Q(state=Obligation.State.DUE) | ended)
    return found.order_by("window_end", "pk")


class Debt(NamedTuple):
    """The answers to `debt`."""

    obligations: list[Obligation]
    no_slot: list[Task]


def debt(*, session_id: UUID) -> Questions:
    """Of a dosing session, locked: its obligation, and the open rows that no slot was found for it."""
    obligations = Obligation.objects.select_for_update().filter(dosing_session_id=session_id)
    no_slot = trail.open_rows(kind=Kind.INTEGRATION_NO_SLOT, subject_id=session_id)
    return obligations, no_slot.select_for_update()


def owed_elsewhere(*, client_id: UUID, but: UUID) -> QuerySet[Obligation]:
    """Integrations that are still owed for other doses of this client, in whatever program (R5)."""
    found: QuerySet[Obligation] = Obligation.objects.open().filter(client__in=person(client_id))
    return found.exclude(dosing_session_id=but)


def counted(program_ids: list[UUID]) -> QuerySet[Obligation, tuple[UUID, str, int]]:
    """(program, state, how many), as rows that a union takes."""
    rows: QuerySet[Obligation] = Obligation.objects.filter(program_id__in=program_ids)
    counts = rows.values("program_id", "state").annotate(n=Count("pk"))
    return counts.values_list("program_id", "state", "n")


# Any: a row by column
def obligation_rows(queryset: QuerySet[Obligation]) -> QuerySet[Obligation, Any]:
    """Obligations as plain rows, straight from SQL, with the ids of what they are about.

    `about_session` is the integration once there is one, else the dose.
    """
    return queryset.values(
        "id",
        "version",
        "created_at",
        "dosing_session",
        "program",
        "client",
        "therapist",
        "dosed_at",
        "window_start",
        "window_end",
        "state",
        "integration_session",
        "escalations",
        about_session=Coalesce("integration_session", "dosing_session", output_field=UUIDField()),
        about_client=Value(None, output_field=UUIDField()),
        about_assigned=F("therapist"),
    )
