"""A session that is signed and not charged is a row of billing until it is charged."""

from __future__ import annotations

from datetime import timedelta

from kapclinic.core import clock
from kapclinic.trail.models import Task
from sessions.sweep.steps import sweep
from tests.asking import done
from tests.billing.till import NOW


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
        "Charge the session: its note is signed.",
    )
    charge = till.charge()
    assert rows() == []
    sweep(at=NOW)
    assert rows() == []
    done(till.desk.post(f"charges/{charge['id']}/reverse/", {"reason": "wrong code"}), 201)
    with clock.fixed(NOW):
        sweep(at=NOW)
    assert [found.subject_id for found in rows()] == [session.pk]
