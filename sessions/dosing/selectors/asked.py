"""What the gates of a dose look at, asked at once: what stands on the session, of the client and of the course."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from kapclinic.core.asking import AtOnce, Question
from kapclinic.core.postgresql.scoped import Asks
from kapclinic.core.statements import at_places, places_of
from kapclinic.practice.models import User
from kapclinic.practice.selectors import person
from kapclinic.practice.worklist import Kind
from kapclinic.trail.models import Task
from programs import policy
from programs.models import LegalRule, PhaseSpan
from programs.selectors import own_legal_rules
from screening import selectors as screening
from screening.models import Clearance, Consent, LabResult, Measure, SafetyAlert
from screening.rules.instruments import CSSRS
from sessions.booking.models import Session
from sessions.booking.rules.said import local_day
from sessions.dosing.models import Administration, Attestation, Discharge, GateOverride, Order
from sessions.dosing.selectors.adverse_events import events_of_client, unreviewed
from sessions.dosing.selectors.attestations import words_of
from sessions.dosing.selectors.doses import CONSENT, doses_with_ends, preparations_counted, standing_doses
from sessions.dosing.selectors.seen import last_visit
from sessions.integration import selectors as integration
from sessions.monitoring import selectors as monitoring
from sessions.monitoring.models import Alarm, Reading

ASKED = (CSSRS, *policy.SUICIDE_ITEMS)  # instruments whose last answer says something of suicidal ideation


class Record(NamedTuple):
    """The answers, in the order in which `questions` asks."""

    words: list[Attestation]
    readings: list[Reading]  # that stand, of this session
    doses_elsewhere: list[datetime]  # when the client's standing doses of other sessions were given
    preparations: list[Any]  # Any: one row with `n`, or none
    owed_elsewhere: list[
        tuple[UUID, datetime]
    ]  # integrations of the client's other doses, which were given then
    graded: list[tuple[int, bool]]  # grade, serious: of the client's adverse events
    unreviewed: list[tuple[UUID, datetime]]  # session, onset: of events that hold the next dose
    clearances: list[Clearance]
    consents: list[Consent]
    measures: list[Measure]
    concerns: list[tuple[UUID, datetime]]  # open, since when
    alerts: list[Any]  # Any: with what is annotated
    overrides: list[GateOverride]
    red_alarms: list[str]  # why each rang
    suspensions: list[
        tuple[UUID, str, datetime]
    ]  # clearance, code, since when: of those that nobody answered
    visits: list[tuple[UUID, datetime, datetime | None]]  # the last session in person, or none
    laws: list[LegalRule]  # the clinic's own
    tests: list[LabResult]  # of each kind and each word the newest
    read_elsewhere: list[
        tuple[datetime, dict[str, str]]
    ]  # before a dose of another session of this day: the bands

    def until(self, moment: datetime) -> Record:
        """Without what arose only after a dose at `moment`: it holds the next one, and keeps none that was given out of
        the record. What was so before it counts, also where it was written down later.
        """
        return self._replace(
            alerts=[row for row in self.alerts if _arose_at(row) <= moment],
            concerns=[(pk, at) for pk, at in self.concerns if at <= moment],
            owed_elsewhere=[(pk, dosed_at) for pk, dosed_at in self.owed_elsewhere if dosed_at <= moment],
        )


def _arose_at(alert: SafetyAlert) -> datetime:
    at: datetime = alert.created_at if alert.measure is None else alert.measure.taken_at
    return at


def questions(
    *,
    session_id: UUID,
    client_id: UUID,
    program_id: UUID,
    moment: datetime,
    unexpired: date,
    day: date,
    morning: datetime,
) -> tuple[Question, ...]:
    """The questions of a `Record` for a dose at `moment`; `day` is the local day of the session, `morning` the midnight
    before `moment`, and clearances that expired before `unexpired` are left out.
    """
    elsewhere = Administration.objects.standing().filter(session__client__in=person(client_id))
    read = monitoring.read_elsewhere(client_id=client_id, but=session_id, since=morning, until=moment)
    rung = Q(reading__measured_at__lte=moment, cause=Alarm.Cause.RED)
    rung |= Q(created_at__lte=moment, cause=Alarm.Cause.TRIGGER)
    concerns = Task.objects.open().filter(kind=Kind.CHECK_IN_SAFETY_CONCERN, client__in=person(client_id))
    overrides = GateOverride.objects.filter(Q(for_day=day) | Q(for_day__isnull=True), session_id=session_id)
    return (
        words_of(session_id=session_id, client_id=client_id),
        monitoring.standing_readings(session_id=session_id),
        elsewhere.exclude(session_id=session_id).values_list("administered_at", flat=True),
        preparations_counted([program_id]),
        integration.owed_elsewhere(client_id=client_id, but=session_id).values_list("pk", "dosed_at"),
        events_of_client(client_id=client_id).values_list("grade", "serious"),
        unreviewed(client_id=client_id).values_list("session_id", "onset_at"),
        screening.clearances_in_force(program_ids=[program_id], at=moment, unexpired=unexpired),
        screening.consents_at(program_id=program_id, document=CONSENT, at=moment),
        screening.latest_rows(client_id=client_id, instruments=ASKED, at=moment),
        concerns.values_list("pk", "created_at"),
        screening.alerts_of(client_id=client_id),
        overrides.order_by("created_at", "pk"),
        monitoring.open_alarms(session_id=session_id).filter(rung).values_list("cause", flat=True),
        screening.open_reasons_of(program_id=program_id, at=moment),
        last_visit(client_id=client_id, until=moment),
        own_legal_rules(),
        screening.last_tests(client_id=client_id, at=moment),
        read.values_list("measured_at", "bands"),
    )


_asked = AtOnce(questions)


Asked = dict[str, UUID | date]  # the values that `questions` takes


def asked_of(*, session: UUID, client: UUID, program: UUID, moment: datetime, day: date) -> Asked:
    """What is asked for a dose of that session, which is booked for the local `day`; `moment` by the clinic's clock."""
    return {
        "session_id": session,
        "client_id": client,
        "program_id": program,
        "moment": moment,
        "unexpired": moment.date() - timedelta(days=1),
        "day": day,
        "morning": datetime.combine(moment.date(), time.min, tzinfo=moment.tzinfo),
    }


