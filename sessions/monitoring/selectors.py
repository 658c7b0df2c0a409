"""Questions about vital signs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTransform

from kapclinic.core.asking import Question, Questions
from kapclinic.core.statements import Row
from kapclinic.practice.selectors import person
from programs.models import Protocol
from sessions.booking.models import Session
from sessions.monitoring import rules
from sessions.monitoring.models import Alarm, Check, Reading
from sessions.monitoring.rules import OPEN_CHECKS


def standing_readings(*, session_id: UUID) -> QuerySet[Reading]:
    """Readings that were not voided, oldest first."""
    found: QuerySet[Reading] = Reading.objects.filter(session_id=session_id, void__isnull=True)
    return found.order_by("measured_at", "pk")


def reading_rows(queryset: QuerySet[Reading]) -> QuerySet[Reading, Row]:
    """Readings as plain rows, straight from SQL, as they were told when they were recorded.

    `check` is the check that a reading answers: one that is asked for still goes before one of a voided dose.
    """
    ended = ExpressionWrapper(Q(ended_at__isnull=False), output_field=BooleanField())
    answered = Check.objects.filter(reading=OuterRef("pk")).annotate(ended=ended).order_by("ended", "pk")
    rows: QuerySet[Reading, Row] = queryset.values(
        "id",
        "created_at",
        "session",
        "phase",
        *rules.SIGNS,
        "not_obtainable",
        "unusual",
        "measured_at",
        "recorded_at",
        "recorded_by",
        "source",
        "action_taken",
        "bands",
        voided=ExpressionWrapper(Q(void__isnull=False), output_field=BooleanField()),
        check=Subquery(answered.values("pk")[:1]),
    )
    return rows


def last_before_dose(*, session_id: UUID, before: datetime) -> Reading | None:
    """The latest standing reading up to `before`, the first dose's time."""
    return standing_readings(session_id=session_id).filter(measured_at__lte=before).last()


def read_elsewhere(*, client_id: UUID, but: UUID, since: datetime, until: datetime) -> QuerySet[Reading]:
    """The person's standing readings before a dose in sessions other than `but`, oldest first."""
    rows = Reading.objects.filter(
        session__client__in=person(client_id), void__isnull=True, phase=Reading.Phase.PRE_DOSE
    )
    rows = rows.filter(measured_at__gte=since, measured_at__lte=until).exclude(session_id=but)
    return rows.order_by("measured_at")


def standing_after(*, session_id: UUID, moment: datetime) -> QuerySet[Reading]:
    """The standing readings that were taken after `moment`, oldest first."""
    return standing_readings(session_id=session_id).filter(measured_at__gt=moment)


def vitals_of(reading: Reading) -> rules.Vitals:
    """A reading as the rules take it."""
    return {sign: getattr(reading, sign) for sign in rules.SIGNS}


def bands_of(
    reading: Reading, standing: Sequence[Reading], protocol: Protocol, *, dosed_at: datetime | None
) -> dict[str, str]:
    """How the protocol judges a reading beside those that stand, with the first dose at `dosed_at`."""
    others = [(row.measured_at, vitals_of(row)) for row in standing]
    return rules.bands_at(
        reading.measured_at, vitals_of(reading), protocol.bands, others=others, dosed_at=dosed_at
    )


def as_dosed(
    readings: Sequence[Reading],
    *,
    session: Session,
    dosed_at: datetime | None,
    standing: Sequence[Reading] | None = None,
) -> Sequence[Reading]:
    """The same readings, each with the phase and the bands that the first dose gives it now.

    The row in the database keeps what was told when it was recorded. When the dose was written down after the reading,
    or voided since, phase and bands are judged anew on the objects returned here. `standing` are all that stand, where
    the caller has read them.
    """
    other = [row for row in readings if row.phase != rules.phase_at(row.measured_at, dosed_at=dosed_at)]
    if standing is None:
        standing = list(standing_readings(session_id=session.pk)) if other else []
    for row in other:
        row.phase = rules.phase_at(row.measured_at, dosed_at=dosed_at)
        row.bands = bands_of(row, standing, session.program.protocol, dosed_at=dosed_at)
    return readings


def judge_of(*, session_id: UUID, dosed_at: datetime | None) -> Callable[[Row], Row]:
    """Gives the phase and the bands that `as_dosed` gives a reading, for rows of `reading_rows` of one session."""
    standing = standing_readings(session_id=session_id).values("measured_at", *rules.SIGNS)
    others = [(row["measured_at"], row) for row in standing]
    bands = Session.objects.values_list("program__protocol__bands", flat=True).get(pk=session_id)

    def judge(row: Row) -> Row:
        moment = row["measured_at"]
        found = rules.bands_at(
            moment, {sign: row[sign] for sign in rules.SIGNS}, bands, others=others, dosed_at=dosed_at
        )
        return {"phase": rules.phase_at(moment, dosed_at=dosed_at), "bands": found}

    return judge


def readings_after(
    *, session: Session, dosed_at: datetime, standing: Sequence[Reading] | None = None
) -> list[Reading]:
    """Standing readings since the first dose, oldest first, judged as after it whenever it was written down.

    `standing` are all that stand, where the caller has read them; they are left as they are.
    """
    if standing is None:
        standing = list(standing_readings(session_id=session.pk))
    since = [copy(row) for row in standing if row.measured_at > dosed_at]
    return list(as_dosed(since, session=session, dosed_at=dosed_at, standing=standing))


