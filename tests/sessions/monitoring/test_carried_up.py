"""Many alarms at once: each keeps a row of its own, each reader gets one message, and the price hardly grows."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.practice.models import SYSTEM
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Outbox, Task
from kapclinic.trail.services import Notice, queue_message, queue_notices
from programs import policy
from sessions.booking.models import Session
from sessions.monitoring import services as monitoring
from sessions.monitoring.models import Alarm
from sessions.sweep.steps import send_messages
from tests import cast as people
from tests.asking import sql
from tests.cast import MONDAY, Cast

HEAD = {"id", "history_id", "subject_id"}


def minute(count: float) -> Any:
    return MONDAY + timedelta(minutes=count)


@pytest.fixture
def session(cast: Cast) -> Session:
    return people.ready_dose(cast, without=("vitals",))


def ring(session: Session, count: int, *, at: Any = MONDAY) -> list[Alarm]:
    cause = {"cause": Alarm.Cause.TRIGGER, "trigger": Alarm.Trigger.PSYCHOSIS, "location": session.location}
    return [Alarm(session=session, **cause).save_by(SYSTEM, at=at) for _ in range(count)]


def climbed(at: Any) -> tuple[int, int]:
    """How many alarms were carried up, and with how many statements."""
    with CaptureQueriesContext(
        connection,
    ) as asked:
        done = monitoring.carry_up_alarms(at=at)
    return done, len(asked)


def test_many_alarms_are_one_message_a_person_and_a_row_each(cast: Cast, session: Session) -> None:
    alarms = ring(session, 30)
    assert climbed(minute(4.9))[0] == 0
    assert climbed(minute(5))[0] == 30
    rows = Task.objects.open().filter(kind="alarm")
    assert set(rows.values_list("subject_id", flat=True)) == {alarm.pk for alarm in alarms}
    assert {(tuple(row.roles), row.escalation) for row in rows} == {(("nurse_practitioner", "prescriber"), 0)}
    oldest = min(alarms, key=lambda alarm: (alarm.created_at, alarm.pk))
    told = Outbox.objects.values_list("recipient", "subject_id", "priority")
    assert set(told) == {(who.pk, oldest.pk, Outbox.Priority.SAFETY) for who in (cast.np, cast.prescriber)}
    assert climbed(minute(10))[0] == 30
    assert {(len(row.roles), row.escalation) for row in rows.all()} == {(3, 1)}
    assert Counter(Outbox.objects.values_list("recipient", flat=True)) == {
        cast.np.pk: 1,
        cast.prescriber.pk: 1,
        cast.director.pk: 1,
    }
    assert climbed(minute(60))[0] == 0


def test_whoever_is_told_of_old_and_new_alarms_at_once_gets_one_message(cast: Cast, session: Session) -> None:
    cast.np.roles = ["nurse_practitioner", "medical_director"]
    cast.np.save_by(cast.admin, at=MONDAY)
    ring(session, 1)
    assert climbed(minute(5))[0] == 1
    ring(session, 1, at=minute(5))
    assert climbed(minute(10))[0] == 2
    assert Outbox.objects.filter(recipient=cast.np.pk).count() == 2  # one a pass
    assert set(Alarm.objects.values_list("escalation", flat=True)) == {1, 2}


def test_the_price_does_not_grow_with_the_alarms(cast: Cast, session: Session) -> None:
    ring(session, 1)
    _, one = climbed(minute(5))
    ring(session, 60, at=minute(5))
    carried, many = climbed(minute(10))
    assert carried == 61
    assert many <= 2 * one  # two heights at once
    assert climbed(minute(10)) == (0, 1)


ANOTHER = """
WITH made AS (
    INSERT INTO programs_protocol
    SELECT (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(), 'edition', 99, 'limits', %s::jsonb))).*
    FROM programs_protocol p WHERE p.id = %s RETURNING id
)
UPDATE programs_program SET protocol_id = made.id FROM made WHERE programs_program.id = %s
"""


@pytest.mark.parametrize(
    ("limits", "after"),
    [({"alarm_minutes": 9}, 9), ({"alarm_minutes": 2}, 2), ({}, policy.LIMITS["alarm_minutes"])],
)
def test_the_protocol_says_when_and_one_that_is_silent_takes_the_usual_minutes(
    cast: Cast, limits: dict[str, int], after: int
) -> None:
    session = people.booked(cast, people.opened_program(cast), "preparation", MONDAY)
    program = session.program
    sql(ANOTHER, json.dumps(limits), program.protocol_id, program.pk)
    (alarm,) = ring(session, 1)
    with CaptureQueriesContext(connection) as captured:
        assert monitoring.carry_up_alarms(at=minute(after - 0.1)) == 0
    assert climbed(minute(after))[0] == 1
    alarm.refresh_from_db()
    assert alarm.escalation == 1
    sql("SET LOCAL enable_seqscan = off")
    plan = "\n".join(line for (line,) in sql(f"EXPLAIN {captured[0]['sql']}"))
    assert "alarm_climbing" in plan  # and no alarm that was carried up as far as it goes


def test_a_row_that_cannot_be_written_keeps_no_other_alarm_waiting(
    cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, *good = ring(session, 5)
    real = trail.open_tasks

    def fails(*, matters: Any, **more: Any) -> Any:
        if bad.pk in matters:
            raise ValueError("bad row")
        return real(matters=matters, **more)

    monkeypatch.setattr(trail, "open_tasks", fails)
    with pytest.raises(ValueError, match="bad row"):
        monitoring.carry_up_alarms(at=minute(5))
    rung = Task.objects.open().filter(kind="alarm").values_list("subject_id", flat=True)
    assert set(rung) == {alarm.pk for alarm in good}


def kept(task: Task) -> list[dict[str, Any]]:
    """The row's history as it stands in the table, without what names this row."""
    rows = task.history.order_by("history_id").values()
    return [{name: value for name, value in row.items() if name not in HEAD} for row in rows]


