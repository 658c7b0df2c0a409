"""The demo clinic that `seed_demo` builds: visibly fictional, and alive."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command

from kapclinic.core import clock
from kapclinic.practice.models import Client, User
from sessions.reminders.services import sweep_reminders
from sessions.sweep.steps import send_messages
from tests.cast import Desk


@pytest.mark.django_db
def test_the_demos_clients_are_reminded_at_addresses_that_do_not_exist(now: datetime) -> None:
    said = StringIO()
    call_command("seed_demo", "--json", stdout=said)
    told = json.loads(said.getvalue())
    assert all(email.endswith("@example.test") for email in Client.objects.values_list("email", flat=True))
    assert sweep_reminders(at=now) >= 1
    assert send_messages(at=now) >= 1
    director = Desk(User.objects.get(email="director@demo.kapclinic.test"))
    rows = director.get("messages/", recipient=told["client"], status="sent").json()["results"]
    assert ("reminder_booking", "email") in {(row["template"], row["channel"]) for row in rows}
    (plan,) = director.get("reminder-plans/").json()["results"]
    assert plan["hours_before"] == [48, 24, 2]


@pytest.mark.django_db
def test_the_demo_opens_after_the_law_has_ended_that_the_year_began_with() -> None:
    said = StringIO()
    with clock.fixed(datetime(2027, 2, 1, 16, 0, tzinfo=UTC)):
        call_command("seed_demo", "--json", stdout=said)
        told = json.loads(said.getvalue())
        np = Desk(User.objects.get(email="np@demo.kapclinic.test"))
        gates = np.get(f"sessions/{told['ready_session']}/readiness/").json()["gates"]
    assert "in_person_visit" not in {gate["code"] for gate in gates}
