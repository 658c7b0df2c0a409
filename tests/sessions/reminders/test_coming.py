"""Which sessions a pass looks at: those that start soon, those that were saved lately, those of which messages wait."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.trail.models import Outbox
from sessions.booking.models import Session
from sessions.reminders import rules, selectors
from tests.asking import analyze, rows_read, sql
from tests.cast import MONDAY, Cast
from tests.sessions.reminders.telling import HOUR, booked, cancel, course, move, tell

LONGEST = 48
UNTIL = MONDAY + LONGEST * HOUR + rules.SHIFT + rules.AHEAD
SECOND = timedelta(seconds=1)
SINCE = MONDAY - rules.FRESH

# Copies of one session, each with the history that its save left, and of one message.
SESSIONS = """
INSERT INTO clinic_sessions_session
SELECT (jsonb_populate_record(s, given - 'message')).*
FROM clinic_sessions_session s, jsonb_array_elements(%s::jsonb) given WHERE s.id = %s
"""
HISTORY = """
INSERT INTO clinic_sessions_historicalsession
SELECT (jsonb_populate_record(h, jsonb_build_object(
    'id', s.id, 'history_id', nextval(pg_get_serial_sequence('clinic_sessions_historicalsession', 'history_id')),
    'history_date', s.updated_at, 'starts_at', s.starts_at, 'status', s.status))).*
FROM clinic_sessions_session s, clinic_sessions_historicalsession h
WHERE h.history_id = (SELECT max(history_id) FROM clinic_sessions_historicalsession WHERE id = %s) AND s.id = ANY(%s::uuid[])
"""


def coming(at: datetime) -> set[UUID]:
    return selectors.coming(longest=LONGEST, since=at - rules.FRESH, at=at)


def off() -> set[UUID]:
    return set(selectors.called_off().values_list("pk", flat=True))


def copies(session: Session, rows: list[dict[str, Any]]) -> None:
    """`rows` are the columns in which each differs, as text; `message` is the state of one of its messages."""
    sql(SESSIONS, json.dumps(rows), session.pk)
    sql(HISTORY, session.pk, [row["id"] for row in rows])
    Outbox.objects.bulk_create(
        Outbox(
            key=f"{rules.TEMPLATE}:{row['id']}",
            template=f"{rules.TEMPLATE}_24",
            recipient_kind=Outbox.Recipient.CLIENT,
            recipient=session.client_id,
            subject_id=row["id"],
            status=row["message"],
            next_at=MONDAY,
            created_at=MONDAY,
        )
        for row in rows
        if row.get("message")
    )


def row_of(number: int, **values: Any) -> dict[str, Any]:
    told = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in values.items()}
    return {"id": str(UUID(int=number + 1)), "ends_at": (values["starts_at"] + HOUR).isoformat(), **told}


def test_one_that_is_near_or_changed_lately_or_has_a_message_waiting_is_looked_at(cast: Cast) -> None:
    session = booked(cast, course(cast), MONDAY + 24 * HOUR)
    starts = (MONDAY - HOUR, MONDAY, MONDAY + SECOND, UNTIL, UNTIL + SECOND, UNTIL + 9000 * HOUR)
    saves = (MONDAY, SINCE, SINCE - SECOND, SINCE - 9000 * HOUR)
    messages = (None, "pending", "sending", "sent", "cancelled", "dead")
    states = ("scheduled", "cancelled", "checked_in", "completed", "no_show")
    rows = [
        row_of(number, starts_at=start, updated_at=saved, message=message, status=status)
        for number, (start, saved, message, status) in enumerate(product(starts, saves, messages, states))
    ]
    copies(session, rows)
    expected = {
        UUID(row["id"]): (near, lately, waits)
        for row in rows
        if (start := datetime.fromisoformat(row["starts_at"])) > MONDAY and row["status"] == "scheduled"
        for near in [start <= UNTIL]
        for lately in [datetime.fromisoformat(row["updated_at"]) >= SINCE]
        for waits in [row["message"] == "pending"]
        if near or lately or waits
    }
    assert set(expected.values()) == set(product([True, False], repeat=3)) - {(False, False, False)}
    gone = {
        UUID(row["id"])
        for row in rows
        if row["status"] == "cancelled" and row["message"] == "sent"
        if datetime.fromisoformat(row["updated_at"]) >= SINCE
    }
    assert gone
    assert off() >= gone
    assert coming(MONDAY) == {session.pk, *expected, *gone}


def test_every_verb_leaves_a_history_of_its_moment_by_which_the_session_is_found(cast: Cast) -> None:
    far = UNTIL + 900 * HOUR

    def seen(session: Session, at: datetime) -> tuple[bool, bool]:
        """Is it looked at, and as one that is off? Nothing but its save speaks for it."""
        session.refresh_from_db()
        assert Session.history.filter(id=session.pk, history_date=session.updated_at).exists()
        return session.pk in coming(at), session.pk in off()

    with clock.fixed(MONDAY):
        session = booked(cast, course(cast), far)
        tell(MONDAY)
    last = MONDAY + rules.FRESH
    assert seen(session, last) == (True, False)
    assert seen(session, last + SECOND) == (False, False)
    with clock.fixed(last + HOUR):
        move(cast, session, far + 24 * HOUR)
    last = last + HOUR + rules.FRESH
    assert seen(session, last) == (True, False)
    assert seen(session, last + SECOND) == (False, False)
    with clock.fixed(last + HOUR):
        cancel(cast, session)
    last = last + HOUR + rules.FRESH
    assert seen(session, last) == (True, True)
    assert seen(session, last + SECOND) == (False, True)


READ = [model._meta.db_table for model in (Session, Session.history.model, Outbox)]


@pytest.mark.django_db(transaction=True)
def test_of_what_is_ahead_only_these_are_read(cast: Cast) -> None:
    more = 500
    session = booked(cast, course(cast), MONDAY + 24 * HOUR)
    long_ago, far = SINCE - 9000 * HOUR, UNTIL + 900 * HOUR
    rows = [row_of(number, starts_at=far, updated_at=long_ago, message="sent") for number in range(more)]
    rows += [
        row_of(9001, starts_at=MONDAY + HOUR, updated_at=long_ago),
        row_of(9002, starts_at=far, updated_at=MONDAY),
        row_of(9003, starts_at=far, updated_at=long_ago, message="pending"),
    ]
    copies(session, rows)
    analyze(*READ)
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        assert coming(MONDAY) == {session.pk, *(UUID(row["id"]) for row in rows[more:])}
    (asked,) = [one["sql"] for one in captured if "starts_at" in one["sql"]]
    with transaction.atomic():
        taken = rows_read(asked, but="seqscan")  # any index would be taken before a whole table
    assert taken.keys() >= set(READ)
    assert max(taken.values()) <= 20, taken
