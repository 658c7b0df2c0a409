"""A therapist will be away: every session and window that this breaks is listed, with ways out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.practice import services as practice
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment
from tests.sessions.absences.leaving import (
    DAY,
    HOUR,
    away,
    drop,
    everything,
    kept,
    looked_at,
    taken,
    three_sessions,
)
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY, row


@pytest.fixture
def three(cast: Cast) -> list[Session]:
    """Three clients of the therapist on Tuesday: at nine, ten and eleven."""
    return three_sessions(cast)


# --- what it would break ------------------------------------------------------------------------------------------


def test_every_session_of_the_absence_is_listed_with_ways_out(cast: Cast, three: list[Session]) -> None:
    before = everything()
    found = looked_at(cast, away(cast.therapist))
    assert [session["id"] for session in found["sessions"]] == [str(session.pk) for session in three]
    assert (found["obligations"], found["elsewhere"]) == ([], 0)
    assert everything() == before
    for shown, session in zip(found["sessions"], three, strict=True):
        assert shown["kind"] == "preparation"
        assert shown["program"] == str(session.program_id)
        who = session.program.client
        assert (shown["client_name"], shown["client_phone"]) == (who.display_name, who.phone)
        first, *others = shown["replacements"]
        assert (first["kind"], first["starts_at"]) == ("other_staff", shown["starts_at"])
        assert first["staff"] == [row(cast.other_therapist, "therapist")]
        assert first["room"] == str(cast.aspen.pk)
        assert len(others) == 2
        for other in others:
            assert other["kind"] == "other_time"
            assert other["staff"] == [row(cast.therapist, "therapist")]
            begins = datetime.fromisoformat(other["starts_at"])
            assert begins + HOUR <= TUESDAY or begins >= TUESDAY + 11 * HOUR


def test_the_first_proposals_of_all_can_be_kept_together(cast: Cast, three: list[Session]) -> None:
    body = away(cast.therapist)
    found = looked_at(cast, body)
    moves = [taken(session["replacements"][0], session) for session in found["sessions"]]
    answer = kept(cast, body, moves)
    assert answer.status_code == 201, answer.content
    assert [session["id"] for session in answer.json()["sessions"]] == [str(session.pk) for session in three]
    assert desk.orphans() == []
    assert looked_at(cast, body)["sessions"] == []


def test_two_clients_who_lose_their_nurse_and_therapist_never_get_the_same_way_out(cast: Cast) -> None:
    """Nobody else is there: both have to go to another time, and not to the same one."""
    first, second = desk.programs_of(cast, 2)
    practice.save_staff(user=cast.other_therapist, values={"is_active": False}, by=cast.admin, at=clock.now())
    people.booked(cast, first, "preparation", TUESDAY)
    people.booked(cast, second, "preparation", TUESDAY + HOUR)
    found = looked_at(cast, away(cast.therapist))
    moves = [taken(session["replacements"][0], session) for session in found["sessions"]]
    assert {session["replacements"][0]["kind"] for session in found["sessions"]} == {"other_time"}
    assert kept(cast, away(cast.therapist), moves).status_code == 201
    assert desk.overlaps() == 0


def test_each_proposal_can_be_booked_as_it_stands(cast: Cast, three: list[Session]) -> None:
    body = away(cast.therapist)
    for session in looked_at(cast, body)["sessions"]:
        for proposal in session["replacements"]:
            others = [drop(other) for other in three if str(other.pk) != session["id"]]
            answer = _tried(cast, body, [taken(proposal, session), *others])
            assert answer["sessions"][-1]["status"] in {"scheduled", "cancelled"}


def _tried(cast: Cast, body: dict[str, Any], moves: list[dict[str, Any]]) -> dict[str, Any]:
    """Kept, looked at, and taken back."""
    from django.db import transaction

    with transaction.atomic():
        answer = kept(cast, body, moves)
        assert answer.status_code == 201, answer.content
        transaction.set_rollback(True)
    return answer.json()  # type: ignore[no-any-return]


def test_a_session_at_an_odd_minute_can_be_taken_over_too(cast: Cast) -> None:
    (program,) = desk.programs_of(cast, 1)
    session = people.booked(cast, program, "preparation", TUESDAY + timedelta(minutes=10))
    (shown,) = looked_at(cast, away(cast.therapist))["sessions"]
    assert shown["replacements"][0]["kind"] == "other_staff"
    assert shown["replacements"][0]["starts_at"] == moment(session.starts_at)


def test_only_what_is_still_to_come_is_broken(cast: Cast, three: list[Session]) -> None:
    with clock.fixed(TUESDAY + HOUR + timedelta(minutes=30)):  # ill since half past ten
        found = looked_at(cast, away(cast.therapist, TUESDAY - DAY, TUESDAY + DAY))
    assert [session["id"] for session in found["sessions"]] == [str(three[1].pk), str(three[2].pk)]
    assert found["sessions"][0]["replacements"] == []  # it has begun: nobody can say when
    assert found["sessions"][1]["replacements"]


def test_a_session_that_ends_as_the_absence_begins_is_not_broken(cast: Cast, three: list[Session]) -> None:
    found = looked_at(cast, away(cast.therapist, TUESDAY + HOUR, TUESDAY + 2 * HOUR))
    assert [session["id"] for session in found["sessions"]] == [str(three[1].pk)]


def test_a_nurse_who_is_away_breaks_the_doses_she_watches(cast: Cast) -> None:
    colleague = people.staff("np2", ["nurse_practitioner"], cast.north)
    (program,) = desk.programs_of(cast, 1)
    dose = people.booked(cast, program, "dosing", TUESDAY)
    (shown,) = looked_at(cast, away(cast.np))["sessions"]
    assert shown["id"] == str(dose.pk)
    first = shown["replacements"][0]
    assert first["kind"] == "other_staff"
    assert {person["user"] for person in first["staff"]} == {str(cast.therapist.pk), str(colleague.pk)}


def test_no_proposal_breaks_the_course(cast: Cast) -> None:
    """Doses stay three days apart; the nearest free times would not."""
    (program,) = desk.programs_of(cast, 1)
    people.booked(cast, program, "dosing", MONDAY + 8 * DAY)
    practice.save_staff(user=cast.other_therapist, values={"is_active": False}, by=cast.admin, at=clock.now())
    people.booked(cast, program, "dosing", MONDAY + 4 * DAY)
    found = looked_at(cast, away(cast.therapist, MONDAY + 4 * DAY))
    dose = next(session for session in found["sessions"] if session["kind"] == "dosing")
    assert dose["replacements"]
    for proposal in dose["replacements"]:
        gap = abs(datetime.fromisoformat(proposal["starts_at"]) - (MONDAY + 8 * DAY))
        assert gap >= timedelta(hours=72)


def test_an_absence_across_the_change_of_clocks_takes_its_own_hours(cast: Cast) -> None:
    """Denver leaves summer time on 1 November 2026 at 02:00: nine o'clock is 15:00 UTC before, 16:00 after."""
    saturday, sunday = datetime(2026, 10, 31, 15, tzinfo=UTC), datetime(2026, 11, 1, 16, tzinfo=UTC)
    first, second = desk.programs_of(cast, 2)
    one, two = (
        people.booked(cast, program, "preparation", start)
        for program, start in ((first, saturday), (second, sunday))
    )
    body = away(cast.therapist, saturday + 11 * HOUR, sunday + HOUR)
    (shown,) = looked_at(cast, body)["sessions"]
    assert shown["id"] == str(two.pk)
    (proposal,) = [way for way in shown["replacements"] if way["kind"] == "other_staff"]
    assert proposal["starts_at"] == moment(sunday)
    assert kept(cast, body, [taken(proposal, shown)]).status_code == 201
    two.refresh_from_db()
    assert two.staff == [row(cast.other_therapist, "therapist")]
    one.refresh_from_db()
    assert one.staff == [row(cast.therapist, "therapist")]