def asked_checks(*, session_id: UUID) -> QuerySet[Check]:
    """Checks that are asked for or were answered, in order; not those that a discharge or a void ended."""
    found: QuerySet[Check] = Check.objects.filter(session_id=session_id, ended_at__isnull=True)
    return found.order_by("planned_at")


def open_checks(*, session_id: UUID) -> QuerySet[Check]:
    """Checks without a reading that are still asked for."""
    return asked_checks(session_id=session_id).filter(state__in=OPEN_CHECKS, reading__isnull=True)


def overdue(*, at: datetime) -> QuerySet[Check]:
    """Checks of all sessions that were to be read before `at`, have no reading and are still asked for."""
    found: QuerySet[Check] = Check.objects.filter(state__in=OPEN_CHECKS, reading__isnull=True)
    return found.filter(ended_at__isnull=True, planned_at__lt=at)


def unread_before_leaving(*, session_id: UUID) -> QuerySet[Check]:
    """The check that the label asks for before the client leaves, while it has no reading (Spravato REMS)."""
    return asked_checks(session_id=session_id).filter(kind=Check.Kind.BEFORE_LEAVING, reading__isnull=True)


def beside(*, session_id: UUID) -> Questions:
    """What a new reading is judged beside: the readings that stand, as rows of their moment and `SIGNS`, the checks
    that are asked for, locked, and the alarms of the session as rows of cause, reading and check.

    Rows and no models: a long stay has a hundred readings, and each new one looks at all of them.
    """
    standing = standing_readings(session_id=session_id).values_list("measured_at", *rules.SIGNS)
    asked = asked_checks(session_id=session_id).select_related("after_reading")
    return standing, asked.select_for_update(of=("self",)), _rung(session_id)


def planned(*, session_id: UUID) -> Questions:
    """What the checks of a dose are planned beside: as `beside`, with all checks of the session, also those that were
    ended.
    """
    checks = (
        Check.objects.filter(session_id=session_id).select_related("after_reading").order_by("planned_at")
    )
    return standing_readings(session_id=session_id), checks.select_for_update(of=("self",)), _rung(session_id)


def _rung(session_id: UUID) -> Question:
    return Alarm.objects.filter(session_id=session_id).values_list("cause", "reading", "check_row")


# Any: the limits of a protocol are JSON
def checks_at(*, session_id: UUID, limits: Mapping[str, Any], at: datetime) -> QuerySet[Check]:
    """All checks of a session with `shown`: the state as the clock says it at `at`, swept or not.

    `limits` are those of the session's protocol.
    """
    late, missed = rules.overdue_before(
        at=at, tolerance_min=limits["reading_tolerance_min"], missed_min=limits["missed_after_min"]
    )
    unread = Q(state__in=OPEN_CHECKS, reading__isnull=True, ended_at__isnull=True)
    shown = Case(
        When(unread & Q(planned_at__lt=missed), then=Value(Check.State.MISSED)),
        When(unread & Q(planned_at__lt=late), then=Value(Check.State.LATE)),
        default=F("state"),
        output_field=CharField(),
    )
    found: QuerySet[Check] = Check.objects.filter(session_id=session_id).annotate(shown=shown)
    return found


def open_alarms(*, session_id: UUID) -> QuerySet[Alarm]:
    found: QuerySet[Alarm] = Alarm.objects.filter(session_id=session_id, state=Alarm.State.OPEN)
    return found


def red_alarms(*, session_id: UUID) -> QuerySet[Alarm]:
    """Open alarms that nobody goes home with: a red reading, and what a clinician rang for by hand."""
    return open_alarms(session_id=session_id).filter(cause__in=[Alarm.Cause.RED, Alarm.Cause.TRIGGER])


def alarms_to_climb() -> QuerySet[Alarm]:
    """Open alarms that have not yet been carried up as far as they go."""
    found: QuerySet[Alarm] = Alarm.objects.filter(state=Alarm.State.OPEN, escalation__lt=rules.CLIMBS)
    return found


def climbing_rows() -> list[tuple[UUID, datetime, int, dict[str, object]]]:
    """The alarms that are still to be carried up, the first ones first: id, when it rang, how often it was carried up,
    and of the protocol's limits the one that says when that is.
    """
    minutes = KeyTransform("alarm_minutes", "session__program__protocol__limits")
    rows = alarms_to_climb().order_by("created_at", "pk")
    found = rows.values_list("pk", "created_at", "escalation", minutes)
    return [
        (pk, rang_at, escalation, {} if limit is None else {"alarm_minutes": limit})
        for pk, rang_at, escalation, limit in found
    ]


# Any: a row by column
def alarm_rows(queryset: QuerySet[Alarm]) -> QuerySet[Alarm, Any]:
    """Alarms as plain rows, straight from SQL, with the ids of what they are about."""
    return queryset.values(
        "id",
        "version",
        "created_at",
        "cause",
        "trigger",
        "note",
        "reading",
        "check_row",
        "state",
        "escalation",
        "acknowledged_at",
        "acknowledged_by",
        "action",
        about_session=F("session"),
        about_client=Value(None, output_field=UUIDField()),  # its session's: read for the page alone
        about_assigned=Value(None, output_field=UUIDField()),
    )
