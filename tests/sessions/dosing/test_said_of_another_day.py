"""What was said of another day does not count: no dose on it, whenever it was said, until somebody asks again."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM_ID
from programs.models import Program
from sessions.booking.models import Session
from sessions.booking.rules.said import COUNTS, counts_from
from sessions.dosing.gates.facts import Facts, Said
from sessions.dosing.gates.judge import judge
from sessions.dosing.models import Administration, AttestationCode
from sessions.monitoring import services as monitoring
from sessions.visits import services as visits
from tests import cast as people
from tests.asking import done, sql
from tests.cast import IM, MONDAY, Cast
from tests.journeys.steps import moment
from tests.sessions.absences.leaving import away, drop, kept, move, three_sessions
from tests.sessions.booking.desk import TUESDAY
from tests.sessions.giving import attempt

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = MONDAY + 42 * DAY  # a Monday too, with the same offset
DENVER = ZoneInfo("America/Denver")
ESCORT = {"name": "Alex Example", "phone": "303-555-0177", "relationship": "friend"}
OF_THE_DAY = ("identifiers", "not_intoxicated", "equipment")
ALL_SAID = {*OF_THE_DAY, "pdmp", "fasting", "weight", "escort"}
Act = Callable[[Cast, Session], None]


def note(cast: Cast, session: Session, **values: Any) -> dict[str, Any]:
    return done(cast.desk("np").patch(f"sessions/{session.pk}/", values), 200)


def gate(cast: Cast, session: Session, code: str) -> dict[str, Any]:
    gates = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()["gates"]
    found: dict[str, Any] = next(row for row in gates if row["code"] == code)
    return found


def moved(cast: Cast, session: Session, starts_at: datetime) -> dict[str, Any]:
    times = {
        "starts_at": moment(starts_at),
        "ends_at": moment(starts_at + (session.ends_at - session.starts_at)),
    }
    body = times | {"reason": "As the client asked", "override_reason": "Agreed"}
    found: dict[str, Any] = cast.desk("frontdesk").must(f"sessions/{session.pk}/reschedule/", body)
    return found


# --- the table --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "limits", "first"),
    [
        ("fasting_since", {}, MONDAY - 24 * HOUR),
        ("fasting_since", {"fasting_within_hours": 12}, MONDAY - 12 * HOUR),
        ("weight_kg", {"weight_days": 7}, MONDAY - 7 * DAY),
        ("pdmp", {}, MONDAY - 90 * DAY),
        ("rems_enrolment", {}, datetime.min.replace(tzinfo=UTC)),
        *((code, {}, datetime(2026, 5, 4, 6, tzinfo=UTC)) for code in AttestationCode if code not in COUNTS),
    ],
)
def test_the_table_says_from_when_on_a_word_counts(
    what: str, limits: dict[str, int], first: datetime
) -> None:
    assert counts_from(what, start=MONDAY.astimezone(DENVER), limits=limits) == first


@pytest.mark.parametrize(
    ("said_at", "counts"),
    [
        (datetime(2026, 5, 4, 23, 59, tzinfo=DENVER), False),
        (datetime(2026, 5, 5, 0, 0, tzinfo=DENVER), True),
        (datetime(2026, 5, 5, 22, 30, tzinfo=DENVER), True),
        (datetime(2026, 5, 6, 0, 10, tzinfo=DENVER), True),  # the visit goes on past midnight
        (datetime(2026, 5, 7, 9, 0, tzinfo=DENVER), True),  # written up late
    ],
)
def test_a_word_counts_from_the_local_day_of_the_session_on(said_at: datetime, counts: bool) -> None:
    """The session begins on Tuesday at 22:00, and the dose is given on Wednesday at 00:30."""
    facts = Facts(
        moment=datetime(2026, 5, 6, 0, 30, tzinfo=DENVER),
        starts_at=datetime(2026, 5, 5, 22, 0, tzinfo=DENVER),
        said={"identifiers": Said(True, SYSTEM_ID, said_at)},
    )
    row = next(row for row in judge(facts, overrides={}).gates if row.code == "identifiers")
    assert (row.state == "pass") is counts
    assert ("What was said on 2026-05-04 23:59 does not count." in row.detail) is not counts


# --- no dose without the answer ---------------------------------------------------------------------------------


def said_early(cast: Cast, session: Session) -> None:
    """Everything, and for a start that the session has no more: six weeks before the dose."""
    note(cast, session, escort=ESCORT)
    moved(cast, session, LATER)
    note(
        cast,
        session,
        attestations=dict.fromkeys((*OF_THE_DAY, "pdmp"), True),
        fasting_since=moment(clock.now() - 8 * HOUR),
        weight_kg="80",
    )


def said_wrong(cast: Cast, session: Session) -> None:
    """On the day: of fasting that was 40 days ago."""
    note(cast, session, fasting_since=moment(clock.now() - 40 * DAY))


def answer(cast: Cast, session: Session, code: str) -> None:
    """What the gate asks for, said on the day."""
    if code == "fasting":
        note(cast, session, fasting_since=moment(clock.now() - 8 * HOUR))
    elif code == "weight":
        note(cast, session, weight_kg="80")
    elif code == "escort":
        note(cast, session, escort=ESCORT)
    else:
        note(cast, session, attestations={code: True})


def answer_all(cast: Cast, session: Session, *but: str) -> None:
    for code in sorted(ALL_SAID - set(but)):
        answer(cast, session, code)


def open_gates(cast: Cast, session: Session) -> set[str]:
    """Those that a dose is refused for."""
    refusal = attempt(cast, session, dose_mg="40")
    assert (refusal.status_code, refusal.json()["code"]) == (409, "not_ready"), refusal.content
    assert not Administration.objects.exists()
    return {row["code"] for row in refusal.json()["gates"]}


def program_of(cast: Cast) -> Program:
    edition = people.approved_protocol(
        cast, name="By weight", limits={"pdmp_days": 30}, gates={"pdmp": "required"}, **IM
    )
    return people.opened_program(cast, protocol=edition)


def arrive(cast: Cast, session: Session) -> None:
    cast.desk("frontdesk").must(f"sessions/{session.pk}/check-in/")
    session.refresh_from_db()
    people.written_order(cast, session, dose_mg=40, max_total_mg=80)
    monitoring.record_reading(
        session=session, values=people.calm(), dosed_at=None, by=cast.np, at=clock.now()
    )


@pytest.mark.parametrize("when", ["before decide", "after", "on the day", "after check-in"])
def test_no_dose_on_what_was_said_of_another_day_whenever_it_was_said(cast: Cast, when: str) -> None:
    program = program_of(cast)
    session = people.booked(cast, program, "dosing", LATER + DAY)
    if when == "before decide":
        said_early(cast, session)
    people.clear(cast, program)
    if when == "after":
        said_early(cast, session)
    if when in {"on the day", "after check-in"}:
        moved(cast, session, LATER + HOUR)
    with clock.fixed(LATER):
        if when == "on the day":
            answer_all(cast, session)
            moved(cast, session, LATER)  # the escort was asked about ten o'clock
            said_wrong(cast, session)
        if when == "after check-in":
            moved(cast, session, LATER)
            arrive(cast, session)
            answer_all(cast, session)
            said_wrong(cast, session)
        else:
            arrive(cast, session)
        owed = {"on the day": {"fasting", "escort"}, "after check-in": {"fasting"}}.get(when, ALL_SAID)
        while owed:
            assert open_gates(cast, session) == owed
            code = min(owed)
            answer(cast, session, code)
            owed = owed - {code}
        given = attempt(cast, session, dose_mg="40")
        assert given.status_code == 201, given.content


def test_fasting_of_40_days_ago_passes_no_more_and_its_proof_shows_the_date(cast: Cast) -> None:
    session = people.ready_dose(cast)
    said_wrong(cast, session)
    shown = gate(cast, session, "fasting")
    assert (shown["state"], shown["cleared_by"]) == ("open", None)
    assert "2026-03-25 09:00" in shown["detail"]
    assert open_gates(cast, session) == {"fasting"}
    note(cast, session, fasting_since=moment(MONDAY - 24 * HOUR))
    shown = gate(cast, session, "fasting")
    assert (shown["state"], shown["cleared_by"]["text"]) == ("pass", "No solid food since 2026-05-03 09:00")
    note(cast, session, fasting_since=moment(MONDAY - 24 * HOUR - timedelta(seconds=1)))
    assert gate(cast, session, "fasting")["state"] == "open"


def test_every_proof_shows_its_date(cast: Cast) -> None:
    session = people.ready_dose(cast)
    found = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()
    proofs = {row["code"]: row["cleared_by"] for row in found["gates"] + found["advice"] if row["cleared_by"]}
    assert all(row["at"] for row in proofs.values())
    for code in (*people.ASKED, "fasting", "escort", "order", "consent", "clearance", "vitals"):
        assert "2026-05-0" in proofs[code]["text"], proofs[code]


# --- a move ------------------------------------------------------------------------------------------------------


def tasks(cast: Cast, session: Session) -> dict[str, str]:
    """What the desk is asked about this session, and until when."""
    rows = cast.desk("frontdesk").get("tasks/", state="open").json()["results"]
    again = {"confirm_again", "escort_again"}
    return {
        row["kind"]: row["due_at"]
        for row in rows
        if row["kind"] in again and row["subject_id"] == str(session.pk)
    }


def shown(cast: Cast, session: Session) -> dict[str, Any]:
    return done(cast.desk("np").get(f"sessions/{session.pk}/"), 200)


@pytest.fixture
def announced(cast: Cast) -> Session:
    """A dose at ten today: fasting, weight, escort and the client's word are noted."""
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY + 4 * HOUR)
    now = moment(MONDAY)
    note(
        cast,
        session,
        escort=ESCORT,
        fasting_since=moment(MONDAY - HOUR),
        weight_kg="80",
        client_confirmed_at=now,
    )
    return session


