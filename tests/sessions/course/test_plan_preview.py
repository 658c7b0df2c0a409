"""A plan tried out: what each row brings, how it is mended, and that nothing of it stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from kapclinic.practice import services as practice
from kapclinic.trail.models import AuditEvent, IdempotencyRecord
from programs.models import Program
from sessions.booking.models import Session
from tests.cast import MONDAY, Cast, client, opened_program
from tests.journeys import steps
from tests.journeys.steps import moment
from tests.sessions.booking import desk

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Row = dict[str, Any]
NIGHT = MONDAY + 8 * DAY - 6 * HOUR
SHORT = {"planned_doses": 2, "span_days": [3, 20], "min_preparations": 1}


@pytest.fixture
def program(cast: Cast) -> Program:
    return desk.programs_of(cast, 1, **SHORT)[0]


@pytest.fixture
def rows(cast: Cast, program: Program) -> list[Row]:
    """One preparation, and two doses with their integrations."""
    found = cast.desk("frontdesk").get(f"programs/{program.pk}/plan/").json()
    assert (len(found["sessions"]), found["unmet"]) == (5, [])
    return found["sessions"]  # type: ignore[no-any-return]


def _counted() -> dict[str, int]:
    """How many rows each table has, the audit log and its marks aside."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(tables - {AuditEvent._meta.db_table}):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            found[table] = cursor.fetchone()[0]
    return found


def _look(cast: Cast, program: Program, rows: list[Row], by: str = "frontdesk") -> Row:
    asker = cast.desk(by)
    before, book = _counted(), desk.book_of_sessions()
    answer = asker.post(f"programs/{program.pk}/plan/?preview=true", {"sessions": rows})
    assert answer.status_code == 200, answer.content
    assert (_counted(), desk.book_of_sessions()) == (before, book)
    return answer.json()  # type: ignore[no-any-return]


def _book(cast: Cast, program: Program, rows: list[Row]) -> Any:
    return cast.desk("frontdesk").post(f"programs/{program.pk}/plan/", {"sessions": rows})


def _row(rows: list[Row], kind: str, number: int = 1) -> Row:
    return next(row for row in rows if (row["kind"], row["number"]) == (kind, number))


def _at(row: Row, start: datetime) -> Row:
    length = datetime.fromisoformat(row["ends_at"]) - datetime.fromisoformat(row["starts_at"])
    return row | {"starts_at": moment(start), "ends_at": moment(start + length)}


def _broken(row: Row) -> list[Row]:
    return [effect for effect in row["effects"] if effect["severity"] == "breaks"]


def _codes(row: Row) -> set[str]:
    return {effect["code"] for effect in _broken(row)}


def _mend(row: Row) -> Row:
    (remedy,) = {str(effect["remedy"]): effect["remedy"] for effect in _broken(row)}.values()
    assert remedy["session"] is None
    kept = {name: row[name] for name in ("kind", "number", "modality")}
    return kept | {name: remedy[name] for name in ("starts_at", "ends_at", "room", "staff")}


def test_a_proposal_comes_back_row_by_row_and_breaks_nothing(
    cast: Cast, program: Program, rows: list[Row]
) -> None:
    shown = _look(cast, program, rows)
    assert (shown["possible"], shown["refusal"]) == (True, None)
    assert [
        {key: row[key] for key in sent} for row, sent in zip(shown["sessions"], rows, strict=True)
    ] == rows
    assert [_broken(row) for row in shown["sessions"]] == [[]] * 5
    dose = _row(shown["sessions"], "dosing")
    assert {effect["code"]: effect["severity"] for effect in dose["effects"]} == {
        "clearance": "warns",
        "consent": "warns",
    }
    for effect in dose["effects"]:
        assert set(effect) == {"code", "severity", "detail", "session", "remedy"}


def test_the_rows_keep_the_order_in_which_they_were_sent(
    cast: Cast, program: Program, rows: list[Row]
) -> None:
    shown = _look(cast, program, rows[::-1])["sessions"]
    assert [row["starts_at"] for row in shown] == [row["starts_at"] for row in rows[::-1]]