# --- integration windows ------------------------------------------------------------------------------------------


def test_windows_in_which_the_therapist_has_no_free_slot_any_more_are_listed(cast: Cast) -> None:
    owed = people.owed(cast)
    held = Session.objects.get(status="held")
    body = away(cast.therapist, owed.window_start - HOUR, owed.window_end + HOUR)
    found = looked_at(cast, body)
    assert [window["id"] for window in found["obligations"]] == [str(owed.pk)]
    assert found["obligations"][0]["reason"] == "The therapist is away for the whole window."
    assert found["obligations"][0]["window_end"] == moment(owed.window_end)
    assert [session["id"] for session in found["sessions"]] == [str(held.pk)]
    ways = found["sessions"][0]["replacements"]
    assert {way["staff"][0]["user"] for way in ways} == {str(cast.other_therapist.pk)}
    for way in ways:
        assert owed.window_start <= datetime.fromisoformat(way["starts_at"]) < owed.window_end


def test_a_window_with_an_hour_left_is_not_lost_until_the_hour_is_taken(cast: Cast) -> None:
    owed = people.owed(cast)
    last = owed.window_end - HOUR  # Thursday at eight, when the clinic opens
    body = away(cast.therapist, owed.window_start, last)
    assert looked_at(cast, body)["obligations"] == []
    other = people.opened_program(
        cast,
        protocol=owed.program.protocol,
        who=people.client(cast.north, by=cast.frontdesk, first="Jo", phone="303-555-0155"),
    )
    people.booked(cast, other, "preparation", last)
    people.booked(cast, other, "preparation", last + HOUR)
    (window,) = looked_at(cast, body)["obligations"]
    assert (window["id"], window["reason"]) == (
        str(owed.pk),
        "The therapist has no free slot left in this window.",
    )