def record(session: Session, *, moment: datetime) -> Record:
    """What the record says for a dose of `session` at `moment`, by the clinic's own clock; in one statement."""
    return Record(*_asked(**_of(session, moment)))


def asks_record(session: Session, *, moment: datetime) -> Asks:
    """The statement of `record`, to be sent ahead."""
    return _asked.asks(**_of(session, moment))


def _of(session: Session, moment: datetime) -> Asked:
    return asked_of(
        session=session.pk,
        client=session.client_id,
        program=session.program_id,
        moment=moment,
        day=local_day(session),
    )


class Opened(NamedTuple):
    """A session with what says at which moment its gates are judged, and by which order."""

    session: Session
    doses: list[Administration]  # that stand, in order
    orders: list[Order]  # the oldest first


@cache
def _opening(locations: int | None) -> AtOnce:
    """What `opened` asks for somebody with so many places, or for nobody."""

    def ask(*, session_id: UUID, **places: UUID) -> tuple[Question, ...]:
        sessions = Session.objects.filter(pk=session_id)
        seen = sessions if locations is None else sessions.visible_to(at_places(places.values()))
        return (
            seen.select_related("program__protocol", "program__location", "client", "location"),
            standing_doses(session_id=session_id),
            Order.objects.filter(session_id=session_id)
            .select_related("approval")
            .order_by("created_at", "pk"),
        )

    return AtOnce(ask)


_each = AtOnce(
    lambda session_id, **asked: (
        *_opening(None).ask(session_id=session_id),
        *questions(session_id=session_id, **asked),
    )
)


def opened_with_records(asked: Sequence[Asked]) -> list[tuple[Opened, Record]]:
    """Each of those sessions, which are there, with what the record says of it; of all of them in one statement."""
    told = _each.many(asked)
    return [(Opened(found[0], doses, orders), Record(*rest)) for found, doses, orders, *rest in told]


def opened(*, session_id: UUID, by: User | None = None) -> Opened | None:
    """The session, in one statement; None for one that is not there, or that `by` may not see."""
    places = places_of(by) if by is not None else {}
    if by is not None and not places:
        return None
    asked = _opening(None if by is None else len(places))
    found, doses, orders = asked(session_id=session_id, **places)
    return Opened(found[0], doses, orders) if found else None


def for_a_dose(*, session_id: UUID) -> tuple[Question, ...]:
    """The dosing session with what a dose of it is written beside, for who has locked it and its program: whether the
    client has left, its doses with their ends, its orders, the session ids of all doses of its program, the open phase
    (locked), what it owes (`integration.owed`), and what its checks are planned beside (`monitoring.planned`).
    """
    related = ("program__protocol", "program__location", "program__client", "client", "location")
    program = Session.objects.filter(pk=session_id).values("program")
    dosed = Administration.objects.standing().filter(session__program__in=program)
    spans = PhaseSpan.objects.filter(program__in=program, ended_at__isnull=True)
    return (
        Session.objects.filter(pk=session_id).select_related(*related),
        Discharge.objects.filter(session_id=session_id).values_list("discharged_at", flat=True),
        doses_with_ends(session_id=session_id),
        Order.objects.filter(session_id=session_id).select_related("approval").order_by("created_at", "pk"),
        dosed.order_by().values_list("session_id", flat=True).distinct(),
        spans.select_for_update(of=("self",)),
        *integration.debt(session_id=session_id),
        *monitoring.planned(session_id=session_id),
    )
