"""The monitoring board: who is watched, by what is due next; polls that cost little and miss nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.trail.models import AuditEvent
from sessions.booking.models import Session
from sessions.monitoring import services as monitoring
from sessions.monitoring.models import Alarm, Check, Reading
from tests import cast as people
from tests.cast import MONDAY, Cast, dosed_session

CLINICAL = {
    "number",
    "bands",
    "dose",
    "baseline",
    "dosed_at",
    "minutes",
    "next_check",
    "last_reading",
    "trend",
    "alarms",
    "staff",
}


@pytest.fixture
def dosed(cast: Cast) -> Session:
    return dosed_session(cast)


def poll(cast: Cast, who: str = "np", *, minute: float = 0, tag: str = "", **query: Any) -> Any:
    """An answer of North's board at a minute after MONDAY."""
    headers = {"HTTP_IF_NONE_MATCH": tag} if tag else {}
    with clock.fixed(MONDAY + timedelta(minutes=minute)):
        return cast.desk(who).client.get(
            "/api/v1/monitoring-board/", {"location": str(cast.north.pk)} | query, **headers
        )


def board(cast: Cast, who: str = "np", **more: Any) -> dict[str, Any]:
    answer = poll(cast, who, **more)
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def read(cast: Cast, session: Session, minute: float, **signs: Any) -> dict[str, Any]:
    with clock.fixed(MONDAY + timedelta(minutes=minute)):
        body = people.calm() | {"measured_at": clock.now().isoformat()} | signs
        return cast.desk("np").must(f"sessions/{session.pk}/readings/", body)  # type: ignore[no-any-return]


def test_the_nurse_sees_what_is_due_next_how_it_goes_and_what_rings(cast: Cast, dosed: Session) -> None:
    read(cast, dosed, 15, systolic=165)
    told = board(cast, minute=22)
    (card,) = told["sessions"]
    assert (card["id"], card["client_name"], card["client_initials"]) == (str(dosed.pk), "Robin Sample", "RS")
    assert (card["room_name"], card["status"], card["stage"]) == ("Aspen", "in_progress", None)
    assert (card["dosed_at"], card["minutes"]) == ("2026-05-04T15:00:00Z", 22)
    recheck = Check.objects.get(kind="recheck")
    assert card["next_check"] == {
        "id": str(recheck.pk),
        "kind": "recheck",
        "minute": None,
        "planned_at": "2026-05-04T15:20:00Z",
        "state": "due",
        "is_due": True,
    }
    assert (card["last_reading"]["systolic"], card["last_reading"]["bands"]["systolic"]) == (165, "amber")
    assert [row["systolic"] for row in card["trend"]] == [122, 165]
    (alarm,) = card["alarms"]
    assert (alarm["id"], alarm["cause"]) == (str(Alarm.objects.get().pk), "amber_reading")
    assert (alarm["opened_at"], alarm["escalated"]) == ("2026-05-04T15:15:00Z", False)
    assert alarm["reading_voided"] is False
    assert {"user": str(cast.np.pk), "role": "nurse_practitioner", "name": "Np"} in card["staff"]


def test_an_alarm_whose_reading_was_taken_back_waits_and_says_so(cast: Cast, dosed: Session) -> None:
    read(cast, dosed, 15, systolic=165)
    wrong = Reading.objects.get(systolic=165)
    cast.desk("np").must(f"sessions/{dosed.pk}/readings/{wrong.pk}/void/", {"reason": "Cuff slipped"})
    (card,) = board(cast, minute=22)["sessions"]
    assert [row["systolic"] for row in card["trend"]] == [122]
    assert [(row["reading"], row["reading_voided"]) for row in card["alarms"]] == [(str(wrong.pk), True)]


def test_the_nurse_sees_the_dose_the_baseline_and_the_bands_of_the_protocol(
    cast: Cast, dosed: Session
) -> None:
    for minute in range(5, 60, 5):
        read(cast, dosed, minute, systolic=120 + minute)
    (card,) = board(cast, minute=60)["sessions"]
    assert card["dose"] == {"mg": "100.000", "route": "sublingual"}
    assert (card["number"], card["bands"]) == (dosed.number, dosed.program.protocol.bands)
    assert len(card["trend"]) == 8
    before = card["baseline"]
    assert (before["systolic"], before["diastolic"], before["measured_at"]) == (
        122,
        78,
        "2026-05-04T15:00:00Z",
    )


