"""A transaction that is stuck on any row of a hot table keeps nobody else waiting, and whoever needs the row is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from billing.ledger.models import Charge
from kapclinic.core import clock
from kapclinic.local.ports import free_port
from kapclinic.local.processes import Processes
from kapclinic.local.warm import Launcher
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import AuditSeal, IdempotencyRecord, Outbox, Task
from screening.models import SafetyAlert
from sessions.booking.models import Allocation, Session
from sessions.integration.models import Obligation
from sessions.monitoring import services as monitoring
from sessions.monitoring.models import Reading
from sessions.monitoring.services import alarms
from tests import cast as people
from tests.asking import as_superuser
from tests.faults.crowd import until
from tests.faults.stuck import (
    FAR,
    IDLE_SECONDS,
    SAFETY,
    SLACK,
    Act,
    Bedside,
    Case,
    Held,
    amid,
    held,
    live_through,
    midday,
    opened,
    patient,
    steps_since,
    warm_up,
)

REASON = {"reason": "Seen while a row was stuck"}
CASES = 8


@pytest.fixture
def house(
    clinic_env: dict[str, str], clinic_orm: None, tmp_path: Path, launcher: Launcher
) -> Iterator[dict[str, Processes]]:
    """A web, and a worker beside it, each as patient as its kind."""
    found = {}
    for kind in ("web", "worker"):
        logs = tmp_path / kind
        logs.mkdir()
        env = patient(clinic_env, kind)
        found[kind] = Processes(env=env, port=free_port(), logs=logs, launcher=launcher)
    yield found
    for processes in found.values():
        processes.close()


def of_the_dose(at: Bedside) -> list[Case]:
    """The rows of the held client's dose, and of what hangs on it."""
    session, program = at.held, at.held.program
    alarm = monitoring.raise_alarm(
        session=session, trigger="chest_pain", note="", by=at.cast.np, at=clock.now()
    )
    reading = session.readings.earliest("measured_at")
    obligation = Obligation.objects.get(dosing_session=session)
    people.cssrs(at.cast, program, 1, 2, 6)
    alert = SafetyAlert.objects.filter(program=program).latest("created_at")
    check = at.spare[session.pk][0]  # the last to become overdue
    return [
        {"session": row("clinic_sessions_session", session.pk, at.reading(session))},
        {
            "program": row("programs_program", program.pk, at.booking(program)),
            "safety alert": row("screening_safetyalert", alert.pk, _seen("safety-alerts", alert)),
        },
        {
            "check": row("clinic_sessions_check", check.pk, at.reading(session)),
            "alarm": row("clinic_sessions_alarm", alarm.pk, _seen("alarms", alarm)),
            **_booked_and_listed(at),
        },
        {
            "reading": row("clinic_sessions_reading", reading.pk, _voided(session, reading)),
            "client": row("practice_client", session.client_id, _moved_house(session)),
            "obligation": row(
                "clinic_sessions_obligation",
                obligation.pk,
                Act("therapist", f"obligations/{obligation.pk}/waive/", REASON, then=(200, 201, 409)),
            ),
        },
    ]


def row(table: str, key: object, act: Act | None = None, *, by: str = "id") -> Held:
    return Held(partial(held, table, key, by=by), act)


def _seen(where: str, row: Any) -> Act:
    return Act("np", f"{where}/{row.pk}/acknowledge/", {"action": "Seen, and better"})


def _voided(session: Session, reading: Reading) -> Act:
    return Act("np", f"sessions/{session.pk}/readings/{reading.pk}/void/", REASON)


def _moved_house(session: Session) -> Act:
    tag = f'"{session.client.version}"'
    return Act("frontdesk", f"clients/{session.client_id}/", {"phone": "303-555-0199"}, match=tag)


def _booked_and_listed(at: Bedside) -> Case:
    """A visit in the book of the held client, and a row of the worklist."""
    when, team = midday(FAR - 2), people.team(at.cast, "prescriber")
    visit = people.booked(at.cast, at.held.program, "medical", when, staff=team)
    taken = Allocation.objects.filter(session=visit).earliest("id")
    alarms.tell_recorded_late(at.held, at=clock.now())
    task = Task.objects.open().get(kind=Kind.RECORDED_LATE, subject_id=at.held.pk)
    cancel = Act("frontdesk", f"sessions/{visit.pk}/cancel/", REASON)
    return {
        "allocation": row("clinic_sessions_allocation", taken.pk, cancel),
        "task": row("trail_task", task.pk, Act("np", f"tasks/{task.pk}/done/", {})),
    }