@pytest.mark.parametrize(
    ("by", "kept"),
    [
        (HOUR, {"fasting_since", "weight_kg"}),
        (DAY, {"weight_kg"}),
        (29 * DAY, {"weight_kg"}),
        (31 * DAY, set()),
    ],
)
def test_a_move_clears_only_what_no_longer_fits_and_asks_again(
    cast: Cast, announced: Session, by: timedelta, kept: set[str]
) -> None:
    before = shown(cast, announced)
    assert before["escort_confirmed_at"] == moment(MONDAY)
    assert tasks(cast, announced) == {}
    start = announced.starts_at + by
    told = moved(cast, announced, start)
    assert "escort_again" in told["warnings"]
    after = shown(cast, announced)
    assert (after["escort"], after["escort_confirmed_at"], after["client_confirmed_at"]) == (
        ESCORT,
        None,
        None,
    )
    for name in ("fasting_since", "weight_kg"):
        assert after[name] == (before[name] if name in kept else None)
    assert tasks(cast, announced) == dict.fromkeys(("confirm_again", "escort_again"), moment(start))
    blocked = gate(cast, announced, "escort")
    assert (blocked["state"], blocked["cleared_by"]) == ("open", None)
    assert "another start" in blocked["detail"]
    note(cast, announced, escort=ESCORT)  # the same one
    assert gate(cast, announced, "escort")["state"] == "pass"
    assert set(tasks(cast, announced)) == {"confirm_again"}
    done(
        cast.desk("frontdesk").patch(f"sessions/{announced.pk}/", {"client_confirmed_at": moment(MONDAY)}),
        200,
    )
    assert tasks(cast, announced) == {}