def test_a_second_dose_is_added_and_one_in_error_is_not(cast: Cast, dosed: Session) -> None:
    with clock.fixed(MONDAY + timedelta(minutes=30)):
        booster = people.give(cast, dosed, dose_mg=Decimal(50))
    assert board(cast, minute=31)["sessions"][0]["dose"] == {"mg": "150.000", "route": "sublingual"}
    tag = poll(cast, minute=31).headers["ETag"]
    with clock.fixed(MONDAY + timedelta(minutes=31)):
        path = f"sessions/{dosed.pk}/administrations/{booster.pk}/void/"
        cast.desk("prescriber").must(path, {"reason": "Another client"})
    assert poll(cast, minute=31, tag=tag).status_code == 200
    assert board(cast, minute=31)["sessions"][0]["dose"] == {"mg": "100.000", "route": "sublingual"}


def test_the_end_of_an_infusion_tells_what_went_in(cast: Cast) -> None:
    session, lot = people.weighed(cast, people.IV), people.lot_of(cast)
    drawn = {"supply": "clinic_stock", "drug_lot": lot.pk, "drawn_mg": Decimal(40)}
    given = people.give(cast, session, dose_mg=Decimal(40), **drawn)
    assert board(cast, minute=1)["sessions"][0]["dose"] == {"mg": "40.000", "route": "intravenous"}
    tag = poll(cast, minute=20).headers["ETag"]
    ended = {"ended_at": "2026-05-04T15:20:00Z", "given_mg": "30", "wasted_mg": "10"}
    with clock.fixed(MONDAY + timedelta(minutes=20)):
        path = f"sessions/{session.pk}/administrations/{given.pk}/finish/"
        witness = {"user": str(cast.prescriber.pk), "password": people.PASSWORD}
        cast.desk("np").must(path, ended | {"witness": witness})
    assert poll(cast, minute=20, tag=tag).status_code == 200
    assert board(cast, minute=20)["sessions"][0]["dose"] == {"mg": "30.000", "route": "intravenous"}


def test_before_the_dose_there_is_neither_dose_nor_baseline(cast: Cast) -> None:
    people.ready_dose(cast)
    (card,) = board(cast)["sessions"]
    assert (card["dose"], card["baseline"], card["last_reading"]["systolic"]) == (None, None, 122)


def test_who_is_due_first_stands_first_and_who_waits_for_the_dose_last(cast: Cast, dosed: Session) -> None:
    program = people.cleared_program(cast, who=people.client(cast.north, by=cast.frontdesk, first="Kim"))
    waiting = people.ready_dose(cast, program, starts_at=MONDAY - timedelta(hours=8))
    with clock.fixed(MONDAY + timedelta(minutes=50)):
        program = people.cleared_program(cast, who=people.client(cast.north, by=cast.frontdesk, first="Lou"))
        second = people.ready_dose(cast, program, starts_at=MONDAY - timedelta(hours=4))
        people.give(cast, second)
    for minute in (15, 30, 45, 60):
        read(cast, dosed, minute)
    told = board(cast, minute=61)["sessions"]
    assert [row["id"] for row in told] == [str(second.pk), str(dosed.pk), str(waiting.pk)]
    assert (told[2]["dosed_at"], told[2]["minutes"], told[2]["next_check"]) == (None, None, None)


def test_the_front_desk_sees_where_clients_are_and_nothing_clinical(cast: Cast, dosed: Session) -> None:
    read(cast, dosed, 15, systolic=205)
    cast.desk("frontdesk").must(f"sessions/{dosed.pk}/stage/", {"stage": "in_recovery"})
    answer = poll(cast, "frontdesk", minute=16)
    (card,) = answer.json()["sessions"]
    assert not CLINICAL & set(card)
    assert set(card) == {
        "id",
        "client",
        "client_name",
        "client_initials",
        "room",
        "room_name",
        "status",
        "stage",
    }
    assert card["stage"] == {"stage": "in_recovery", "at": "2026-05-04T15:00:00Z"}
    again = poll(cast, "frontdesk", minute=17, tag=answer.headers["ETag"])
    assert again.status_code == 304
    read(cast, dosed, 20, systolic=205)
    assert poll(cast, "frontdesk", minute=21, tag=answer.headers["ETag"]).status_code == 304