def test_a_row_that_clashes_says_with_what_and_where_it_could_go(
    cast: Cast, program: Program, rows: list[Row]
) -> None:
    who = client(cast.north, by=cast.frontdesk, first="Other")
    other = {"id": str(opened_program(cast, who=who, protocol=program.protocol).pk)}
    dose = _row(rows, "dosing", 2)
    start = datetime.fromisoformat(dose["starts_at"])
    busy = steps.book(cast, other, "preparation", start, room=dose["room"])
    shown = _look(cast, program, rows)
    assert (shown["possible"], shown["refusal"]["code"]) == (False, "resource_conflict")
    assert {row["session"] for row in shown["refusal"]["conflicts"]} == {busy["id"]}
    at = rows.index(dose)
    (effect,) = _broken(shown["sessions"][at])
    assert (effect["code"], effect["session"]) == ("resource_conflict", busy["id"])
    assert [_broken(row) for n, row in enumerate(shown["sessions"]) if n != at] == [[]] * 4
    refused = _book(cast, program, rows)
    assert (refused.status_code, refused.json()["code"]) == (409, shown["refusal"]["code"])
    mended = [*rows[:at], _mend(shown["sessions"][at]), *rows[at + 1 :]]
    assert mended[at]["starts_at"] == moment(start + HOUR)
    again = _look(cast, program, mended)  # its integration now begins an hour before the window
    assert (again["possible"], _codes(again["sessions"][at + 1])) == (False, {"outside_window"})
    mended[at + 1] = _mend(again["sessions"][at + 1])
    assert mended[at + 1]["starts_at"] == moment(start + 28 * HOUR)
    last = _look(cast, program, mended)
    assert (last["possible"], [_broken(row) for row in last["sessions"]]) == (True, [[]] * 5)
    assert _book(cast, program, mended).status_code == 201


def test_a_dose_stays_near_the_integration_that_was_asked_for_it_where_it_can(
    cast: Cast, program: Program, rows: list[Row]
) -> None:
    who = client(cast.north, by=cast.frontdesk, first="Other")
    other = {"id": str(opened_program(cast, who=who, protocol=program.protocol).pk)}
    dose, integration = _row(rows, "dosing", 2), _row(rows, "integration", 2)
    start = datetime.fromisoformat(dose["starts_at"])
    later = _at(integration, start + 30 * HOUR)
    asked = [later if row == integration else row for row in rows]
    steps.book(cast, other, "preparation", start, room=dose["room"])
    shown = _look(cast, program, asked)
    asked[rows.index(dose)] = _mend(shown["sessions"][rows.index(dose)])
    last = _look(cast, program, asked)
    assert (last["possible"], [_broken(row) for row in last["sessions"]]) == (True, [[]] * 5)


def test_an_integration_outside_its_window_is_sent_back_into_it(
    cast: Cast, program: Program, rows: list[Row]
) -> None:
    late = _row(rows, "integration", 2)
    at = rows.index(late)
    moved = _at(late, datetime.fromisoformat(late["starts_at"]) + 4 * DAY)
    asked = [*rows[:at], moved, *rows[at + 1 :]]
    shown = _look(cast, program, asked)
    assert (shown["possible"], shown["refusal"]["code"]) == (False, "invalid")
    assert "outside_window" in _codes(shown["sessions"][at])
    assert _book(cast, program, asked).status_code == 400
    mended = [*rows[:at], _mend(shown["sessions"][at]), *rows[at + 1 :]]
    assert _look(cast, program, mended)["possible"] is True


def test_an_integration_is_judged_by_its_dose_also_when_that_one_can_not_be_booked(
    cast: Cast, program: Program, rows: list[Row]
) -> None:
    dose = _row(rows, "dosing", 2)
    practice.write_time_off(
        user=cast.np,
        starts_at=datetime.fromisoformat(dose["starts_at"]),
        ends_at=datetime.fromisoformat(dose["ends_at"]),
        reason="",
        by=cast.admin,
        at=MONDAY,
    )
    shown = _look(cast, program, rows)["sessions"]
    assert _codes(_row(shown, "dosing", 2)) == {"outside_hours"}
    assert _codes(_row(shown, "integration", 2)) == set()


def test_doses_too_near_are_told_once_with_the_later_one(
    cast: Cast, program: Program, rows: list[Row]
) -> None:
    first, second = _row(rows, "dosing", 1), _row(rows, "dosing", 2)
    near = _at(second, datetime.fromisoformat(first["starts_at"]) + 2 * DAY)
    asked = [_row(rows, "preparation"), first, near]
    shown = _look(cast, program, asked)
    assert shown["possible"] is True  # a plan that is asked for so is booked so, with its warnings
    one, two = shown["sessions"][1:]
    assert (_codes(one), _codes(two)) == (set(), {"minimum_gap"})
    mended = [asked[0], first, _mend(two)]
    assert [_broken(row) for row in _look(cast, program, mended)["sessions"]] == [[]] * 3


