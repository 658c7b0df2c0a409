"""Papers made after the dose: they let only a dose pass that is entered late, and the director sees each such dose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from kapclinic.core import clock
from kapclinic.practice.worklist import Kind
from kapclinic.trail.services import open_task
from sessions.booking.models import Session
from sessions.dosing.gates.facts import Facts, Proof
from sessions.dosing.gates.judge import judge
from sessions.dosing.models import Administration
from sessions.monitoring import services as monitoring
from sessions.visits import services as visits
from tests import cast as people
from tests.asking import done
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment
from tests.sessions.giving import attempt

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
PAPERS = {"clearance", "consent", "order"}
THEN = MONDAY + 2 * HOUR  # when the dose was given

# --- the rule ---------------------------------------------------------------------------------------------------


def papers(made_at: datetime, *, entered_late: bool) -> dict[str, tuple[str, bool]]:
    """State of each gate of a paper, and whether it says that the paper came after the dose."""
    paper = Proof("Made", "record", at=made_at)
    facts = Facts(
        moment=MONDAY,
        entered_late=entered_late,
        cleared_until=MONDAY.date(),
        clearance=paper,
        consent=paper,
        order=paper,
    )
    rows = judge(facts, overrides={}).gates
    return {row.code: (row.state, "Made after the dose" in row.detail) for row in rows if row.code in PAPERS}


@pytest.mark.parametrize(
    ("made_at", "entered_late", "state"),
    [
        (MONDAY, False, "pass"),
        (MONDAY, True, "pass"),
        (MONDAY + timedelta(seconds=30, microseconds=1), False, "pass"),  # a dose is told by the minute
        (MONDAY + SECOND, False, "open"),
        (MONDAY + SECOND, True, "late_paper"),
        (MONDAY + timedelta(days=3), True, "late_paper"),
    ],
)
def test_a_paper_made_after_the_dose_counts_only_where_the_dose_is_entered_late(
    made_at: datetime, entered_late: bool, state: str
) -> None:
    assert papers(made_at, entered_late=entered_late) == dict.fromkeys(
        PAPERS, (state, state in {"open", "late_paper"})
    )


# --- a day that is written up afterwards -------------------------------------------------------------------------


def came(cast: Cast, *, cleared: bool = False, limits: dict[str, int] | None = None) -> Session:
    """A client who came today; of the papers there is none yet, unless `cleared`."""
    edition = people.approved_protocol(cast, name="No preparation", min_preparations=0, limits=limits or {})
    program = people.opened_program(cast, protocol=edition)
    if cleared:
        people.clear(cast, program)
    session = people.booked(cast, program, "dosing", MONDAY + HOUR)
    with clock.fixed(MONDAY + HOUR):
        visits.check_in(session_id=session.pk, by=cast.frontdesk, moment=clock.now(), at=clock.now())
        session.refresh_from_db()
        body = {
            "attestations": dict.fromkeys(people.ASKED, True),
            "escort": {"name": "Alex Example", "phone": "303-555-0177"},
            "fasting_since": moment(MONDAY - 8 * HOUR),
        }
        done(cast.desk("np").patch(f"sessions/{session.pk}/", body), 200)
        monitoring.record_reading(
            session=session, values=people.calm(), dosed_at=None, by=cast.np, at=clock.now()
        )
        if cleared:
            people.written_order(cast, session)
    return session


def made_up(cast: Cast, session: Session) -> None:
    """The papers, now."""
    people.clear(cast, session.program)
    people.written_order(cast, session)


def states(cast: Cast, session: Session, who: str = "np") -> dict[str, str]:
    rows = cast.desk(who).get(f"sessions/{session.pk}/readiness/").json()["gates"]
    return {row["code"]: row["state"] for row in rows if row["code"] in PAPERS}


def rows_of(cast: Cast, who: str, kind: str = "late_paper") -> list[str]:
    rows = cast.desk(who).get("tasks/", kind=kind, state="open").json()["results"]
    return [row["subject_id"] for row in rows]


def test_late_papers_are_shown_in_readiness_and_evidence_and_come_before_the_director_once(
    cast: Cast,
) -> None:
    session = came(cast)
    with clock.fixed(THEN + 2 * HOUR):
        made_up(cast, session)
        given = attempt(cast, session, administered_at=moment(THEN))
        assert given.status_code == 201, given.content
        assert states(cast, session) == dict.fromkeys(PAPERS, "late_paper")
        assert states(cast, session, "frontdesk") == {"consent": "late_paper"}
        path = f"sessions/{session.pk}/"
        assert done(cast.desk("np").get(path + "readiness/"), 200)["ready"] is True
        shown = done(cast.desk("director").get(path + "evidence/"), 200)
        kept = {row["code"]: row["state"] for row in shown["evidence"]["gates"]}
        assert {code: kept[code] for code in PAPERS} == dict.fromkeys(PAPERS, "late_paper")
        dose = given.json()["id"]
        assert rows_of(cast, "director") == [dose]
        assert rows_of(cast, "np") == rows_of(cast, "prescriber") == rows_of(cast, "frontdesk") == []
    with clock.fixed(THEN + timedelta(days=2)):
        assert states(cast, session) == dict.fromkeys(PAPERS, "late_paper")
        void = {"reason": "Another client's"}
        cast.desk("prescriber").must(f"sessions/{session.pk}/administrations/{dose}/void/", void)
        assert rows_of(cast, "director") == []


@pytest.mark.parametrize(
    ("written", "limits", "status"),
    [
        (60 * MINUTE, {}, 409),
        (60 * MINUTE + SECOND, {}, 201),
        (90 * MINUTE, {"late_entry_min": 90}, 409),
        (91 * MINUTE, {"late_entry_min": 90}, 201),
    ],
)
def test_entered_late_is_more_than_the_protocols_minutes_after_the_dose(
    cast: Cast, written: timedelta, limits: dict[str, int], status: int
) -> None:
    session = came(cast, limits=limits)
    with clock.fixed(THEN + MINUTE):
        made_up(cast, session)
    with clock.fixed(THEN + written):
        given = attempt(cast, session, administered_at=moment(THEN))
        assert given.status_code == status, given.content
        assert len(rows_of(cast, "director")) == int(status == 201)
        if status == 409:
            assert {row["code"] for row in given.json()["gates"]} == PAPERS
            assert all("entered late" in row["detail"] for row in given.json()["gates"])
            assert not Administration.objects.exists()


def test_a_dose_given_now_on_papers_made_after_it_is_refused_and_nobody_overrides(cast: Cast) -> None:
    session = came(cast)
    with clock.fixed(THEN):
        made_up(cast, session)
        for code in PAPERS:
            body = {"gate": code, "reason": "On my responsibility"}
            override = cast.desk("prescriber").post(f"sessions/{session.pk}/override/", body)
            assert (override.status_code, override.json()["code"]) == (409, "not_overridable")
        refused = attempt(cast, session, administered_at=moment(THEN - MINUTE))
        assert (refused.status_code, refused.json()["code"]) == (409, "not_ready")
        assert {row["code"] for row in refused.json()["gates"]} == PAPERS
        assert not Administration.objects.exists()
        assert attempt(cast, session).status_code == 201  # at the minute of the papers, and no earlier
        assert states(cast, session) == dict.fromkeys(PAPERS, "pass")
        assert rows_of(cast, "director") == []


def test_papers_that_were_there_pass_whatever_is_written_after_them(cast: Cast) -> None:
    session = came(cast, cleared=True)
    order = session.orders.get()
    with clock.fixed(THEN + 2 * HOUR):
        made_up(cast, session)  # all of it anew
        given = attempt(cast, session, order=str(order.pk), administered_at=moment(THEN))
        assert given.status_code == 201, given.content
        assert states(cast, session) == dict.fromkeys(PAPERS, "pass")
        assert rows_of(cast, "director") == []


def test_an_order_above_the_cap_is_a_paper_of_its_second_prescribers_moment(cast: Cast) -> None:
    session = came(cast, cleared=True)
    people.colleague(cast, "second_prescriber", "prescriber")
    with clock.fixed(MONDAY + HOUR):
        more = {"dose_mg": Decimal(450), "max_total_mg": Decimal(450), "above_cap_reason": "Tolerance"}
        order = people.written_order(cast, session, **more)
    with clock.fixed(THEN + 2 * HOUR):
        body = {"reason": "Agreed by phone"}
        cast.desk("second_prescriber").must(f"sessions/{session.pk}/orders/{order.pk}/approve-cap/", body)
        given = attempt(cast, session, order=str(order.pk), dose_mg="450", administered_at=moment(THEN))
        assert given.status_code == 201, given.content
        assert states(cast, session) == {"clearance": "pass", "consent": "pass", "order": "late_paper"}


# --- what suspends -----------------------------------------------------------------------------------------------


def listed(cast: Cast, session: Session) -> None:
    cast.desk("np").must("medications/", {"client": str(session.client_id), "text": "mystery pill"})


def upheld(cast: Cast, session: Session) -> None:
    clearance = (
        cast.desk("prescriber").get("clearances/", program=str(session.program_id)).json()["results"][0]
    )
    words = [{"reason": row["id"], "resolution": "Looked at"} for row in clearance["reasons"]]
    body = {"rationale": "A vitamin", "resolutions": words}
    cast.desk("prescriber").must(f"clearances/{clearance['id']}/uphold/", body)


@pytest.mark.parametrize(
    ("told", "answered", "state"),
    [
        (THEN - MINUTE, None, "open"),
        (THEN - MINUTE, THEN - SECOND, "pass"),
        (THEN - MINUTE, THEN + HOUR, "late_paper"),
        (THEN + MINUTE, None, "pass"),  # it was not so yet
        (THEN + MINUTE, THEN + HOUR, "pass"),
    ],
)
def test_what_suspends_counts_from_its_own_moment_and_the_answer_is_a_paper_of_its_own(
    cast: Cast, told: datetime, answered: datetime | None, state: str
) -> None:
    session = came(cast, cleared=True)
    with clock.fixed(told):
        listed(cast, session)
    if answered is not None:
        with clock.fixed(answered):
            upheld(cast, session)
    with clock.fixed(THEN + 2 * HOUR):
        given = attempt(cast, session, administered_at=moment(THEN))
        if state == "open":
            assert (given.status_code, given.json()["code"]) == (409, "not_ready")
            assert [row["code"] for row in given.json()["gates"]] == ["clearance"]
            assert not Administration.objects.exists()
            return
        assert given.status_code == 201, given.content
        kept = next(row for row in Administration.objects.get().gates if row["code"] == "clearance")
        counted = answered if answered is not None and told < THEN else MONDAY
        by = cast.prescriber.pk
        assert (kept["state"], kept["cleared_by"]["at"], kept["cleared_by"]["by"]) == (
            state,
            moment(counted),
            str(by),
        )
        assert len(rows_of(cast, "director")) == int(state == "late_paper")


# --- what was taken back after the dose -----------------------------------------------------------------------------


def consent_revoked(cast: Cast, session: Session) -> str:
    (consent,) = cast.desk("np").get("consents/", program=str(session.program_id)).json()["results"]
    cast.desk("np").must(f"consents/{consent['id']}/revoke/", {"reason": "Wants no more of it"})
    return "consent"


def clearance_voided(cast: Cast, session: Session) -> str:
    (clearance,) = cast.desk("np").get("clearances/", program=str(session.program_id)).json()["results"]
    cast.desk("prescriber").must(f"clearances/{clearance['id']}/void/", {"reason": "Not again"})
    return "clearance"


def course_held(cast: Cast, session: Session) -> str:
    cast.desk("prescriber").must(f"programs/{session.program_id}/hold/", {"reason": "A bad reaction"})
    return "program_active"


def course_ended(cast: Cast, session: Session) -> str:
    cast.desk("prescriber").must(f"programs/{session.program_id}/discontinue/", {"reason": "A bad reaction"})
    return "program_active"


@pytest.mark.parametrize("end", [consent_revoked, clearance_voided, course_held, course_ended])
def test_a_dose_is_written_down_also_when_what_it_stood_on_was_taken_back_since(
    cast: Cast, end: Callable[[Cast, Session], str]
) -> None:
    """It was given: its checks, its draw and its integration follow from it. A further one is another matter."""
    edition = people.approved_protocol(cast, name="One dose", min_preparations=0, planned_doses=1)
    session = people.ready_dose(cast, people.cleared_program(cast, protocol=edition))
    with clock.fixed(MONDAY + 20 * MINUTE):
        gate = end(cast, session)
    with clock.fixed(MONDAY + 25 * MINUTE):
        for at in (20 * MINUTE, 25 * MINUTE):
            answer = attempt(cast, session, dose_mg="50", administered_at=moment(MONDAY + at))
            assert (answer.status_code, [row["code"] for row in answer.json()["gates"]]) == (409, [gate])
        assert not Administration.objects.exists()
        answer = attempt(cast, session, dose_mg="50", administered_at=moment(MONDAY))
        assert answer.status_code == 201, answer.content
        assert answer.json()["obligation"]["state"] == "due"
        assert session.checks.count() == len(edition.checks_min)
        booster = attempt(cast, session, dose_mg="50")
        assert [row["code"] for row in booster.json()["gates"]] == [gate]
        shown = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()
        assert [row["code"] for row in shown["gates"] if row["state"] == "open"] == []


def test_a_dose_is_written_down_also_when_the_client_fell_into_danger_after_it(cast: Cast) -> None:
    """The alert waits, and holds the next dose; the checks of the one that was given are asked for."""
    edition = people.approved_protocol(cast, name="No preparation", min_preparations=0)
    session = people.ready_dose(cast, people.cleared_program(cast, protocol=edition))
    given = clock.now()
    with clock.fixed(given + 20 * MINUTE):
        people.cssrs(cast, session.program, 1, 2, 3, 4)
        task = {"client": session.client_id, "subject_type": "session", "subject_id": session.pk}
        open_task(
            kind=Kind.CHECK_IN_SAFETY_CONCERN,
            location=session.location_id,
            due_at=clock.now(),
            by=cast.np,
            at=clock.now(),
            **task,
        )
    with clock.fixed(given + 25 * MINUTE):
        answer = attempt(cast, session, dose_mg="50")
        held = ["clearance", "safety_alert", "suicide_risk", "suicide_screen"]
        assert (answer.status_code, [row["code"] for row in answer.json()["gates"]]) == (409, held)
        assert not Administration.objects.exists()
        answer = attempt(cast, session, dose_mg="50", administered_at=moment(given))
        assert answer.status_code == 201, answer.content
        assert session.checks.count() == len(edition.checks_min)
        answer = attempt(cast, session, dose_mg="50")  # a further one
        assert (answer.status_code, [row["code"] for row in answer.json()["gates"]]) == (409, held)