@pytest.mark.parametrize(
    ("who", "status"),
    [
        *((name, 200) for name in ("np", "therapist", "prescriber", "director", "frontdesk")),
        *((name, 403) for name in ("billing", "admin")),
        *((name, 404) for name in ("south_np", "south_frontdesk")),
    ],
)
def test_it_is_for_those_who_watch_and_of_their_own_location(cast: Cast, who: str, status: int) -> None:
    assert poll(cast, who).status_code == status


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"location": ""}, "/location"),
        ({"location": "north"}, "/location"),
        ({"since": "yesterday"}, "/since"),
        ({"since": "AAAA"}, "/since"),
        ({"since": "_" * 300}, "/since"),
        ({"date": "2026-05-04"}, "/date"),
    ],
)
def test_what_can_not_be_asked_is_named(cast: Cast, query: dict[str, str], pointer: str) -> None:
    answer = poll(cast, **query)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


def test_only_sessions_that_run_are_watched(cast: Cast, dosed: Session) -> None:
    people.booked(
        cast,
        people.cleared_program(cast, who=people.client(cast.north, by=cast.frontdesk, first="Kim")),
        "dosing",
        MONDAY + timedelta(hours=6),
    )
    assert [row["id"] for row in board(cast)["sessions"]] == [str(dosed.pk)]


# --- polls ------------------------------------------------------------------------------------------------------------