def test_what_is_in_the_book_already_is_named_with_its_remedy(cast: Cast, program: Program) -> None:
    booked = steps.book(cast, {"id": str(program.pk)}, "dosing", MONDAY + 11 * DAY)
    row = {key: booked[key] for key in ("kind", "modality", "room", "staff", "starts_at", "ends_at")}
    near = _at(row, MONDAY + 9 * DAY) | {"number": 2}
    (shown,) = _look(cast, program, [near])["sessions"]
    (effect,) = [one for one in _broken(shown) if one["code"] == "minimum_gap"]
    assert effect["session"] == effect["remedy"]["session"] == booked["id"]
    assert effect["remedy"]["starts_at"] == moment(MONDAY + 12 * DAY)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"room": None}, "required"),
        ({"staff": []}, "required"),
        ({"room": "01900000-0000-7000-8000-00000000dead"}, "not_found"),
        ({"starts_at": moment(NIGHT), "ends_at": moment(NIGHT + 3 * HOUR)}, "outside_hours"),
        ({"modality": "video", "room": None}, "in_person_only"),
        ({"starts_at": moment(NIGHT + 3 * HOUR), "ends_at": moment(NIGHT)}, "reversed"),
        ({"starts_at": moment(NIGHT), "ends_at": moment(NIGHT + 13 * HOUR)}, "too_long"),
        ({"starts_at": moment(MONDAY - DAY), "ends_at": moment(MONDAY - DAY + 3 * HOUR)}, "required"),
    ],
)
def test_a_row_that_can_not_be_says_why(
    cast: Cast, program: Program, rows: list[Row], more: Row, code: str
) -> None:
    asked = [_row(rows, "preparation"), _row(rows, "dosing") | more]
    shown = _look(cast, program, asked)
    assert shown["possible"] is False
    assert shown["refusal"]["code"] == _book(cast, program, asked).json()["code"]
    assert code in _codes(shown["sessions"][1])


def test_an_integration_of_no_dose_has_no_remedy(cast: Cast, program: Program, rows: list[Row]) -> None:
    (shown,) = _look(cast, program, [_row(rows, "integration")])["sessions"]
    (effect,) = _broken(shown)
    assert (effect["code"], effect["remedy"]) == ("no_dose", None)


def test_a_course_on_hold_is_not_planned(cast: Cast, program: Program, rows: list[Row]) -> None:
    cast.desk("therapist").must(f"programs/{program.pk}/hold/", {"reason": "Away"})
    shown = _look(cast, program, rows)
    assert (shown["possible"], shown["refusal"]["code"]) == (False, "illegal_transition")
    assert _book(cast, program, rows).json()["code"] == "illegal_transition"


def test_a_look_keeps_no_key_and_leaves_a_line_in_the_log(
    cast: Cast, program: Program, rows: list[Row]
) -> None:
    path = f"programs/{program.pk}/plan/"
    looked = cast.desk("frontdesk").post(f"{path}?preview=true", {"sessions": rows}, key="k")
    assert looked.status_code == 200
    assert not IdempotencyRecord.objects.exists()
    event = AuditEvent.objects.filter(action="program.book_plan").get()
    assert (event.detail, event.clients) == ({"preview": True}, [program.client_id])
    booked = cast.desk("frontdesk").post(path, {"sessions": rows}, key="k")
    assert (booked.status_code, Session.objects.count()) == (201, 5)


@pytest.mark.parametrize(("query", "code"), [("preview=perhaps", "invalid"), ("days=0", "unknown_parameter")])
def test_a_misspelt_preview_books_nothing(
    cast: Cast, program: Program, rows: list[Row], query: str, code: str
) -> None:
    answer = cast.desk("frontdesk").post(f"programs/{program.pk}/plan/?{query}", {"sessions": rows})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)
    assert not Session.objects.exists()


@pytest.mark.parametrize("name", ["np", "therapist", "prescriber", "director"])
def test_whoever_books_may_look(cast: Cast, program: Program, rows: list[Row], name: str) -> None:
    assert _look(cast, program, rows, by=name)["possible"] is True


@pytest.mark.parametrize(("name", "status"), [("billing", 403), ("admin", 403), ("south_frontdesk", 404)])
def test_nobody_else_does(cast: Cast, program: Program, rows: list[Row], name: str, status: int) -> None:
    path = f"programs/{program.pk}/plan/?preview=true"
    assert cast.desk(name).post(path, {"sessions": rows}).status_code == status
    assert cast.desk("frontdesk").post(path, {"sessions": []}).status_code == 400