def of_trail_and_money(at: Bedside) -> list[Case]:
    """The rows of the trail, most of which nobody's request changes, and of the ledger."""
    charge, dead = _charge(at), _dead_message(at)
    answer = IdempotencyRecord.objects.create(
        user_id=at.cast.np.pk, method="POST", path="/", key="kept", status=201, created_at=clock.now()
    )
    act = {"by": at.cast.np.pk, "roles": [], "action": "client.retrieve", "object_type": "client"}
    trail.log_act(**act, at=clock.now())
    trail.seal_events()
    seal = AuditSeal.objects.latest("sequence")

    def unsealed() -> AbstractContextManager[None]:
        return held("trail_auditevent", trail.log_act(**act, at=clock.now()).pk)

    reverse = Act("billing", f"charges/{charge.pk}/reverse/", REASON)
    return [
        {
            "charge": row("billing_charge", charge.pk, reverse),
            "outbox": row("trail_outbox", dead.pk, Act("director", f"messages/{dead.pk}/retry/", {})),
            "answer to a key": row("trail_idempotencyrecord", answer.pk),
            "audit event": Held(unsealed),
            "seal": row("trail_auditseal", seal.sequence, by="sequence"),
        },
        {f"turn of {name}": row("trail_heartbeat", name, by="name") for name in ("obligations", "reminders")},
        {f"turn of {name}": row("trail_heartbeat", name, by="name") for name in ("checks", "alarms")},
    ]


def _dead_message(at: Bedside) -> Outbox:
    trail.queue_message(key="stuck", template="worklist", recipient=at.cast.np.pk, at=clock.now())
    Outbox.objects.filter(key="stuck").update(status=Outbox.Status.DEAD)
    return Outbox.objects.get(key="stuck")


def _charge(at: Bedside) -> Charge:
    people.service_codes()
    who = people.client(at.cast.north, by=at.cast.frontdesk, first="Sam", last="Payer")
    program = people.cleared_program(at.cast, who=who)
    return people.charged(at.cast, people.signed_session(at.cast, program, starts_at=midday(-2)), "150.00")


def half_done(at: Bedside) -> list[Case]:
    """Work that was done in a transaction which never ends."""
    session = at.held
    now = clock.now()

    def record() -> None:
        signs = people.calm() | {"measured_at": now}
        monitoring.record_reading(session=session, values=signs, dosed_at=now, by=at.cast.np, at=now)

    # A room and somebody whom no integration asks for: whoever is half booked is held with all that they have.
    room = people.room("Fir", at.cast.north, ["medical"])
    free, team = midday(FAR - 3), people.team(at.cast, "prescriber")
    body = at.booking(at.held.program).body | {
        "kind": "medical",
        "room": str(room.pk),
        "staff": [{"user": str(at.cast.prescriber.pk), "role": "prescriber"}],
        "starts_at": free.isoformat(),
        "ends_at": (free + timedelta(minutes=30)).isoformat(),
    }

    def book() -> None:
        people.booked(at.cast, at.rings.program, "medical", free, room=room.pk, staff=team)

    return [
        {
            "a reading half recorded": Held(partial(amid, record), at.reading(session)),
            "a booking half made": Held(partial(amid, book), Act("frontdesk", "sessions/", body)),
        }
    ]


def test_a_stuck_row_keeps_nobody_else_waiting(house: dict[str, Processes]) -> None:
    at = opened(house["web"], CASES)
    cases = [*of_the_dose(at), *of_trail_and_money(at), *half_done(at)]
    house["web"].start("web")
    house["worker"].start("worker", "beat")
    house["web"].wait_ready()
    asked = clock.now()
    with at.wire:
        warm_up(at)
        until(lambda: steps_since(asked) >= set(SAFETY), seconds=60, what="the safety steps ran")
        with as_superuser() as intruder:  # what climbs with time is to climb now
            intruder.execute("UPDATE clinic_sessions_alarm SET created_at = created_at - interval '1 hour'")
            intruder.execute("UPDATE screening_safetyalert SET acknowledge_by = now() - interval '1 minute'")
        wrong = [what for case in cases for what in live_through(at, case)]
    assert not wrong, "\n".join(wrong)
    assert "Traceback" not in house["web"].log_file("web").read_text()


def test_a_transaction_that_a_web_leaves_open_ends(house: dict[str, Processes]) -> None:
    """A web that stands still in the midst of a write (a machine that froze) lets go of its rows when its time is up."""
    at = opened(house["web"], 0)
    web = house["web"]
    web.start("web")
    web.wait_ready()
    act, answers = at.reading(at.held), []
    before = at.held.readings.count()
    with at.wire:
        warm_up(at)
        asks = Thread(target=lambda: answers.append(at.do(act, key="frozen")))
        hands = web.process("web").children()
        with held("clinic_sessions_session", at.held.pk):
            asks.start()
            until(lambda: waits_for_a_lock() == 1, seconds=10, what="the web waits for the row")
            for hand in hands:
                hand.suspend()
        try:  # the row is the web's now, which does nothing with it
            until(lambda: not is_free(at.held), seconds=10, what="the web has the row")
            until(lambda: is_free(at.held), seconds=IDLE_SECONDS + SLACK, what="the row was let go")
        finally:
            for hand in hands:
                hand.resume()
        asks.join(30)
        assert [answer.status_code for answer in answers] == [503]
        assert at.held.readings.count() == before
        assert at.do(act, key="frozen").status_code == 201
        assert at.held.readings.count() == before + 1


def waits_for_a_lock() -> int:
    """How many connections to this database wait for one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def is_free(session: Session) -> bool:
    with transaction.atomic():
        return Session.objects.select_for_update(skip_locked=True).filter(pk=session.pk).exists()