def test_a_poll_that_finds_nothing_new_is_one_query_and_leaves_no_trace(cast: Cast, dosed: Session) -> None:
    first = poll(cast)
    assert AuditEvent.objects.filter(action="monitoring_board.board").count() == 1
    with CaptureQueriesContext(connection) as queries:
        again = poll(cast, minute=1, tag=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert len(queries) == 2  # the token, and the marks
    assert AuditEvent.objects.filter(action="monitoring_board.board").count() == 1


def test_an_answer_costs_the_same_however_many_are_watched(cast: Cast, dosed: Session) -> None:
    cast.desk("np")
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            told = board(cast)
        counts.append(len(queries))
        for index in range(4):
            start = MONDAY + timedelta(hours=index)
            Session(
                program=dosed.program,
                client=people.client(cast.north, by=cast.frontdesk, first=f"Kim{index}"),
                location=cast.north,
                kind="dosing",
                number=index + 2,
                modality="in_person",
                status="checked_in",
                starts_at=start,
                ends_at=start + timedelta(hours=1),
                staff=dosed.staff,
            ).save_by(cast.np, at=MONDAY)
    assert len(told["sessions"]) == 5
    assert counts == [3, 3]  # token, board, audit
    event = AuditEvent.objects.filter(action="monitoring_board.board").latest("id")
    assert len(event.clients) == 5


CHANGES: dict[str, Callable[[Cast, Session], Any]] = {
    "reading": lambda cast, session: read(cast, session, 2),
    "void": lambda cast, session: cast.desk("np").must(
        f"sessions/{session.pk}/readings/{Reading.objects.get().pk}/void/", {"reason": "Cuff slipped"}
    ),
    "not taken": lambda cast, session: cast.desk("np").must(
        f"sessions/{session.pk}/checks/{Check.objects.get(minute=15).pk}/not-taken/", {"reason": "Asleep"}
    ),
    "trigger": lambda cast, session: cast.desk("therapist").must(
        f"sessions/{session.pk}/alarms/", {"trigger": "chest_pain"}
    ),
    "stage": lambda cast, session: cast.desk("frontdesk").must(
        f"sessions/{session.pk}/stage/", {"stage": "in_recovery"}
    ),
    "booster": people.give,
    "dose voided": lambda cast, session: cast.desk("prescriber").must(
        f"sessions/{session.pk}/administrations/{session.administrations.get().pk}/void/", {"reason": "Wrong"}
    ),
    "name": lambda cast, session: cast.desk("frontdesk").patch(
        f"clients/{session.client_id}/", {"chosen_name": "Rob"}
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_changes_ends_the_304_and_is_told_once(cast: Cast, dosed: Session, what: str) -> None:
    first = poll(cast)
    with clock.fixed(MONDAY + timedelta(minutes=1)):
        CHANGES[what](cast, dosed)
    then = poll(cast, minute=3, tag=first.headers["ETag"])
    assert then.status_code == 200
    told = board(cast, minute=3, since=first.json()["cursor"])
    assert [row["id"] for row in told["sessions"]] == [str(dosed.pk)]
    assert board(cast, minute=4, since=told["cursor"])["sessions"] == []
    assert poll(cast, minute=4, tag=then.headers["ETag"]).status_code == 304


def test_an_acknowledgement_and_an_escalation_are_changes(cast: Cast, dosed: Session) -> None:
    read(cast, dosed, 2, systolic=205)
    alarm = Alarm.objects.get()
    seen = board(cast, minute=3)["cursor"]
    monitoring.carry_up_alarms(at=MONDAY + timedelta(minutes=8))
    told = board(cast, minute=8.1, since=seen)
    assert told["sessions"][0]["alarms"][0]["escalated"] is True
    cast.desk("np").must(f"alarms/{alarm.pk}/acknowledge/", {"action": "Rested"})
    assert board(cast, minute=9, since=told["cursor"])["sessions"][0]["alarms"] == []


@pytest.mark.parametrize(
    ("before", "after", "state", "is_due"),
    [(14.99, 15, "due", True), (20, 20.01, "late", True), (25, 25.01, "missed", True)],
)
def test_time_alone_ends_the_304(
    cast: Cast, dosed: Session, before: float, after: float, state: str, is_due: bool
) -> None:
    first = poll(cast, minute=before)
    tag, cursor = first.headers["ETag"], first.json()["cursor"]
    assert poll(cast, minute=before, tag=tag).status_code == 304
    then = poll(cast, minute=after, tag=tag)
    assert then.status_code == 200
    (card,) = board(cast, minute=after, since=cursor)["sessions"]
    assert (card["next_check"]["state"], card["next_check"]["is_due"]) == (state, is_due)
    assert poll(cast, minute=after, tag=then.headers["ETag"]).status_code == 304


def test_who_left_is_gone_from_the_next_answer(cast: Cast, dosed: Session) -> None:
    first = poll(cast)
    dosed.refresh_from_db()
    dosed.status, dosed.completed_at = "completed", MONDAY
    dosed.save_by(cast.np, at=MONDAY)
    assert poll(cast, tag=first.headers["ETag"]).status_code == 200
    told = board(cast, since=first.json()["cursor"])
    assert (told["sessions"], told["gone"]) == ([], [str(dosed.pk)])


def test_a_tag_of_another_role_or_location_is_no_excuse(cast: Cast, dosed: Session) -> None:
    tag = poll(cast, "frontdesk").headers["ETag"]
    assert poll(cast, "np", tag=tag).status_code == 200
    cast.np.locations = [cast.north.pk, cast.south.pk]
    cast.np.save_by(cast.admin, at=MONDAY)
    tag = poll(cast, "np").headers["ETag"]
    assert poll(cast, "np", tag=tag, location=str(cast.south.pk)).status_code == 200
    for bad in ('"*"', '"zz-1"', "*", '"-"', '"ffffffffffffffffff-1"'):
        assert poll(cast, "np", tag=bad).status_code == 200


def test_the_tag_of_a_colleague_with_the_same_roles_is_no_excuse(cast: Cast, dosed: Session) -> None:
    cast.people["np_2"] = people.staff("np_2", cast.np.roles, cast.north)
    tag = poll(cast).headers["ETag"]
    theirs = poll(cast, "np_2", tag=tag)
    assert (theirs.status_code, len(theirs.json()["sessions"])) == (200, 1)
    event = AuditEvent.objects.filter(action="monitoring_board.board").latest("id")
    assert event.created_by == cast.people["np_2"].pk
    assert poll(cast, "np_2", tag=theirs.headers["ETag"]).status_code == 304
    assert poll(cast, tag=tag).status_code == 304


@pytest.mark.parametrize("who", ["np", "frontdesk"])
def test_a_room_or_somebody_of_another_name_is_news(cast: Cast, dosed: Session, who: str) -> None:
    first = poll(cast, who)
    assert poll(cast, who, tag=first.headers["ETag"]).status_code == 304
    answer = cast.desk("admin").patch(f"rooms/{dosed.room_id}/", {"name": "Isolation"}, match="*")
    assert answer.status_code == 200
    second = poll(cast, who, tag=first.headers["ETag"])
    assert (second.status_code, second.json()["sessions"][0]["room_name"]) == (200, "Isolation")
    since = board(cast, who, since=first.json()["cursor"])["sessions"]
    assert [row["room_name"] for row in since] == ["Isolation"]
    answer = cast.desk("admin").patch(f"staff/{cast.therapist.pk}/", {"name": "Dr. Another"}, match="*")
    assert answer.status_code == 200
    again = poll(cast, who, tag=second.headers["ETag"])
    assert again.status_code == (200 if who == "np" else 304)  # the front desk is shown no staff