def test_a_second_move_asks_until_the_newer_start_and_the_end_of_the_visit_asks_no_more(
    cast: Cast, announced: Session
) -> None:
    moved(cast, announced, announced.starts_at + DAY)
    moved(cast, announced, announced.starts_at + 2 * DAY)
    again = dict.fromkeys(("confirm_again", "escort_again"), moment(announced.starts_at + 2 * DAY))
    assert tasks(cast, announced) == again
    cast.desk("frontdesk").must(f"sessions/{announced.pk}/cancel/", {"reason": "The client is ill"})
    assert tasks(cast, announced) == {}


def test_another_room_or_a_refused_move_clears_nothing(cast: Cast, announced: Session) -> None:
    before = shown(cast, announced)
    body = {"starts_at": before["starts_at"], "ends_at": before["ends_at"], "room": str(cast.birch.pk)}
    cast.desk("frontdesk").must(f"sessions/{announced.pk}/reschedule/", body | {"reason": "Aspen is painted"})
    then = shown(cast, announced)
    assert then["room"] == str(cast.birch.pk)
    path, asked = f"sessions/{announced.pk}/reschedule/", body | {"starts_at": moment(MONDAY + 14 * HOUR)}
    asked |= {"ends_at": moment(MONDAY + 17 * HOUR), "reason": "Late"}
    for who, code in (("frontdesk", 400), ("billing", 403), ("south_frontdesk", 404)):
        assert cast.desk(who).post(path, asked).status_code == code
    preview = cast.desk("frontdesk").must(path + "?preview=true", asked | {"override_reason": "Agreed"})
    assert "escort_again" in [row["code"] for row in preview["effects"]]
    names = ("escort", "escort_confirmed_at", "client_confirmed_at", "fasting_since", "weight_kg")
    after = shown(cast, announced)
    assert [after[name] for name in names] == [before[name] for name in names]
    assert tasks(cast, announced) == {}


