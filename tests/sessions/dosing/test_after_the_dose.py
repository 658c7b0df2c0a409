"""What stays as it was once a dose was given, and once the client has gone home."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.monitoring.models import Check, Reading
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.dosing.test_discharge import dosed, go, read, unmet
from tests.sessions.dosing.test_doses import devices, ready, spray


def test_nobody_shortens_the_two_hours_of_esketamine(cast: Cast) -> None:
    session = ready(cast)
    assert spray(cast, session, devices(cast), "56").status_code == 201
    for minute in (40, 88):
        read(cast, session, minute)
    early = {"who": "prescriber", "override_reason": "Well, and in a hurry"}
    assert "minimum_stay" in unmet(go(cast, session, after=timedelta(minutes=90), **early))
    read(cast, session, 119)
    assert go(cast, session, **early).status_code == 201


def test_nobody_is_measured_who_has_gone_home(cast: Cast) -> None:
    session = dosed(cast)
    assert go(cast, session).status_code == 201
    path, body = f"sessions/{session.pk}/readings/", people.calm()
    with clock.fixed(MONDAY + timedelta(minutes=150)):
        after = {"measured_at": (MONDAY + timedelta(minutes=121)).isoformat()}
        refused = cast.desk("np").post(path, body | after)
        assert refused.status_code == 400
        assert [(row["pointer"], row["code"]) for row in refused.json()["errors"]] == [
            ("/measured_at", "too_late")
        ]
        assert not Reading.objects.filter(measured_at__gt=MONDAY + timedelta(minutes=119)).exists()
        cast.desk("np").must(path, body | {"measured_at": (MONDAY + timedelta(minutes=100)).isoformat()})


def checks(cast: Cast, session: Session) -> list[tuple[str, str]]:
    rows = cast.desk("np").get(f"sessions/{session.pk}/checks/", page_size=100).json()["results"]
    return [(row["state"], row["reason"]) for row in sorted(rows, key=lambda row: row["planned_at"])]


def test_a_check_that_the_discharge_overtakes_is_not_taken(cast: Cast) -> None:
    session = dosed(cast, read_at=45)
    reason = {"who": "prescriber", "override_reason": "An ambulance took the client"}
    assert go(cast, session, after=timedelta(minutes=50), **reason).status_code == 201
    told = checks(cast, session)
    assert told[-3:] == [("not_taken", "discharged")] * 3
    assert [state for state, _ in told[:4]] == ["done", "missed", "missed", "done"]
    assert not Check.objects.filter(state="due").exists()


def test_a_voided_dose_asks_for_nothing_and_the_same_dose_again_asks_again(cast: Cast) -> None:
    session = people.ready_dose(cast)
    wrong = people.give(cast, session)
    visits.void_administration(dose_id=wrong.pk, reason="Wrong lot", by=cast.prescriber, at=MONDAY)
    assert checks(cast, session)[1:] == [("not_taken", "dose voided")] * 6
    people.give(cast, session)
    assert checks(cast, session)[1:] == [("due", "")] * 6


def test_what_a_dose_was_given_on_stays_and_the_escort_may_change(cast: Cast) -> None:
    session = people.ready_dose(cast)
    people.give(cast, session)
    session.refresh_from_db()
    words = set(session.attestations.values_list("pk", flat=True))
    before = (session.fasting_since, session.weight_kg, session.version)
    path = f"sessions/{session.pk}/"
    for change in (
        {"attestations": {"not_intoxicated": False}},
        {"fasting_since": MONDAY.isoformat()},
        {"weight_kg": "99"},
    ):
        refused = cast.desk("np").patch(path, change)
        assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition"), change
    session.refresh_from_db()
    assert (session.fasting_since, session.weight_kg, session.version) == before
    assert set(session.attestations.values_list("pk", flat=True)) == words
    escort = {"escort": {"name": "Sam Second", "phone": "303-555-0188"}}
    assert cast.desk("frontdesk").patch(path, escort).status_code == 200


def test_the_front_desk_notes_a_weight_once_and_a_clinician_corrects_it(cast: Cast) -> None:
    session = people.ready_dose(cast)
    path = f"sessions/{session.pk}/"
    noted = cast.desk("frontdesk").patch(path, {"weight_kg": "80"})
    assert noted.status_code == 200
    assert "80" not in str(noted.json().get("weight_kg"))
    refused = cast.desk("frontdesk").patch(path, {"weight_kg": "81"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert cast.desk("np").patch(path, {"weight_kg": "82"}).status_code == 200
    session.refresh_from_db()
    assert session.weight_kg == Decimal(82)


def test_a_session_of_yesterday_is_judged_by_its_own_day(cast: Cast) -> None:
    session = people.ready_dose(cast)
    with clock.fixed(MONDAY + timedelta(days=2)):
        told = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()
    assert [gate["code"] for gate in told["gates"] if gate["state"] == "open"] == []


def test_a_waiver_outlives_the_first_of_two_doses_and_the_other_one_is_first(cast: Cast) -> None:
    row = people.owed(cast)
    session, second_at = row.dosing_session, MONDAY + timedelta(minutes=20)
    wrong = Administration.objects.get()
    with clock.fixed(second_at):
        people.give(cast, session, dose_mg=Decimal(50))
        visits.waive(obligation_id=row.pk, reason="Moved away", by=cast.therapist, at=clock.now())
        visits.void_administration(dose_id=wrong.pk, reason="Never given", by=cast.prescriber, at=clock.now())
        shown = cast.desk("np").get(f"sessions/{session.pk}/administrations/").json()["results"]
    row.refresh_from_db()
    assert (row.state, row.reason, row.dosed_at) == ("waived", "Moved away", second_at)
    assert row.window_start == second_at + timedelta(hours=24)
    assert [(dose["voided"], dose["is_first"]) for dose in shown] == [(True, False), (False, True)]