def test_rows_written_together_leave_the_history_of_rows_written_alone(cast: Cast) -> None:
    first, second = uuid4(), uuid4()
    about: dict[str, Any] = {"location": cast.north.pk, "client": None, "assignee": None, "due_at": MONDAY}
    told: dict[str, Any] = {"by": SYSTEM, "at": MONDAY}
    alone = trail.open_task(kind=Kind.ALARM, subject_type="alarm", subject_id=first, **about, **told)
    found = trail.open_tasks(
        kind=Kind.ALARM, subject_type="alarm", matters={first: about, second: about}, **told
    )
    assert found[0] == alone
    together = found[1]
    later: dict[str, Any] = {"roles": Kind.ALARM.climbs_to, "by": cast.np, "at": minute(5)}
    trail.escalate_task(task=alone, **later)
    trail.escalate_tasks([together], **later)
    assert kept(alone) == kept(together)
    assert [row["history_type"] for row in kept(together)] == ["+", "~"]
    fresh = Task.objects.get(pk=together.pk)
    shown = [{k: v for k, v in vars(row).items() if not k.startswith("_")} for row in (fresh, together)]
    assert shown[0] == shown[1]
    assert (fresh.version, fresh.updated_at, fresh.created_by) == (2, minute(5), SYSTEM.pk)


# --- messages by priority -----------------------------------------------------------------------------------------------


def test_an_alarm_overtakes_whatever_waits(cast: Cast, session: Session) -> None:
    for n in range(3):
        queue_message(
            key=f"old:{n}", template="worklist", recipient=cast.frontdesk.pk, at=MONDAY - timedelta(hours=1)
        )
    ring(session, 2)
    monitoring.carry_up_alarms(at=minute(5))
    send_messages(at=minute(6))
    readers = [message.to[0] for message in mail.outbox]
    assert set(readers[:2]) == {cast.np.email, cast.prescriber.email}
    assert readers[2:] == [cast.frontdesk.email] * 3


def test_an_alarm_that_rings_while_messages_leave_is_next(
    cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        queue_message(key=f"old:{n}", template="worklist", recipient=cast.frontdesk.pk, at=MONDAY)
    readers = []

    def deliver(row: Outbox) -> None:
        readers.append(row.recipient)
        if len(readers) == 1:
            queue_notices(
                [Notice("alarm:new", cast.np.pk, uuid4())],
                template="worklist",
                at=minute(6) + timedelta(seconds=3),  # while the pass that began at minute 6 goes on
                priority=Outbox.Priority.SAFETY,
            )

    assert trail.send_waiting(deliver=deliver, at=minute(6)) == 4
    assert readers == [cast.frontdesk.pk, cast.np.pk, cast.frontdesk.pk, cast.frontdesk.pk]


def test_a_pass_sends_until_nothing_waits(cast: Cast) -> None:
    notices = [Notice(f"n:{n}", cast.np.pk, uuid4()) for n in range(150)]
    queue_notices(notices, template="worklist", at=MONDAY)
    queue_notices(notices, template="worklist", at=MONDAY)  # the same keys: nothing more
    assert send_messages(at=MONDAY) == 150
    with CaptureQueriesContext(connection) as asked:
        assert send_messages(at=MONDAY) == 0
    assert len(asked) == 2  # one a channel
