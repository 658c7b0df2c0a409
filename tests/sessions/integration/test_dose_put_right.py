"""A dose is voided, or entered again: the client keeps the integration that still fits, and nobody is sent away."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.integration.models import Obligation
from sessions.integration.services.obligations import schedule_obligation
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment

HALF = {"dose_mg": Decimal(50)}


def minute(number: float) -> Any:
    return clock.fixed(MONDAY + timedelta(minutes=number))


def void(cast: Cast, dose: Administration) -> None:
    path = f"sessions/{dose.session_id}/administrations/{dose.pk}/void/"
    cast.desk("prescriber").must(path, {"reason": "Typed wrong"})


def placed() -> tuple[Obligation, Session]:
    """What is owed, booked by the worker, with its session."""
    schedule_obligation(obligation_id=Obligation.objects.get().pk, at=clock.now())
    owed = Obligation.objects.select_related("integration_session").get()
    assert owed.integration_session is not None
    return owed, owed.integration_session


def test_a_confirmed_integration_is_kept_when_the_booster_becomes_the_first_dose(cast: Cast) -> None:
    session = people.ready_dose(cast)
    first = people.give(cast, session, **HALF)
    with minute(10):
        people.give(cast, session, **HALF)
        _, booked = placed()
        confirmed = {"client_confirmed_at": moment(clock.now())}
        assert cast.desk("frontdesk").patch(f"sessions/{booked.pk}/", confirmed).status_code == 200
    with minute(30):
        void(cast, first)
        owed, now = placed()
    assert (owed.state, owed.dosed_at) == ("booked", MONDAY + timedelta(minutes=10))
    assert owed.window_start == owed.dosed_at + timedelta(hours=24)
    assert (now.pk, now.status, now.starts_at) == (booked.pk, "scheduled", booked.starts_at)
    assert now.client_confirmed_at is not None


def test_an_integration_that_would_now_be_too_early_is_booked_anew(cast: Cast) -> None:
    session = people.ready_dose(cast)
    first = people.give(cast, session, **HALF)
    _, booked = placed()
    with minute(10):
        people.give(cast, session, **HALF)
        start = MONDAY + timedelta(hours=24)  # the first minute of its window
        body = {"starts_at": moment(start), "ends_at": moment(start + timedelta(hours=1)), "reason": "Wished"}
        cast.desk("frontdesk").must(f"sessions/{booked.pk}/reschedule/", body)
        void(cast, first)
        owed, now = placed()
    booked.refresh_from_db()
    assert booked.status == "cancelled"
    assert owed.window_start <= now.starts_at < owed.window_end


def test_a_held_slot_outlives_the_void_of_the_first_of_two_doses(cast: Cast) -> None:
    session = people.ready_dose(cast)
    held = Session.objects.get(for_dose=session, status="held")
    first = people.give(cast, session, **HALF)
    with minute(10):
        people.give(cast, session, **HALF)
        void(cast, first)
        _, now = placed()
    assert now.pk == held.pk


def test_a_dose_that_is_entered_again_has_its_integration_at_the_same_time(cast: Cast) -> None:
    session = people.ready_dose(cast)
    first = people.give(cast, session, **HALF)
    _, booked = placed()
    with minute(2):
        void(cast, first)
        booked.refresh_from_db()
        assert booked.status == "cancelled"
        people.give(cast, session, dose_mg=Decimal(60), administered_at=MONDAY)
        owed, now = placed()
    assert (owed.state, now.starts_at, now.status) == ("booked", booked.starts_at, "scheduled")


def test_a_void_sends_nobody_away_who_is_in_the_room_and_their_integration_counts(cast: Cast) -> None:
    session = people.dosed_session(cast)
    dose = Administration.objects.get()
    _, booked = placed()
    path = f"sessions/{booked.pk}"
    with clock.fixed(booked.starts_at):
        cast.desk("frontdesk").must(f"{path}/check-in/", {})
        void(cast, dose)
        booked.refresh_from_db()
        assert (booked.status, Obligation.objects.get().state) == ("checked_in", "voided")
        people.give(cast, session, dose_mg=Decimal(60), administered_at=MONDAY)
        assert placed()[1].pk == booked.pk
    with clock.fixed(booked.starts_at + timedelta(hours=1)):
        cast.desk("therapist").must(f"{path}/complete/", {})
        void(cast, Administration.objects.get(void__isnull=True))
        people.give(cast, session, dose_mg=Decimal(70), administered_at=MONDAY)
    owed = Obligation.objects.get()
    assert (owed.state, owed.integration_session_id) == ("met", booked.pk)
