"""A session that is signed and not charged is a row of billing until it is charged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from billing.ledger.services.to_bill import sweep_to_bill
from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from kapclinic.trail.models import Task
from kapclinic.trail.services import open_task
from sessions.sweep.steps import sweep
from tests.billing.till import NOW, SERVED
from tests.cast import completed_session


def rows() -> list[Task]:
    return list(Task.objects.open().filter(kind="session_to_bill"))


def test_a_signed_session_is_billings_until_it_is_charged(till, cast) -> None:
    session = till.hour
    for _ in range(2):
        sweep(at=NOW)
    (row,) = rows()
    assert (row.subject_id, row.client, row.roles) == (
        session.pk,
        session.client_id,
        ["billing", "medical_director"],
    )
    assert row.due_at == session.notes.get().signed_at + timedelta(days=3)
    shown = next(r for r in till.desk.get("tasks/").json()["results"] if r["id"] == str(row.pk))
    assert (shown["client_mrn"], shown["label"]) == (
        session.client.mrn,
        "Charge the session, or see what holds that back.",
    )
    charge = till.charge()
    assert rows() == []
    sweep(at=NOW)
    assert rows() == []
    till.desk.must(f"charges/{charge['id']}/reverse/", {"reason": "wrong code"}, status=201)
    with clock.fixed(NOW):
        sweep(at=NOW)
    assert [found.subject_id for found in rows()] == [session.pk]


def test_completion_opens_it_whoever_has_still_to_sign(till, cast) -> None:
    session = completed_session(cast, till.program, starts_at=SERVED)
    sweep(at=NOW)
    (row,) = rows()
    assert (row.subject_id, row.due_at) == (session.pk, session.completed_at + timedelta(days=3))


@contextmanager
def somebody_at(statement: str, *params: object) -> Iterator[None]:
    """Another transaction has asked that, and does nothing more."""
    settings = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    where = {name: settings[name] for name in names if name in settings}
    with psycopg.connect(**where, options="-c kap.scope=all:test") as other:
        other.execute(statement, params)
        yield
        other.rollback()


@pytest.mark.django_db(transaction=True)
def test_a_session_behind_a_lock_is_looked_at_again(till, cast) -> None:
    session = till.hour
    with somebody_at("LOCK TABLE trail_task IN SHARE MODE"):  # it can be read, and no row is opened
        sweep_to_bill(at=NOW)
        assert rows() == []
    sweep_to_bill(at=NOW)
    assert [row.subject_id for row in rows()] == [session.pk]


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_held_keeps_no_other_session_waiting(till, cast) -> None:
    till.charge()
    stray = open_task(
        kind="session_to_bill",
        location=till.hour.location_id,
        subject_type="session",
        subject_id=till.hour.pk,
        due_at=NOW,
        by=SYSTEM,
        at=NOW,
    )
    session = till.session(starts_at=SERVED + timedelta(hours=3))
    with somebody_at("SELECT 1 FROM trail_task WHERE id = %s FOR UPDATE", stray.pk):
        sweep_to_bill(at=NOW)
        assert {row.subject_id for row in rows()} == {till.hour.pk, session.pk}
    sweep_to_bill(at=NOW)
    assert [row.subject_id for row in rows()] == [session.pk]
