"""The client came and was not dosed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.integration.models import Obligation
from sessions.monitoring.models import Check
from sessions.visits import services as visits
from tests import cast as people
from tests.asking import refused
from tests.cast import MONDAY, Cast
from tests.sessions.giving import attempt


def not_dosed(cast: Cast, session: Session, who: str = "np", **body: Any) -> Any:
    return cast.desk(who).post(f"sessions/{session.pk}/not-dosed/", {"reason": "Blood pressure"} | body)


@pytest.mark.parametrize("who", ["np", "prescriber"])
def test_the_visit_ends_without_a_dose(cast: Cast, who: str) -> None:
    session = people.ready_dose(cast)
    held = Session.objects.get(for_dose=session, status="held")
    answer = not_dosed(cast, session, who)
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["status"], told["outcome"], told["reason"]) == ("completed", "not_dosed", "Blood pressure")
    assert told["completed_at"] == "2026-05-04T15:00:00Z"
    held.refresh_from_db()
    assert held.status == "cancelled"
    assert not held.allocations.filter(released_at__isnull=True).exists()
    assert not Obligation.objects.exists()


@pytest.mark.parametrize("who", ["therapist", "frontdesk", "director", "billing", "admin"])
def test_nobody_else_says_so(cast: Cast, who: str) -> None:
    session = people.ready_dose(cast)
    assert not_dosed(cast, session, who).status_code == 403
    session.refresh_from_db()
    assert (session.status, session.outcome) == ("checked_in", "")
    assert Session.objects.filter(status="held").exists()


def test_a_reason_is_asked_for(cast: Cast) -> None:
    answer = not_dosed(cast, people.ready_dose(cast), reason="")
    assert answer.json()["errors"][0]["pointer"] == "/reason"


def test_before_check_in_it_is_a_cancellation_or_a_no_show(cast: Cast) -> None:
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY)
    answer = not_dosed(cast, session)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


def test_who_was_dosed_is_discharged_instead(cast: Cast) -> None:
    session = people.ready_dose(cast)
    attempt(cast, session)
    answer = not_dosed(cast, session)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    session.refresh_from_db()
    assert (session.status, session.outcome) == ("in_progress", "dosed")
    assert Obligation.objects.get().state == "due"


def test_after_a_voided_dose_the_visit_may_end_without_one(cast: Cast) -> None:
    session = people.ready_dose(cast)
    dose = people.give(cast, session)
    visits.void_administration(dose_id=dose.pk, reason="Never taken", by=cast.prescriber, at=clock.now())
    assert not_dosed(cast, session).status_code == 200
    assert Obligation.objects.get().state == "voided"
    assert not Check.objects.filter(ended_at__isnull=True, reading__isnull=True).exists()


def test_another_kind_of_session_is_never_not_dosed(cast: Cast) -> None:
    session = people.booked(cast, people.cleared_program(cast), "preparation", MONDAY)
    cast.desk("frontdesk").must(f"sessions/{session.pk}/check-in/")
    answer = not_dosed(cast, session)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


def test_a_dose_can_not_be_completed_instead(cast: Cast) -> None:
    session = people.ready_dose(cast)
    answer = cast.desk("np").post(f"sessions/{session.pk}/complete/")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


@pytest.mark.parametrize(("minutes", "status"), [(2, 400), (-1, 400), (0, 200)])
def test_it_is_written_up_for_when_it_happened(cast: Cast, minutes: int, status: int) -> None:
    session = people.ready_dose(cast)
    at = (MONDAY + timedelta(minutes=minutes)).isoformat()
    assert not_dosed(cast, session, at=at).status_code == status


def test_no_dose_follows(cast: Cast) -> None:
    session = people.ready_dose(cast)
    not_dosed(cast, session)
    assert attempt(cast, session).status_code == 409
    assert not Administration.objects.exists()


def test_no_visit_ends_before_it_began(cast: Cast) -> None:
    session = people.ready_dose(cast)
    path = f"sessions/{session.pk}"
    with clock.fixed(MONDAY + timedelta(hours=1)):
        cast.desk("np").must(f"{path}/start/", {})
        body = {"reason": "Blood pressure", "at": (MONDAY + timedelta(minutes=1)).isoformat()}
        refused(cast.desk("np").post(f"{path}/not-dosed/", body), 400, "too_early", "/at")
        cast.desk("np").must(f"{path}/not-dosed/", body | {"at": clock.now().isoformat()})
