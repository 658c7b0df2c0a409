"""What stands above every page about a client: who they are, and what must not be overlooked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Case, IntegerField, QuerySet, Subquery, Value, When

from kapclinic.core.asking import AtOnce, Questions
from kapclinic.core.statements import Asker
from kapclinic.practice.models import Client, Location, User
from kapclinic.practice.selectors import person
from programs.models import Program
from programs.policy import limit
from screening import rules as screened
from screening import selectors as screening
from screening.models import Clearance, Consent, SafetyAlert, SafetyPlan
from screening.selectors import allergies
from sessions.booking.models import Session
from sessions.dosing import selectors as dosing
from sessions.dosing.models import Administration
from sessions.visits.selectors.weights import standing_weights

REACH = timedelta(hours=38)  # a local day is at most 25 hours long and 14 from that of UTC
SIGNED, LAPSED, REVOKED, NONE = "signed", "lapsed", "revoked", "none"
CONSENT_STATES = (SIGNED, LAPSED, REVOKED, NONE)
CLEARANCE_STATES = (
    screened.STANDING,
    screened.SUSPENDED,
    screened.EXPIRED,
    screened.VOIDED,
    Clearance.Decision.DECLINED,
    Clearance.Decision.DEFERRED,
    NONE,
)


@dataclass(frozen=True)
class Signature:
    """The consent to the treatment as it stands; `ends_at` is when a signature is too old."""

    state: str
    signed_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """The clearance as it stands; `expires_on` is its last local day."""

    state: str
    expires_on: date | None = None


@dataclass(frozen=True)
class Weight:
    """The last weight that stands, in kg."""

    weight_kg: Decimal
    weighed_at: datetime
    source: str


@dataclass(frozen=True)
class Given:
    """What was given in a session, in mg, boosters and all."""

    drug: str
    route: str
    given_mg: Decimal
    first_at: datetime


@dataclass(frozen=True)
class Today:
    """A session of the local day, with its dose once there is one."""

    session: Session
    dose: Given | None


@dataclass(frozen=True)
class Banner:
    """`consent` and `clearance` are of the client's program that goes on, else of the last one."""

    age: int
    consent: Signature
    clearance: Decision = field(default_factory=lambda: Decision(NONE))
    allergies: allergies.AllergyList | None = None
    weight: Weight | None = None
    alerts: Sequence[SafetyAlert] = ()
    safety_plan: bool = False
    today: Sequence[Today] = ()


def _course(client_id: UUID, asker: Asker) -> QuerySet[Program]:
    """The client's programs that `asker` sees: the one that goes on first, then the latest."""
    live = When(status__in=[Program.Status.ACTIVE, Program.Status.ON_HOLD], then=Value(0))
    rows: QuerySet[Program] = Program.objects.visible_to(asker).filter(client__in=person(client_id))
    return rows.order_by(Case(live, default=Value(1), output_field=IntegerField()), "-created_at", "-pk")


def _of_the_desk(client_id: UUID, asker: Asker) -> Questions:
    course = _course(client_id, asker)
    return (
        Location.objects.filter(pk__in=asker.locations),
        course.select_related("protocol", "location")[:1],
        screening.once_signed(program_id=Subquery(course.values("pk")[:1]), document=dosing.CONSENT),
    )


def _of_clinicians(
    client_id: UUID, asker: Asker, *, moment: datetime, unexpired: date, since: datetime, until: datetime
) -> Questions:
    course = _course(client_id, asker).values("pk")[:1]
    seen = Session.objects.visible_to(asker)
    sessions = seen.standing().filter(client__in=person(client_id), starts_at__gte=since, starts_at__lt=until)
    given = Administration.objects.standing().filter(session__in=sessions.values("pk"))
    alerts = SafetyAlert.objects.visible_to(asker).filter(program__client__in=person(client_id))
    weights = standing_weights(client_id=client_id, before=moment).filter(location__in=asker.locations)
    return (
        screening.decisions_of(Subquery(course)),
        screening.clearances_in_force(program_ids=course, at=moment, unexpired=unexpired),
        alerts.filter(screening.to_attend())
        .annotate(holds=screening.unreleased())
        .order_by("acknowledge_by", "pk"),
        SafetyPlan.objects.standing().filter(client__in=person(client_id)).order_by("-made_on", "-pk")[:1],
        weights.values_list("weight_kg", "weighed_at", "weight_source")[:1],
        sessions.select_related("location", "room").order_by("starts_at", "pk"),
        given.select_related("finish").order_by("administered_at", "created_at"),
        *allergies.questions(client_id=client_id),
    )


