"""What the day board says beside its cards: what holds a dose back, how far a course is, who works, when it is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM, ClientAlias
from kapclinic.trail.models import AuditEvent
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import MONDAY, Cast, client, opened_program
from tests.journeys import steps
from tests.sessions.dosing.test_readiness import BLOCKED

TEAM = {"code": "clinical_hold", "label": "The clinical team is ready"}
RIDE = {"code": "escort", "label": "Somebody takes the client home"}


def _poll(cast: Cast, tag: str = "", who: str = "frontdesk") -> Any:
    asked = {"location": str(cast.north.pk)}
    return cast.desk(who).client.get("/api/v1/day-board/", asked, HTTP_IF_NONE_MATCH=tag)


def _board(cast: Cast, who: str = "frontdesk", **query: str) -> dict[str, Any]:
    answer = cast.desk(who).get("day-board/", location=str(cast.north.pk), **query)
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def _card(cast: Cast, session: Session, who: str = "frontdesk") -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in _board(cast, who)["sessions"] if row["id"] == str(session.pk))
    return found


@pytest.mark.parametrize(
    "scene", [scene for _, scene in BLOCKED], ids=[scene.__name__ for _, scene in BLOCKED]
)
def test_the_board_says_what_readiness_says_to_the_desk(cast: Cast, scene: Callable[[Cast], Session]) -> None:
    session = scene(cast)
    gates = cast.desk("frontdesk").get(f"sessions/{session.pk}/readiness/").json()["gates"]
    held = [{"code": gate["code"], "label": gate["label"]} for gate in gates if gate["state"] == "open"]
    assert _card(cast, session)["blockers"] == held != []
    assert _card(cast, session, "np")["blockers"] == held  # the same words for everybody


def test_a_blocker_names_nothing_clinical(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("order", "vitals", "escort"))
    assert _card(cast, session)["blockers"] == [RIDE, TEAM]


def test_nothing_holds_back_a_dose_that_is_ready_or_given_or_no_dose(cast: Cast) -> None:
    session = people.ready_dose(cast)
    assert _card(cast, session)["blockers"] == []
    people.give(cast, session)
    session.refresh_from_db()
    with clock.fixed(MONDAY + timedelta(minutes=50)):
        assert _card(cast, session)["blockers"] == []
    program = {"id": str(opened_program(cast).pk)}
    prep = steps.book(cast, program, "preparation", MONDAY + timedelta(hours=5))
    assert next(row for row in _board(cast)["sessions"] if row["id"] == prep["id"])["blockers"] == []


def test_a_gate_that_opens_by_time_alone_ends_the_304(cast: Cast) -> None:
    session = people.ready_dose(cast)
    first = _poll(cast)
    assert first.json()["sessions"][0]["blockers"] == []
    with clock.fixed(MONDAY + timedelta(seconds=15)):
        again = _poll(cast, first.headers["ETag"])
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
    with clock.fixed(MONDAY + timedelta(minutes=61)):  # the reading is older than the protocol allows
        later = _poll(cast, first.headers["ETag"])
        assert later.status_code == 200
        assert later.json()["sessions"][0]["blockers"] == [TEAM]
    assert session.version


def test_a_gate_that_somebody_clears_elsewhere_ends_the_304(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("equipment", "vitals", "order"))
    other = people.cleared_program(cast, who=client(cast.north, by=cast.frontdesk, first="Other"))
    acts: tuple[Callable[[], Any], ...] = (
        lambda: people.attest(cast, session, "equipment"),
        lambda: steps.order(cast, {"id": str(session.pk), "ends_at": steps.moment(session.ends_at)}),
        lambda: steps.read(cast, {"id": str(session.pk)}, MONDAY),
    )
    for act in acts:
        tag = _poll(cast).headers["ETag"]
        assert _poll(cast, tag).status_code == 304
        act()
        assert _poll(cast, tag).status_code == 200
    tag = _poll(cast).headers["ETag"]
    people.cssrs(cast, other)  # of somebody who has no session today
    assert _poll(cast, tag).status_code == 304
    people.cssrs(cast, session.program, 1, 2, 3, 4)
    assert _poll(cast, tag).status_code == 200
    assert _card(cast, session)["blockers"] == [TEAM]
    ClientAlias(client=other.client, into=session.client, reason="One person").save_by(cast.admin, at=MONDAY)
    joined = _poll(cast, tag).headers["ETag"]
    assert joined != tag
    assert _poll(cast, joined).status_code == 304
    people.cssrs(cast, other)  # it is theirs now
    assert _poll(cast, joined).status_code == 200


def test_a_colleague_may_not_use_the_tag_longer(cast: Cast) -> None:
    """A tag that somebody made up, or whose end cannot be read, is none."""
    people.ready_dose(cast)
    tag = _poll(cast).headers["ETag"].strip('"')
    for forged in (tag.partition(".")[0] + ".zz", tag.partition(".")[0] + ".fffffffffffffffffff", tag + "-1"):
        assert _poll(cast, f'"{forged}"').status_code == 200


def _fill(cast: Cast, count: int) -> None:
    for n in range(count):
        program = opened_program(cast, who=client(cast.north, by=cast.frontdesk, first=f"Busy {count} {n}"))
        start = MONDAY + timedelta(minutes=10 * n)
        Session(
            program=program,
            client=program.client,
            location=cast.north,
            kind="dosing",
            number=1,
            modality="video" if n % 2 else "in_person",
            client_location={"state": "CO"} if n % 2 else None,
            room=None if n % 2 else cast.aspen,
            starts_at=start,
            ends_at=start + timedelta(minutes=10),
            staff=[{"user": str(cast.therapist.pk), "role": "therapist"}],
        ).save_by(SYSTEM, at=MONDAY)


def test_the_gates_of_all_rows_cost_one_query(cast: Cast) -> None:
    counts = []
    for more in (1, 49):
        _fill(cast, more)
        cast.desk("frontdesk")
        with CaptureQueriesContext(connection) as queries:
            board = _board(cast)
        counts.append(len(queries))
    assert len([row for row in board["sessions"] if row["blockers"]]) == 50
    assert counts == [4, 4]  # token, board, gates, and the audit row
    tag = _poll(cast).headers["ETag"]
    told = AuditEvent.objects.filter(action="day_board.board").count()
    with CaptureQueriesContext(connection) as queries:
        assert _poll(cast, tag).status_code == 304
    assert len(queries) == 2
    assert AuditEvent.objects.filter(action="day_board.board").count() == told


def test_the_progress_is_the_programs_own(cast: Cast) -> None:
    done = people.completed_dose(cast)
    program = cast.desk("frontdesk").get(f"programs/{done.program_id}/").json()
    assert _card(cast, done)["progress"] == program["progress"]
    assert program["progress"]["dosing"]["done"] == 1
    assert program["progress"]["integration"]["open"] == 1


def test_the_staff_of_the_day_with_hours_and_time_off(cast: Cast) -> None:
    away = {"starts_at": steps.moment(MONDAY), "ends_at": steps.moment(MONDAY + timedelta(hours=2))}
    cast.desk("admin").must(f"staff/{cast.therapist.pk}/time-off/", away | {"reason": "Dentist"})
    gone = cast.desk("admin").must(f"staff/{cast.np.pk}/time-off/", away)
    cast.desk("admin").must(
        f"staff/{cast.np.pk}/time-off/{gone['id']}/cancel/", {"reason": "Comes after all"}
    )
    board = _board(cast)
    staff = {row["name"]: row for row in board["staff"]}
    assert staff[cast.therapist.name] == {
        "id": str(cast.therapist.pk),
        "name": cast.therapist.name,
        "roles": ["therapist"],
        "capacity": 1,
        "hours": [{"from": "08:00", "to": "20:00"}],
        "off": [away],
    }
    assert (staff[cast.np.name]["capacity"], staff[cast.np.name]["off"]) == (3, [])
    assert cast.people["south_np"].name not in staff
    assert b"Dentist" not in _poll(cast).content
    assert {row["name"]: row for row in _board(cast, date="2026-05-05")["staff"]}[cast.therapist.name][
        "off"
    ] == []


def test_who_left_or_works_on_other_days_is_not_of_the_day(cast: Cast) -> None:
    weekdays = [{"weekday": 1, "from": "08:00", "to": "24:00", "location": str(cast.north.pk)}]
    cast.desk("admin").put(f"staff/{cast.other_therapist.pk}/working-hours/", weekdays)
    monday, tuesday = (_board(cast, date=day)["staff"] for day in ("2026-05-04", "2026-05-05"))
    assert cast.other_therapist.name not in {row["name"] for row in monday}
    hours = {row["name"]: row["hours"] for row in tuesday}
    assert hours[cast.other_therapist.name] == [{"from": "08:00", "to": "24:00"}]
    cast.desk("admin").patch(f"staff/{cast.other_therapist.pk}/", {"is_active": False})
    tuesday = _board(cast, date="2026-05-05")["staff"]
    assert cast.other_therapist.name not in {row["name"] for row in tuesday}


def test_the_board_says_when_the_location_is_open(cast: Cast) -> None:
    assert _board(cast)["opening"] == {"from": "08:00", "to": "20:00"}
    hours = [
        {"weekday": 0, "from": "13:00", "to": "24:00"},
        {"weekday": 0, "from": "07:00", "to": "12:00"},
        {"weekday": 2, "from": "08:00", "to": "12:00"},
    ]
    tag = _poll(cast).headers["ETag"]
    closed = {"opening_hours": hours, "closed_dates": ["2026-05-06"]}
    assert cast.desk("admin").patch(f"locations/{cast.north.pk}/", closed).status_code == 200
    assert _poll(cast, tag).status_code == 200
    days = ("2026-05-04", "2026-05-05", "2026-05-06", "2026-05-13")
    assert [_board(cast, date=day)["opening"] for day in days] == [
        {"from": "07:00", "to": "24:00"},
        None,
        None,
        {"from": "08:00", "to": "12:00"},
    ]
