"""The day board: who is where, since when, in a constant number of queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import CharField, Value
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM, WorkingHours
from kapclinic.practice.rules import BOOKERS
from kapclinic.trail.models import AuditEvent
from sessions.boards.selectors import day
from sessions.boards.sql import day_mark
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import MONDAY, Cast, client, opened_program
from tests.journeys import steps
from tests.sessions.dosing.test_marks import TABLE


def _board(cast: Cast, who: str = "frontdesk", **more: Any) -> dict[str, Any]:
    answer = cast.desk(who).get("day-board/", location=str(cast.north.pk), **more)
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def _column(cast: Cast, session: dict[str, Any]) -> tuple[str, str | None]:
    card = next(card for card in _board(cast)["sessions"] if card["id"] == session["id"])
    return card["column"], card["since"]


def test_a_client_goes_across_the_board(cast: Cast) -> None:
    program = {"id": str(opened_program(cast).pk)}
    session = steps.book(cast, program, "preparation", MONDAY + timedelta(hours=1))
    path = f"sessions/{session['id']}"
    assert _column(cast, session) == ("booked", None)
    moves = [
        (f"{path}/check-in/", {}, "arrived"),
        (f"{path}/stage/", {"stage": "roomed"}, "roomed"),
        (f"{path}/stage/", {"stage": "in_session"}, "in_session"),
        (f"{path}/stage/", {"stage": "in_recovery"}, "recovery"),
        (f"{path}/stage/", {"stage": "ready"}, "ready"),
        (f"{path}/stage/", {"stage": "checked_out"}, "done"),
    ]
    for minute, (address, body, column) in enumerate(moves):
        with clock.fixed(MONDAY + timedelta(minutes=60 + minute)):
            cast.desk("np").must(address, body)
            assert _column(cast, session) == (column, steps.moment(clock.now()))
    last = _board(cast)["sessions"][0]["stage"]
    assert (last["stage"], last["by"]) == ("checked_out", str(cast.np.pk))


@pytest.mark.parametrize(("hours", "column"), [(23, "late_cancel"), (25, "cancelled")])
def test_a_late_cancellation_stands_apart(cast: Cast, hours: int, column: str) -> None:
    program = {"id": str(opened_program(cast).pk)}
    session = steps.book(cast, program, "preparation", MONDAY + timedelta(days=1, hours=4))
    with clock.fixed(MONDAY + timedelta(days=1, hours=4) - timedelta(hours=hours)):
        cast.desk("frontdesk").must(f"sessions/{session['id']}/cancel/", {"reason": "Ill"})
    board = _board(cast, date="2026-05-05")
    assert board["sessions"][0]["column"] == column
    assert board["counts"] == {column: 1}


def test_the_day_is_the_locations_own(cast: Cast) -> None:
    program = {"id": str(opened_program(cast).pk)}
    late = MONDAY.replace(hour=1) + timedelta(days=1)  # Monday 19:00 in Denver, Tuesday in UTC
    steps.book(cast, program, "preparation", late)
    assert len(_board(cast, date="2026-05-04")["sessions"]) == 1
    assert len(_board(cast, date="2026-05-05")["sessions"]) == 0


def test_a_session_across_midnight_is_on_both_days(cast: Cast) -> None:
    program = {"id": str(opened_program(cast).pk)}
    night = MONDAY.replace(hour=5) + timedelta(days=1)  # Monday 23:00 in Denver
    late = {"override_reason": "Open house", "ends_at": steps.moment(night + timedelta(hours=3))}
    steps.book(cast, program, "preparation", night, **late)
    assert len(_board(cast, date="2026-05-04")["sessions"]) == 1
    assert len(_board(cast, date="2026-05-05")["sessions"]) == 1


def _fill(cast: Cast, count: int) -> None:
    program = opened_program(cast, who=client(cast.north, by=cast.frontdesk, first=f"Busy {count}"))
    for n in range(count):
        start = MONDAY + timedelta(minutes=10 * n)
        Session(
            program=program,
            client=program.client,
            location=cast.north,
            kind="preparation",
            number=n + 1,
            modality="in_person",
            room=cast.aspen,
            starts_at=start,
            ends_at=start + timedelta(minutes=10),
            staff=[{"user": str(cast.therapist.pk), "role": "therapist"}],
        ).save_by(SYSTEM, at=MONDAY)


def test_the_number_of_queries_does_not_grow(cast: Cast) -> None:
    counts = []
    for more in (1, 59):
        _fill(cast, more)
        cast.desk("frontdesk")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            board = _board(cast)
        counts.append(len(queries))
    assert len(board["sessions"]) == 60
    assert counts[0] == counts[1] == 3  # token, board, and the audit row


def test_front_desk_sees_no_clinical_field_and_others_see_nothing(cast: Cast) -> None:
    _fill(cast, 1)
    card = _board(cast)["sessions"][0]
    assert (card["weight_kg"], card["fasting_since"], card["attestations"]) == (None, None, {})
    assert cast.desk("south_frontdesk").get("day-board/", location=str(cast.north.pk)).status_code == 404
    assert cast.desk("billing").get("day-board/", location=str(cast.north.pk)).status_code == 403
    assert cast.desk("frontdesk").get("day-board/").status_code == 400


def _poll(cast: Cast, tag: str, who: str = "frontdesk", **query: str) -> Any:
    asked = {"location": str(cast.north.pk)} | query
    return cast.desk(who).client.get("/api/v1/day-board/", asked, HTTP_IF_NONE_MATCH=tag)


def test_a_poll_that_finds_nothing_new_is_one_query_and_leaves_no_trace(cast: Cast) -> None:
    _fill(cast, 3)
    first = _poll(cast, "")
    told = AuditEvent.objects.filter(action="day_board.board").count()
    with CaptureQueriesContext(connection) as queries:
        again = _poll(cast, first.headers["ETag"])
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert len(queries) == 2  # the token, and the board
    assert AuditEvent.objects.filter(action="day_board.board").count() == told == 1
    assert _poll(cast, first.headers["ETag"], "np").status_code == 200
    assert _poll(cast, first.headers["ETag"], date="2026-05-05").status_code == 200
    with clock.fixed(MONDAY + timedelta(days=1)):  # another day is today
        assert _poll(cast, first.headers["ETag"]).status_code == 200


def test_the_tag_of_a_colleague_with_the_same_roles_is_no_excuse(cast: Cast) -> None:
    _fill(cast, 1)
    cast.people["frontdesk_2"] = people.staff("frontdesk_2", cast.frontdesk.roles, cast.north)
    tag = _poll(cast, "").headers["ETag"]
    theirs = _poll(cast, tag, "frontdesk_2")
    assert (theirs.status_code, len(theirs.json()["sessions"])) == (200, 1)
    event = AuditEvent.objects.filter(action="day_board.board").latest("id")
    assert event.created_by == cast.people["frontdesk_2"].pk
    assert _poll(cast, theirs.headers["ETag"], "frontdesk_2").status_code == 304
    assert _poll(cast, tag).status_code == 304


def test_whatever_the_board_shows_ends_the_304(cast: Cast) -> None:
    _fill(cast, 2)
    session = Session.objects.earliest("starts_at")

    def edit(row: Any, **values: Any) -> None:
        fresh = type(row).objects.get(pk=row.pk)
        for name, value in values.items():
            setattr(fresh, name, value)
        fresh.save_by(SYSTEM, at=MONDAY)

    def written(statement: str, *values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    address = f"sessions/{session.pk}"
    changes: tuple[Any, ...] = (
        lambda: cast.desk("frontdesk").must(f"{address}/check-in/", {}),
        lambda: cast.desk("frontdesk").must(f"{address}/stage/", {"stage": "roomed"}),
        lambda: cast.desk("frontdesk").must(
            f"{address}/undo/", {"move": "check_in", "reason": "Another client"}
        ),
        lambda: edit(session.client, chosen_name="Another"),
        lambda: edit(cast.aspen, name="Another", turnover_min=7),
        lambda: edit(cast.birch, is_active=False),
        lambda: edit(cast.north, late_cancel_hours=3),
        lambda: edit(cast.therapist, name="Dr. Another"),
        lambda: edit(
            WorkingHours.objects.filter(location=cast.north).earliest("created_at"), ended_at=MONDAY
        ),
        lambda: written("UPDATE programs_program SET version = version + 1"),
        lambda: written("UPDATE practice_room SET name = 'By hand' WHERE id = %s", cast.aspen.pk),
        lambda: _fill(cast, 1),
        lambda: cast.desk("therapist").must(f"{address}/cancel/", {"reason": "Feels ill"}),
    )
    for change in changes:
        tag = _poll(cast, "").headers["ETag"]
        assert _poll(cast, tag).status_code == 304
        change()
        assert _poll(cast, tag).status_code == 200
    tag = _poll(cast, "").headers["ETag"]
    edit(WorkingHours.objects.filter(location=cast.north, weekday=1).earliest("created_at"), ended_at=MONDAY)
    assert _poll(cast, tag).status_code == 304  # hours of a Tuesday, and it is Monday


@pytest.mark.parametrize(
    "roles", [{role} for role in BOOKERS] + [BOOKERS], ids=lambda roles: "+".join(sorted(roles))
)
def test_no_table_that_the_board_reads_is_missing_in_its_mark(
    db: None, roles: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day, "_mark", lambda begin, end: Value("", output_field=CharField()))
    statement = day._statement.__wrapped__(frozenset(roles), 2, "today")
    assert statement is not None
    read = set(TABLE.findall(statement.sql))
    assert len(read) >= 15
    assert read - set(TABLE.findall(day_mark.BODY)) == set()


def test_without_a_date_the_board_is_of_today_there(cast: Cast) -> None:
    with clock.fixed(MONDAY.replace(hour=1) + timedelta(days=1)):  # Monday 19:00 in Denver
        assert (
            cast.desk("frontdesk").get("day-board/", location=str(cast.north.pk)).json()["date"]
            == "2026-05-04"
        )
    assert cast.desk("south_frontdesk").get("day-board/", location=str(cast.north.pk)).status_code == 404