@lru_cache(maxsize=100)
def _asked(places: int, *, clinical: bool) -> AtOnce:
    """The questions of somebody who works at so many locations: one statement."""

    # Any: the locations, moments and days by name, as `AtOnce` hands them on
    def ask(*, client_id: UUID, **values: Any) -> Questions:
        at_places = tuple(values.pop(f"place{n}") for n in range(places))
        asker = Asker(client_id, frozenset(), at_places)  # whose locations are all that is looked at
        more = _of_clinicians(client_id, asker, **values) if clinical else ()
        return (*_of_the_desk(client_id, asker), *more)

    return AtOnce(ask)


def banner(*, client: Client, by: User, at: datetime, clinical: bool) -> Banner:
    """What is shown above the pages about a client whom `by` sees; of whoever is no clinician's business nothing.

    One statement, however long the record. Sessions, programs, weights and alerts are those of the user's locations.
    """
    values: dict[str, UUID | date] = {f"place{n}": pk for n, pk in enumerate(by.locations)}
    if clinical:
        values |= {"moment": at, "unexpired": at.date() - timedelta(days=1)}
        values |= {"since": at - REACH, "until": at + REACH}
    asked = _asked(len(by.locations), clinical=clinical)
    places, courses, signed, *more = asked(client_id=client.pk, **values)
    program = next(iter(courses), None)
    age = client.age_at(at.astimezone(_place(client, program, places).zone))
    consent = _consent(signed, program, at)
    if not clinical:
        return Banner(age, consent)
    decisions, in_force, alerts, plans, weights, sessions, doses, *of_allergies = more
    return Banner(
        age=age,
        consent=consent,
        clearance=_clearance(decisions, in_force, at),
        allergies=allergies.read(client.pk, *of_allergies),
        weight=next((Weight(*row) for row in weights), None),
        alerts=alerts,
        safety_plan=bool(plans),
        today=[
            Today(row, _given([dose for dose in doses if dose.session_id == row.pk]))
            for row in sessions
            if _is_today(row, at)
        ],
    )


def _place(client: Client, program: Program | None, places: Sequence[Location]) -> Location:
    """Whose clock tells the client's age: the program's location, else the first of the client's that the user has."""
    if program is not None:
        return program.location
    known = {place.pk: place for place in places}
    return next(known[pk] for pk in client.locations if pk in known)


def _consent(signed: Sequence[Consent], program: Program | None, at: datetime) -> Signature:
    if program is None or not signed:
        return Signature(NONE)
    days = timedelta(days=limit(program.protocol.limits, "consent_days"))
    standing = [row for row in signed if row.status == Consent.Status.SIGNED]
    found = screening.consent_of(standing, program=program, document=dosing.CONSENT, at=at)
    if found is not None and found.signed_at is not None:
        return Signature(SIGNED, found.signed_at, found.signed_at + days)
    last = signed[0]
    state = REVOKED if last.status == Consent.Status.REVOKED else LAPSED
    return Signature(state, last.signed_at, last.revoked_at)


def _clearance(decisions: Sequence[Clearance], in_force: Sequence[Clearance], at: datetime) -> Decision:
    """The clearance that a dose now would stand on, else how the last decision stands."""
    if not decisions:
        return Decision(NONE)
    last = decisions[0]
    if (current := screening.current_of(in_force, program_id=last.program_id, at=at)) is not None:
        return Decision(screened.STANDING, current.expires_on)
    if last.decision != Clearance.Decision.CLEARED and last.voided_at is None:
        return Decision(last.decision)
    state = screened.clearance_state(
        last,
        suspended=last.is_suspended,  # type: ignore[attr-defined]  # annotated
        today=at.astimezone(last.program.location.zone).date(),
    )
    return Decision(state.state, last.expires_on)


def _is_today(session: Session, at: datetime) -> bool:
    zone = session.location.zone
    return session.starts_at.astimezone(zone).date() == at.astimezone(zone).date()


def _given(doses: Sequence[Administration]) -> Given | None:
    if not doses:
        return None
    first = doses[0]
    return Given(first.drug, first.route, dosing.total_mg(doses), first.administered_at)
