"""reports/…: each figure is what a plain count of the rows comes to, and each row says what it counts as."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from programs.models import Program
from sessions.integration.models import Obligation
from sessions.monitoring.models import Alarm
from sessions.notes.models import Note, OwedNote
from tests.asking import done, events, refused
from tests.cast import MONDAY, Cast, opened_program
from tests.sessions.reports.drawn import (
    DAY,
    FIRST,
    LAST,
    MOUNTAIN,
    Draw,
    hidden,
    hours,
    is_of_period,
    middle,
    share,
)

NOW = MONDAY + 12 * DAY
NAMES = ("integration", "notes", "alarms")
HOUR = timedelta(hours=1)


@pytest.fixture
def program(cast: Cast) -> Program:
    return opened_program(cast)


def report(cast: Cast, name: str, who: str = "director", **query: Any) -> dict[str, Any]:
    query = {"from": FIRST.isoformat(), "to": LAST.isoformat(), "page_size": 200} | query
    with clock.fixed(NOW):
        return done(cast.desk(who).get(f"reports/{name}/", **query), 200)


def told(group: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in group.items() if key not in names}


# --- integration ----------------------------------------------------------------------------------------------------

STATES = ("due", "booked", "met", "met", "met", "met_late", "missed", "waived", "voided")


def owed_at_random(draw: Draw) -> list[dict[str, Any]]:
    rows = []
    for _ in range(45):
        dosed_at, state = draw.moment(), draw.random.choice(STATES)
        began = dosed_at + timedelta(minutes=draw.random.randrange(20 * 60, 100 * 60))
        taken = None
        if state in {"met", "met_late", "booked"} or (state == "waived" and draw.chance(0.5)):
            came = {} if state == "booked" else {"checked_in_at": began - HOUR / 4, "status": "completed"}
            if came and draw.chance(0.7):
                came["started_at"] = began
            taken = draw.session("integration", began, **came)
            if came and "started_at" not in came:
                began = began - HOUR / 4
        dose = draw.session("dosing", dosed_at, status="completed")
        obligation = Obligation(
            dosing_session=dose,
            program=draw.program,
            client_id=draw.program.client_id,
            dosed_at=dosed_at,
            window_start=dosed_at + 24 * HOUR,
            window_end=dosed_at + 72 * HOUR,
            state=state,
            integration_session=taken,
        ).save_by(draw.cast.admin, at=MONDAY)
        spent = hours(began - dosed_at) if state in {"met", "met_late"} else None
        rows.append({"id": str(obligation.pk), "dosed_at": dosed_at, "state": state, "hours": spent})
    return [row for row in rows if row["state"] != "voided" and is_of_period(row["dosed_at"])]


def integration_by_hand(rows: list[dict[str, Any]]) -> dict[str, Any]:
    states = [row["state"] for row in rows]
    settled = [state for state in states if state not in {"due", "booked"}]
    figures = {
        "on_time": states.count("met"),
        "late": states.count("met_late"),
        "waived": states.count("waived"),
        "missed": states.count("missed"),
        "open": len(states) - len(settled),
        "on_time_percent": share(states.count("met"), len(settled)),
        "median_hours": middle([row["hours"] for row in rows if row["hours"] is not None]),
    }
    return {"doses": len(rows)} | hidden(figures, len(rows))


@pytest.mark.parametrize("seed", [1, 2])
def test_integration_on_time_is_what_a_plain_count_comes_to(cast: Cast, program: Program, seed: int) -> None:
    expected = owed_at_random(Draw(cast, program, seed))
    found = report(cast, "integration")
    assert {row["obligation"]: (row["state"], row["hours"]) for row in found["rows"]} == {
        row["id"]: (row["state"], row["hours"]) for row in expected
    }
    assert found["count"] == len(expected)
    assert found["totals"] == integration_by_hand(expected)
    weeks: dict[str, list[dict[str, Any]]] = {}
    for row in expected:
        day = (row["dosed_at"] + MOUNTAIN).date()
        weeks.setdefault((day - DAY * day.weekday()).isoformat(), []).append(row)
    assert {group["week"]: told(group, "week") for group in found["groups"]} == {
        week: integration_by_hand(rows) for week, rows in weeks.items()
    }


# --- notes ------------------------------------------------------------------------------------------------------------


def due_by_hand(rows: list[dict[str, Any]]) -> dict[str, Any]:
    finished = [row for row in rows if row["done_at"] is not None]
    waiting = [row for row in rows if row["done_at"] is None]
    good = sum(row["done_at"] <= row["due_at"] for row in finished)
    late = sum(row["due_at"] < NOW for row in waiting)
    return hidden(
        {
            "done": len(finished),
            "open": len(waiting),
            "in_time": good,
            "in_time_percent": share(good, len(finished) + late),
            "median_hours": middle([hours(row["done_at"] - row["since"]) for row in finished]),
            "oldest_open_hours": max([hours(NOW - row["since"]) for row in waiting], default=None),
        },
        len(rows),
    )


def signed(status: str, at: datetime, who: Any) -> dict[str, Any]:
    if status not in {"signed", "cosign_pending"}:
        return {}
    return {"signed_at": at, "signed_by": who, "signature": "x", "content_hash": "x", "signed_as": {}}


def notes_at_random(draw: Draw) -> list[dict[str, Any]]:
    rows = []
    for _ in range(40):
        over, who = draw.moment(), draw.random.choice(["therapist", "therapist", "other_therapist", "np"])
        went = draw.random.choice(["completed"] * 5 + ["no_show"])
        kind = "dosing" if who == "np" else "integration"
        times = {"completed_at": over} if went == "completed" else {}
        session = draw.session(kind, over - HOUR, who=[who], status=went, **times)
        person = draw.cast.people[who]
        status = draw.random.choice(
            ["signed", "signed", "signed", "cosign_pending", "draft", "discarded", "unwritten"]
        )
        owes = (
            OwedNote(session=session, clinician=person).insert_by(person, at=MONDAY)
            if draw.chance(0.8)
            else None
        )
        at = over + timedelta(minutes=draw.random.randrange(-30, 120 * 60))
        note = None
        if status != "unwritten":
            words = {"session": session, "kind": kind, "frame": "free", "status": status, "author": person}
            note = Note(**words, **signed(status, at, person)).save_by(person, at=MONDAY)
        covered = status == "unwritten" and draw.chance(0.3)
        if covered:
            other = draw.cast.prescriber
            words = {
                "session": session,
                "kind": "medical",
                "frame": "free",
                "status": "signed",
                "author": other,
            }
            more = {"covering_reason": "ill", **signed("signed", at, other)}
            Note(**words, **more).save_by(other, at=MONDAY)
        if went == "completed" and is_of_period(over):
            since = {"since": over, "due_at": over + 72 * HOUR}
            is_signed = status in {"signed", "cosign_pending"}
            if status == "draft" or is_signed:
                rows.append(since | {"note": str(note.pk), "who": who, "done_at": at if is_signed else None})
            elif owes is not None and not covered:
                rows.append(since | {"note": None, "who": who, "done_at": None})
            if covered:
                last = Note.objects.get(session=session, author=draw.cast.prescriber)
                rows.append(since | {"note": str(last.pk), "who": "prescriber", "done_at": at})
    return rows


@pytest.mark.parametrize("seed", [3, 4])
def test_the_age_of_notes_is_what_a_plain_count_comes_to(cast: Cast, program: Program, seed: int) -> None:
    expected = notes_at_random(Draw(cast, program, seed))
    found = report(cast, "notes")
    assert sorted((row["note"] or "", row["hours"]) for row in found["rows"]) == sorted(
        (row["note"] or "", hours((row["done_at"] or NOW) - row["since"])) for row in expected
    )
    assert found["totals"] == {"notes": len(expected)} | due_by_hand(expected)
    by_hand = {}
    for who in {row["who"] for row in expected}:
        rows = [row for row in expected if row["who"] == who]
        by_hand[str(cast.people[who].pk)] = {"notes": len(rows)} | due_by_hand(rows)
    groups = {group["clinician"]: told(group, "clinician", "clinician_name") for group in found["groups"]}
    assert groups == by_hand
    assert any(group["median_hours"] is None for group in found["groups"]) or len(groups) > 3


# --- alarms -----------------------------------------------------------------------------------------------------------


def alarms_at_random(draw: Draw) -> list[dict[str, Any]]:
    rows = []
    session = draw.session("dosing", MONDAY, who=["np"], status="completed")
    for _ in range(40):
        since, open_ = draw.moment(), draw.chance(0.2)
        at = since + timedelta(seconds=draw.random.randrange(0, 600))
        trigger = draw.random.choice(["seizure", "airway", "chest_pain"])
        state = (
            {}
            if open_
            else {
                "state": "acknowledged",
                "acknowledged_at": at,
                "acknowledged_by": draw.cast.np,
                "action": "Sat with them",
            }
        )
        values = {
            "session": session,
            "location_id": session.location_id,
            "cause": "red_trigger",
            "trigger": trigger,
        }
        alarm = Alarm(**values, **state).save_by(draw.cast.np, at=since)
        if is_of_period(since):
            done_at = None if open_ else at
            rows.append(
                {
                    "id": str(alarm.pk),
                    "since": since,
                    "due_at": since + timedelta(minutes=5),
                    "done_at": done_at,
                }
            )
    return rows


def test_alarms_acknowledged_in_time_are_what_a_plain_count_comes_to(cast: Cast, program: Program) -> None:
    expected = alarms_at_random(Draw(cast, program, 5))
    found = report(cast, "alarms")
    assert {row["alarm"]: row["hours"] for row in found["rows"]} == {
        row["id"]: hours((row["done_at"] or NOW) - row["since"]) for row in expected
    }
    assert {row["alarm"]: row["in_time"] for row in found["rows"]} == {
        row["id"]: row["done_at"] is not None and row["done_at"] <= row["due_at"] for row in expected
    }
    assert found["totals"] == {"alarms": len(expected)} | due_by_hand(expected)
    assert [told(group, "cause") for group in found["groups"]] == [found["totals"]]


# --- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_the_directors_and_of_their_own_locations(
    cast: Cast, program: Program, name: str
) -> None:
    for who in ("np", "therapist", "prescriber", "frontdesk", "billing", "admin"):
        assert cast.desk(who).get(f"reports/{name}/").status_code == 403
    draw = Draw(cast, program, 6)
    {"integration": owed_at_random, "notes": notes_at_random, "alarms": alarms_at_random}[name](draw)
    found = report(cast, name)
    assert report(cast, name, location=cast.north.pk)["rows"] == found["rows"] != []
    elsewhere = report(cast, name, location=cast.south.pk)
    assert (elsewhere["count"], elsewhere["rows"], elsewhere["groups"]) == (0, [], [])
    assert (found["from"], found["to"], found["location"]) == ("2026-05-04", "2026-05-13", None)
    first, second = (report(cast, name, page=page, page_size=3) for page in (1, 2))
    assert first["rows"] + second["rows"] == found["rows"][:6]
    assert first["totals"] == found["totals"]
    assert events(f"{name}_report.report")[-1] == (cast.director.pk, "ok", [program.client_id])


@pytest.mark.parametrize("name", NAMES)
def test_a_report_costs_the_same_however_much_it_tells(
    cast: Cast, program: Program, name: str, django_assert_max_num_queries: Any
) -> None:
    draw = Draw(cast, program, 7)
    if name == "alarms":
        alarms_at_random(draw)
    elif name == "notes":
        notes_at_random(draw)
    else:
        owed_at_random(draw)
    report(cast, name)  # signs in
    with django_assert_max_num_queries(4):  # who asks, rows (of notes two kinds), the event of the log
        assert report(cast, name)["count"] > 5


def test_a_period_is_eight_weeks_to_today_unless_said(cast: Cast) -> None:
    with clock.fixed(NOW):
        told = done(cast.desk("director").get("reports/alarms/"), 200)
        assert (told["from"], told["to"]) == ("2026-03-22", "2026-05-16")
        assert told["totals"]["in_time_percent"] is None
        desk = cast.desk("director")
        wrong = desk.get("reports/notes/", **{"from": "2026-05-02", "to": "2026-05-01"})
        refused(wrong, 400, "reversed", "/to")
        refused(desk.get("reports/notes/", **{"from": "2024-05-02"}), 400, "too_long", "/from")
        assert desk.get("reports/notes/", **{"from": "yesterday"}).status_code == 400
        assert desk.get("reports/notes/", clinician="x").status_code == 400
