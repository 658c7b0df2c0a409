"""A dose at home and an order by video once the law asks for a visit in person: gate, attestation, warnings, rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.trail.models import Task
from programs.models import Program
from sessions.booking.models import Session
from sessions.dosing.models import Administration, Attestation, Order
from sessions.sweep.steps import sweep
from tests import cast as people
from tests.asking import refused
from tests.cast import HOME, Cast, at_home
from tests.sessions.giving import attempt

EVE = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)  # 15:00 in Denver
LATE = datetime(2027, 1, 1, 5, 0, tzinfo=UTC)  # 22:00 of the old year in Denver
PAST_MIDNIGHT = datetime(2027, 1, 1, 7, 30, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, 16, 0, tzinfo=UTC)  # 09:00 in Denver
VISIT = {"date": "2026-06-01", "place": "North Clinic"}
EXTENSION = {
    "code": "us_telehealth_controlled",
    "jurisdiction": "US",
    "effect": "remote_prescribing_allowed",
    "from": "2027-01-01",
    "to": None,
    "source": "91 FR 1",
    "checked_on": "2026-12-30",
}


def gate(cast: Cast, session: Session, who: str = "np") -> dict[str, Any]:
    found = cast.desk(who).get(f"sessions/{session.pk}/readiness/").json()["gates"]
    return next(row for row in found if row["code"] == "in_person_visit")


def at_home_at_midnight(cast: Cast) -> Session:
    """A dose at home for ten in the evening of the last day: the client is there and the order written, no dose yet."""
    with clock.fixed(LATE - timedelta(minutes=10)):
        return at_home(cast, starts_at=LATE)


def attest_visit(cast: Cast, session: Session, visit: Any = None, who: str = "np") -> Any:
    said = {"attestations": {"in_person_visit": VISIT if visit is None else visit}}
    return cast.desk(who).patch(f"sessions/{session.pk}/", said)


def came(cast: Cast, session: Session, *, modality: str = "in_person", back: int = 3) -> None:
    """Another session of the client that took place some days ago."""
    begun = EVE - timedelta(days=back)
    with clock.fixed(begun):
        room = {} if modality == "in_person" else {"room": None, "client_location": HOME}
        visit = people.booked(cast, session.program, "preparation", begun, modality=modality, **room)
        for move in ("check-in", "complete"):
            cast.desk("therapist").must(f"sessions/{visit.pk}/{move}/")


def test_until_the_last_day_of_the_rule_a_dose_at_home_needs_no_visit(cast: Cast) -> None:
    with clock.fixed(EVE):
        session = at_home(cast)
        assert gate(cast, session)["state"] == "pass"
        assert "us_telehealth_controlled" in gate(cast, session)["detail"]
        assert attempt(cast, session).status_code == 201


def test_from_the_new_year_of_the_clinic_nobody_is_dosed_at_home_unseen(cast: Cast) -> None:
    with clock.fixed(NEW_YEAR):
        session = at_home(cast, without=("order",))
        shown = gate(cast, session)
        assert (shown["state"], shown["overridable_by"]) == ("open", [])
        order = {
            "drug": "ketamine",
            "route": "sublingual",
            "dose_mg": "100",
            "max_total_mg": "200",
            "valid_until": (NEW_YEAR + timedelta(days=1)).isoformat(),
        }
        answer = cast.desk("prescriber").post(f"sessions/{session.pk}/orders/", order)
        body = refused(answer, 409, "not_ready")
        assert [row["code"] for row in body["gates"]] == ["in_person_visit"]
        assert not Order.objects.exists()
        assert attest_visit(cast, session).status_code == 200
        cast.desk("prescriber").must(f"sessions/{session.pk}/orders/", order)
        assert attempt(cast, session).status_code == 201


def test_the_day_is_the_clinics_own_and_not_the_one_of_utc(cast: Cast) -> None:
    session = at_home_at_midnight(cast)
    with clock.fixed(datetime(2027, 1, 1, 6, 59, tzinfo=UTC)):  # the new year of UTC
        assert gate(cast, session)["state"] == "pass"
    with clock.fixed(datetime(2027, 1, 1, 7, 0, tzinfo=UTC)):  # midnight
        assert gate(cast, session)["state"] == "open"
        refused(attempt(cast, session), 409, "not_ready")
        assert not Administration.objects.exists()


def test_a_dose_of_the_old_year_that_is_written_up_in_the_new_one_counts_by_its_own_day(cast: Cast) -> None:
    with clock.fixed(EVE):
        session = at_home(cast)
    with clock.fixed(NEW_YEAR):
        assert attempt(cast, session, administered_at=EVE.isoformat()).status_code == 201


def seen_in_a_session(cast: Cast, session: Session) -> None:
    came(cast, session)


def attested(cast: Cast, session: Session) -> None:
    assert attest_visit(cast, session).status_code == 200


def a_rule_that_extends(cast: Cast, session: Session) -> None:
    cast.desk("director").must("legal-rules/", EXTENSION)


@pytest.mark.parametrize("way", [seen_in_a_session, attested, a_rule_that_extends])
def test_each_way_that_opens_the_gate(cast: Cast, way: Callable[[Cast, Session], None]) -> None:
    with clock.fixed(NEW_YEAR):
        session = at_home(cast, without=("order",))
        assert gate(cast, session)["state"] == "open"
        way(cast, session)
        assert gate(cast, session)["state"] == "pass"
        assert gate(cast, session)["cleared_by"] is not None
        people.written_order(cast, session)
        assert attempt(cast, session).status_code == 201


def seen_by_video(cast: Cast, session: Session) -> None:
    came(cast, session, modality="video")


def stayed_away(cast: Cast, session: Session) -> None:
    begun = EVE - timedelta(days=2)
    with clock.fixed(begun):
        visit = people.booked(cast, session.program, "preparation", begun)
        cast.desk("frontdesk").must(f"sessions/{visit.pk}/no-show/", {"reason": "Did not come"})


def somebody_else_came(cast: Cast, session: Session) -> None:
    other = people.cleared_program(
        cast, who=people.client(cast.north, by=cast.frontdesk, legal_first_name="Uma")
    )
    begun = EVE - timedelta(days=2)
    with clock.fixed(begun):
        visit = people.booked(cast, other, "preparation", begun)
        for move in ("check-in", "complete"):
            cast.desk("therapist").must(f"sessions/{visit.pk}/{move}/")


def taken_back(cast: Cast, session: Session) -> None:
    assert attest_visit(cast, session).status_code == 200
    assert attest_visit(cast, session, visit=False, who="prescriber").status_code == 200


def a_rule_nobody_knows(cast: Cast, session: Session) -> None:
    cast.desk("director").must("legal-rules/", EXTENSION | {"effect": "remote_is_fine"})


def a_stricter_state(cast: Cast, session: Session) -> None:
    cast.desk("director").must("legal-rules/", EXTENSION)
    stricter = {"code": "co", "jurisdiction": "US-CO", "effect": "in_person_visit_required"}
    cast.desk("director").must("legal-rules/", EXTENSION | stricter)


def a_rule_that_was_voided(cast: Cast, session: Session) -> None:
    made = cast.desk("director").must("legal-rules/", EXTENSION)
    cast.desk("director").must(f"legal-rules/{made['id']}/void/", {"reason": "Misread"})


@pytest.mark.parametrize(
    "way",
    [
        seen_by_video,
        stayed_away,
        somebody_else_came,
        taken_back,
        a_rule_nobody_knows,
        a_stricter_state,
        a_rule_that_was_voided,
    ],
)
def test_what_does_not_open_the_gate(cast: Cast, way: Callable[[Cast, Session], None]) -> None:
    session = at_home_at_midnight(cast)
    with clock.fixed(PAST_MIDNIGHT):
        way(cast, session)
        assert gate(cast, session)["state"] == "open"
        refused(attempt(cast, session), 409, "not_ready")
        over = {"gate": "in_person_visit", "reason": "It is urgent"}
        assert cast.desk("prescriber").post(f"sessions/{session.pk}/override/", over).status_code in {
            403,
            409,
        }
        assert not Administration.objects.exists()


def test_a_visit_that_was_attested_before_counts_for_the_next_session(cast: Cast) -> None:
    with clock.fixed(EVE - timedelta(days=10)):
        first = at_home(cast)
        assert attest_visit(cast, first).status_code == 200
    with clock.fixed(NEW_YEAR):
        later = people.booked(
            cast, first.program, "dosing", NEW_YEAR, modality="video", room=None, client_location=HOME
        )
        assert gate(cast, later)["state"] == "pass"


def test_a_dose_in_the_clinic_asks_for_none(cast: Cast) -> None:
    with clock.fixed(NEW_YEAR):
        session = people.ready_dose(cast)
        codes = {
            row["code"] for row in cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()["gates"]
        }
        assert "in_person_visit" not in codes
        assert attempt(cast, session).status_code == 201


# --- the attestation --------------------------------------------------------------------------------------------------


def test_the_visit_is_answered_as_it_was_sent_with_who_said_so(cast: Cast) -> None:
    session = people.ready_dose(cast)
    body = attest_visit(cast, session, {"date": "2026-05-01", "place": "North Clinic"}).json()
    assert body["attestations"]["in_person_visit"] == {"date": "2026-05-01", "place": "North Clinic"}
    assert body["attestations"]["identifiers"] is True
    assert body["attested"]["in_person_visit"]["by"] == str(cast.np.pk)
    assert attest_visit(cast, session, visit=False).json()["attestations"]["in_person_visit"] is False


@pytest.mark.parametrize(
    ("visit", "pointer", "code"),
    [
        (True, "/attestations/in_person_visit/date", "required"),
        (True, "/attestations/in_person_visit/place", "required"),
        ({"date": "2026-05-01"}, "/attestations/in_person_visit/place", "required"),
        ({"date": "2026-05-01", "place": ""}, "/attestations/in_person_visit/place", "blank"),
        ({"date": "2026-05-05", "place": "North"}, "/attestations/in_person_visit/date", "in_the_future"),
        ({"date": "1901-05-05", "place": "North"}, "/attestations/in_person_visit/date", "too_early"),
        ({"date": "soon", "place": "North"}, "/attestations/in_person_visit/date", "invalid"),
        (
            {"date": "2026-05-01", "place": "North", "by": "x"},
            "/attestations/in_person_visit/by",
            "unknown_field",
        ),
        ("yes, in May", "/attestations/in_person_visit", "invalid"),
    ],
)
def test_a_visit_without_its_day_and_place_is_refused(
    cast: Cast, visit: Any, pointer: str, code: str
) -> None:
    session = people.ready_dose(cast)
    answer = attest_visit(cast, session, visit)
    assert answer.status_code == 400, answer.content
    found = [(row["pointer"], row["code"]) for row in answer.json()["errors"]]
    assert any(where.startswith(pointer) and what == code for where, what in found), found
    assert not Attestation.objects.filter(code="in_person_visit").exists()


def test_the_front_desk_attests_no_visit(cast: Cast) -> None:
    session = people.ready_dose(cast)
    refused(
        attest_visit(cast, session, {"date": "2026-05-01", "place": "N"}, "frontdesk"), 403, "not_permitted"
    )
    assert not Attestation.objects.filter(code="in_person_visit").exists()


# --- warnings and rows ------------------------------------------------------------------------------------------------


def home_program(cast: Cast, **more: Any) -> Program:
    edition = people.approved_protocol(cast, name="At home", min_preparations=0, home_dosing=True)
    return people.opened_program(cast, protocol=edition, **more)


def warned(cast: Cast, program: Program) -> list[tuple[str, str]]:
    body = cast.desk("frontdesk").get(f"programs/{program.pk}/").json()
    return [(row["code"], row["from"]) for row in body["warnings"]]


def test_a_program_that_the_law_will_stop_is_named_sixty_days_ahead(cast: Cast) -> None:
    program, other = home_program(cast), people.opened_program(cast)
    stop = [("in_person_visit", "2027-01-01")]
    with clock.fixed(datetime(2026, 11, 2, 5, 0, tzinfo=UTC)):  # still the 1st in Denver
        assert warned(cast, program) == []
        sweep(at=clock.now())
        assert not Task.objects.filter(kind="in_person_visit_due").exists()
    with clock.fixed(datetime(2026, 11, 2, 8, 0, tzinfo=UTC)):
        assert (warned(cast, program), warned(cast, other)) == (stop, [])
        sweep(at=clock.now())
        rows = cast.desk("frontdesk").get("tasks/", kind="in_person_visit_due").json()["results"]
        assert [row["subject_id"] for row in rows] == [str(program.pk)]
        assert rows[0]["due_at"] == "2027-01-01T07:00:00Z"
        cast.desk("frontdesk").must(f"tasks/{rows[0]['id']}/done/", {"outcome": "Later"})
        sweep(at=clock.now())
        assert Task.objects.open().filter(kind="in_person_visit_due").count() == 1  # nobody ticks the law off


def test_the_warning_ends_when_the_client_was_seen(cast: Cast) -> None:
    program = home_program(cast)
    with clock.fixed(datetime(2026, 12, 14, 16, 0, tzinfo=UTC)):
        sweep(at=clock.now())
        visit = people.booked(cast, program, "preparation", clock.now())
        for move in ("check-in", "complete"):
            cast.desk("therapist").must(f"sessions/{visit.pk}/{move}/")
        assert warned(cast, program) == []
        sweep(at=clock.now())
        assert not Task.objects.open().filter(kind="in_person_visit_due").exists()


def test_booking_a_dose_at_home_beyond_the_rule_warns(cast: Cast) -> None:
    edition = people.approved_protocol(cast, name="At home", min_preparations=0, home_dosing=True)
    program = people.cleared_program(cast, protocol=edition)
    codes = []
    for days in (-7, 3):
        begins = NEW_YEAR + timedelta(days=days)
        body = {
            "program": str(program.pk),
            "kind": "dosing",
            "modality": "video",
            "starts_at": begins.isoformat(),
            "ends_at": (begins + timedelta(hours=3)).isoformat(),
            "staff": [
                {"user": str(cast.np.pk), "role": "nurse_practitioner"},
                {"user": str(cast.therapist.pk), "role": "therapist"},
            ],
            "client_location": HOME,
        }
        codes.append("in_person_visit" in cast.desk("frontdesk").must("sessions/", body)["warnings"])
    assert codes == [False, True]


def test_the_director_is_told_when_a_rule_nears_its_end_and_once(cast: Cast) -> None:
    with clock.fixed(datetime(2026, 12, 1, 16, 0, tzinfo=UTC)):
        sweep(at=clock.now())
        (row,) = cast.desk("director").get("tasks/", kind="legal_rule_ending").json()["results"]
        rule = cast.desk("director").get(f"legal-rules/{row['subject_id']}/").json()
        assert (rule["code"], rule["to"]) == ("us_telehealth_controlled", "2026-12-31")
        assert cast.desk("frontdesk").get("tasks/", kind="legal_rule_ending").json()["count"] == 0
        cast.desk("director").must(f"tasks/{row['id']}/done/", {"outcome": "We see everybody in person"})
        sweep(at=clock.now())
        assert not Task.objects.open().filter(kind="legal_rule_ending").exists()


def test_a_rule_that_follows_takes_the_row_off(cast: Cast) -> None:
    with clock.fixed(datetime(2026, 12, 30, 16, 0, tzinfo=UTC)):
        sweep(at=clock.now())
        assert Task.objects.open().filter(kind="legal_rule_ending").count() == 1
        cast.desk("director").must("legal-rules/", EXTENSION)
        sweep(at=clock.now())
        assert not Task.objects.open().filter(kind="legal_rule_ending").exists()


def test_the_director_is_told_of_a_rule_that_nobody_looked_at(cast: Cast) -> None:
    seen = {"checked_on": "2026-12-30"}
    with clock.fixed(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)):
        made = cast.desk("director").must("legal-rules/", EXTENSION | {"code": "mine"} | seen)

    def listed() -> set[str]:
        rows = cast.desk("director").get("tasks/", kind="legal_rule_unchecked", state="open", page_size=200)
        return {row["subject_id"] for row in rows.json()["results"]}

    with clock.fixed(datetime(2027, 3, 30, 16, 0, tzinfo=UTC)):  # 90 days
        sweep(at=clock.now())
        assert made["id"] not in listed()
    with clock.fixed(datetime(2027, 3, 31, 16, 0, tzinfo=UTC)):
        sweep(at=clock.now())
        assert made["id"] in listed()
        again = EXTENSION | {"code": "mine", "checked_on": "2027-03-31"}
        cast.desk("director").must("legal-rules/", again)
        sweep(at=clock.now())
        assert made["id"] not in listed()