def test_an_escort_that_is_taken_away_or_sent_to_another_clinics_session_confirms_nothing(
    cast: Cast, announced: Session
) -> None:
    moved(cast, announced, announced.starts_at + DAY)
    path = f"sessions/{announced.pk}/"
    etag = cast.desk("np").get(path)["ETag"]
    assert cast.desk("south_np").patch(path, {"escort": ESCORT}, match=etag).status_code == 404
    assert cast.desk("billing").patch(path, {"escort": ESCORT}, match=etag).status_code == 403
    assert note(cast, announced, escort=None)["escort_confirmed_at"] is None
    assert gate(cast, announced, "escort")["state"] == "open"
    assert "escort_again" in tasks(cast, announced)


def test_an_empty_object_is_no_escort_that_was_sent_again(cast: Cast, announced: Session) -> None:
    moved(cast, announced, announced.starts_at + DAY)
    assert note(cast, announced, escort={}, fasting_since=moment(MONDAY))["escort"] == ESCORT
    assert gate(cast, announced, "escort")["state"] == "open"
    assert "escort_again" in tasks(cast, announced)


def test_the_desk_sees_when_the_escort_was_confirmed_and_billing_does_not(
    cast: Cast, announced: Session
) -> None:
    path = f"sessions/{announced.pk}/"
    seen = done(cast.desk("frontdesk").get(path), 200)
    assert (seen["escort_confirmed_at"], seen["fasting_since"]) == (moment(MONDAY), None)
    assert done(cast.desk("billing").get(path), 200)["escort_confirmed_at"] is None


def test_a_client_who_is_here_now_is_asked_about_now(cast: Cast, announced: Session) -> None:
    cast.desk("frontdesk").must(f"sessions/{announced.pk}/check-in/", {"move_to_now": True})
    assert shown(cast, announced)["fasting_since"] == moment(MONDAY - HOUR)  # still of this day
    assert gate(cast, announced, "escort")["state"] == "open"
    assert set(tasks(cast, announced)) == {"escort_again"}  # the client is here: nobody needs to call


def test_an_override_is_of_the_day_that_it_was_said_for(cast: Cast) -> None:
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY + DAY)
    decided = {"gate": "escort", "reason": "A taxi that we know"}
    path = f"sessions/{session.pk}/override/"
    cast.desk("prescriber").must(path, decided)
    moved(cast, session, session.starts_at + HOUR)
    assert gate(cast, session, "escort")["state"] == "overridden"  # the same day
    moved(cast, session, session.starts_at + 7 * DAY)
    assert gate(cast, session, "escort")["state"] == "open"
    cast.desk("prescriber").must(path, decided)
    assert gate(cast, session, "escort")["state"] == "overridden"


def test_two_that_swap_are_both_asked_again(cast: Cast, announced: Session) -> None:
    program = people.cleared_program(
        cast, who=people.client(cast.north, by=cast.frontdesk, first="Sam", phone="303-555-0143")
    )
    other = people.booked(cast, program, "dosing", MONDAY + 8 * DAY)
    visits.change(session=other, values={"escort": ESCORT}, by=cast.np, at=clock.now())  # type: ignore[typeddict-item]
    body = {"first": str(announced.pk), "second": str(other.pk), "reason": "They asked"}
    cast.desk("frontdesk").must("session-swaps/", body)
    assert set(tasks(cast, announced)) == {"confirm_again", "escort_again"}
    assert set(tasks(cast, other)) == {"escort_again"}
    assert shown(cast, announced)["fasting_since"] is None


def test_an_absence_that_moves_a_session_asks_again_and_one_that_changes_the_person_does_not(
    cast: Cast,
) -> None:
    three = three_sessions(cast)
    for session in three:
        noted = {"client_confirmed_at": moment(MONDAY)}
        done(cast.desk("frontdesk").patch(f"sessions/{session.pk}/", noted), 200)
    other = [{"user": str(cast.other_therapist.pk), "role": "therapist"}]
    moves = [move(three[0], staff=other), move(three[1], TUESDAY + DAY), drop(three[2])]
    done(kept(cast, away(cast.therapist), moves), 201)
    assert [set(tasks(cast, session)) for session in three] == [set(), {"confirm_again"}, set()]
    confirmed = [shown(cast, session)["client_confirmed_at"] is not None for session in three]
    assert confirmed == [True, False, True]


def test_what_was_noted_before_the_column_is_taken_over_unless_the_session_moved_since(
    cast: Cast, announced: Session
) -> None:
    carry = importlib.import_module("sessions.migrations.0005_escort_confirmed").CARRY
    sql("UPDATE clinic_sessions_session SET escort_confirmed_at = NULL")
    sql(carry)
    assert shown(cast, announced)["escort_confirmed_at"] is not None
    moved(cast, announced, announced.starts_at + DAY)
    sql(carry)
    assert shown(cast, announced)["escort_confirmed_at"] is None
