"""An integration that took place is entered for its dose, although the worker has filled its window meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from sessions.booking.models import Allocation, Session
from sessions.integration.models import Obligation
from sessions.integration.services.obligations import schedule_obligation
from tests import cast as people
from tests.asking import done, refused
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment

HOUR = timedelta(hours=1)
BEGAN = MONDAY + 25 * HOUR  # in the window, which is open from the 24th hour on
NOW = BEGAN + timedelta(minutes=90)


@pytest.fixture
def owed(cast: Cast) -> Obligation:
    """The worker has confirmed the slot that was held for Tuesday noon."""
    due = people.owed(cast)
    schedule_obligation(obligation_id=due.pk, at=clock.now())
    due.refresh_from_db()
    booked = due.integration_session
    assert booked is not None
    assert (due.state, booked.source) == ("booked", "scheduler")
    assert booked.starts_at > NOW
    return due


def body(cast: Cast, owed: Obligation, *, starts_at: datetime = BEGAN, **more: Any) -> dict[str, Any]:
    whole = {
        "program": str(owed.program_id),
        "kind": "integration",
        "modality": "in_person",
        "starts_at": moment(starts_at),
        "ends_at": moment(starts_at + HOUR),
        "room": str(cast.birch.pk),
        "staff": [{"user": str(cast.therapist.pk), "role": "therapist"}],
        "obligation": str(owed.pk),
        "override_reason": "Seen between two appointments",
    } | more
    return {name: value for name, value in whole.items() if value is not None}


def confirm_rows(cast: Cast) -> int:
    found: int = (
        cast.desk("frontdesk").get("tasks/", kind="integration_confirm", state="open").json()["count"]
    )
    return found


@pytest.mark.parametrize("named", [True, False])
def test_the_schedulers_own_booking_gives_way_to_what_took_place(
    cast: Cast, owed: Obligation, named: bool
) -> None:
    was = owed.integration_session
    assert was is not None
    assert confirm_rows(cast) == 1
    with clock.fixed(NOW):
        more = {} if named else {"obligation": None}
        told = cast.desk("frontdesk").must("sessions/", body(cast, owed, **more))
        assert told["obligation"] == str(owed.pk)
        was.refresh_from_db()
        assert (was.status, was.reason) == ("cancelled", "The integration took place already.")
        assert not Allocation.objects.filter(session=was, released_at__isnull=True).exists()
        assert confirm_rows(cast) == 0
        schedule_obligation(obligation_id=owed.pk, at=NOW)  # the worker, rung for what was reopened
        owed.refresh_from_db()
        assert (owed.state, str(owed.integration_session_id)) == ("booked", told["id"])
        path = f"sessions/{told['id']}"
        cast.desk("frontdesk").must(f"{path}/check-in/", {"at": moment(BEGAN)})
        cast.desk("therapist").must(f"{path}/start/", {"at": moment(BEGAN)})
        cast.desk("therapist").must(f"{path}/complete/", {"at": moment(BEGAN + HOUR)})
        owed.refresh_from_db()
        assert owed.state == "met"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"starts_at": NOW + 6 * HOUR}, 409, "illegal_transition"),  # it did not take place yet
        ({"starts_at": BEGAN - 2 * HOUR}, 400, "invalid"),  # before its window
        ({"override_reason": None}, 400, "invalid"),
        ({"room": "taken"}, 409, "resource_conflict"),
    ],
)
def test_a_refusal_leaves_the_schedulers_booking(
    cast: Cast, owed: Obligation, change: dict[str, Any], status: int, code: str
) -> None:
    if change.get("room") == "taken":
        other = people.opened_program(
            cast, who=people.client(cast.north, by=cast.frontdesk, first="Sam", phone="303-555-0143")
        )
        staff = people.team(cast, "other_therapist")
        people.booked(cast, other, "preparation", BEGAN, room=cast.birch.pk, staff=staff)
        change = {}
    before = list(Session.objects.order_by("pk").values("pk", "status", "version"))
    with clock.fixed(NOW):
        refused(cast.desk("frontdesk").post("sessions/", body(cast, owed, **change)), status, code)
    assert list(Session.objects.order_by("pk").values("pk", "status", "version")) == before
    owed.refresh_from_db()
    assert owed.state == "booked"
    assert confirm_rows(cast) == 1


def test_nobody_else_makes_it_give_way(cast: Cast, owed: Obligation) -> None:
    with clock.fixed(NOW):
        assert cast.desk("billing").post("sessions/", body(cast, owed)).status_code == 403
        south = cast.desk("south_frontdesk").post("sessions/", body(cast, owed))
        assert south.status_code == 400
    owed.refresh_from_db()
    assert owed.state == "booked"


@pytest.mark.parametrize("agreed", ["by the client", "by staff", "begun"])
def test_what_somebody_agreed_to_does_not_give_way(cast: Cast, owed: Obligation, agreed: str) -> None:
    booked = owed.integration_session
    assert booked is not None
    if agreed == "by the client":
        noted = {"client_confirmed_at": moment(MONDAY)}
        done(cast.desk("frontdesk").patch(f"sessions/{booked.pk}/", noted), 200)
    elif agreed == "by staff":
        cast.desk("frontdesk").must(f"sessions/{booked.pk}/cancel/", {"reason": "Can't come"})
        people.booked(cast, owed.program, "integration", MONDAY + 30 * HOUR, obligation=owed)
    with clock.fixed(NOW):
        if agreed == "begun":
            cast.desk("frontdesk").must(f"sessions/{booked.pk}/check-in/")
        refused(cast.desk("frontdesk").post("sessions/", body(cast, owed)), 409, "illegal_transition")
    owed.refresh_from_db()
    assert owed.state == "booked"
