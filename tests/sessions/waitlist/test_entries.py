"""Who waits for what: over the API, and what the database refuses by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from programs import services as programs
from programs.models import Program
from sessions.waitlist.models import WaitlistEntry
from sessions.waitlist.services import sweep_waitlist
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.booking import desk
from tests.sessions.booking.desk import codes
from tests.sessions.waitlist.waiting import DAY, cancelled, entry_body, full_slot, tasks, waits


@pytest.fixture
def program(cast: Cast) -> Program:
    return people.opened_program(cast)


def everything() -> list[Any]:
    return list(WaitlistEntry.objects.order_by("pk").values())


def test_the_front_desk_notes_who_waits_for_what_and_when(cast: Cast, program: Program) -> None:
    body = entry_body(
        program,
        "preparation",
        modality="video",
        preferred_days=[0, 2],
        preferred_hours={"from": "09:00", "to": "12:00"},
        auto_fill=True,
    )
    row = cast.desk("frontdesk").must("waitlist/", body, status=201)
    told = {name: row[name] for name in body} | {"window_from": body["window_from"]}
    assert told == body
    assert (row["status"], row["filled_by"], row["allowed_moves"]) == ("waiting", None, ["withdraw"])
    assert (row["client"], row["location"]) == (str(program.client_id), str(cast.north.pk))
    assert (row["client_name"], row["client_mrn"]) == (program.client.display_name, program.client.mrn)
    assert cast.desk("therapist").get(f"waitlist/{row['id']}/").json() == row


def test_what_is_not_said_is_open(cast: Cast, program: Program) -> None:
    row = cast.desk("frontdesk").must("waitlist/", entry_body(program), status=201)
    assert (row["modality"], row["preferred_days"], row["preferred_hours"]) == ("any", [], None)
    assert row["auto_fill"] is False


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"window_to": MONDAY}, ("/window_to", "reversed")),
        ({"window_from": MONDAY - 3 * DAY, "window_to": MONDAY}, ("/window_to", "too_early")),
        ({"window_to": MONDAY + 400 * DAY}, ("/window_to", "too_wide")),
        ({"kind": "massage"}, ("/kind", "invalid_choice")),
        ({"modality": "telepathy"}, ("/modality", "invalid_choice")),
        ({"preferred_days": [7]}, ("/preferred_days/0", "max_value")),
        ({"preferred_hours": {"from": "12:00", "to": "09:00"}}, ("/preferred_hours", "invalid")),
        ({"window_from": "2026-05-04T09:00:00"}, ("/window_from", "offset_required")),
        ({"colour": "blue"}, ("/colour", "unknown_field")),
    ],
)
def test_what_cannot_be_waited_for_is_refused_by_its_name(
    cast: Cast, program: Program, more: dict[str, Any], error: tuple[str, str]
) -> None:
    answer = cast.desk("frontdesk").post("waitlist/", entry_body(program, **more))
    assert answer.status_code == 400
    assert error in codes(answer)
    assert everything() == []


def test_a_course_on_hold_waits_for_nothing(cast: Cast, program: Program) -> None:
    programs.move_program(
        program_id=program.pk, move="hold", reason="Away", by=cast.therapist, at=clock.now()
    )
    answer = cast.desk("frontdesk").post("waitlist/", entry_body(program))
    assert answer.status_code == 409
    assert everything() == []


def test_nobody_waits_twice_for_the_same_time(cast: Cast, program: Program) -> None:
    waits(cast, program)
    before = everything()
    answer = cast.desk("frontdesk").post("waitlist/", entry_body(program, window_from=MONDAY + 6 * DAY))
    assert (answer.status_code, answer.json()["code"]) == (409, "already_waiting")
    assert everything() == before


def test_another_kind_or_a_window_that_only_touches_is_another_wait(cast: Cast, program: Program) -> None:
    waits(cast, program)
    waits(cast, program, "medical")
    waits(cast, program, window_from=MONDAY + 7 * DAY, window_to=MONDAY + 8 * DAY)
    assert len(everything()) == 3


def test_one_who_has_withdrawn_may_wait_again(cast: Cast, program: Program) -> None:
    entry = waits(cast, program)
    gone = cast.desk("frontdesk").must(f"waitlist/{entry.pk}/withdraw/", {"reason": "Found a time"})
    assert (gone["status"], gone["reason"], gone["allowed_moves"]) == ("withdrawn", "Found a time", [])
    waits(cast, program)


def test_a_wait_that_is_over_cannot_be_withdrawn(cast: Cast, program: Program) -> None:
    entry = waits(cast, program)
    path = f"waitlist/{entry.pk}/withdraw/"
    assert cast.desk("frontdesk").post(path, {}).status_code == 400
    cast.desk("frontdesk").must(path, {"reason": "Found a time"})
    before = everything()
    again = cast.desk("frontdesk").post(path, {"reason": "Once more"})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert everything() == before


def test_withdrawing_takes_the_offers_off_the_worklist(cast: Cast) -> None:
    first, second = desk.programs_of(cast, 2)
    entry = waits(cast, second)
    cancelled(cast, full_slot(cast, first))
    assert len(tasks()) == 1
    cast.desk("frontdesk").must(f"waitlist/{entry.pk}/withdraw/", {"reason": "Found a time"})
    assert tasks() == []
    assert [task.outcome for task in tasks(state="done")] == ["withdrawn"]


@pytest.mark.parametrize("who", ["billing", "admin"])
def test_the_waitlist_is_for_those_who_book(cast: Cast, program: Program, who: str) -> None:
    assert cast.desk(who).get("waitlist/").status_code == 403
    assert cast.desk(who).post("waitlist/", entry_body(program)).status_code == 403
    assert everything() == []


def test_another_location_neither_sees_nor_changes_it(cast: Cast, program: Program) -> None:
    entry = waits(cast, program)
    elsewhere = cast.desk("south_frontdesk")
    before = everything()
    assert elsewhere.get("waitlist/").json()["count"] == 0
    assert elsewhere.get(f"waitlist/{entry.pk}/").status_code == 404
    assert elsewhere.post(f"waitlist/{entry.pk}/withdraw/", {"reason": "Not ours"}).status_code == 404
    refused = elsewhere.post("waitlist/", entry_body(program, "medical"))
    assert refused.status_code == 400
    assert codes(refused) == {("/program", "not_found")}
    assert everything() == before


def test_the_list_is_narrowed_by_program_kind_status_and_place(cast: Cast) -> None:
    first, second = desk.programs_of(cast, 2)
    one, two = waits(cast, first), waits(cast, second, "medical")
    cast.desk("frontdesk").must(f"waitlist/{two.pk}/withdraw/", {"reason": "Found a time"})

    def found(**query: Any) -> set[str]:
        return {row["id"] for row in cast.desk("frontdesk").get("waitlist/", **query).json()["results"]}

    assert found() == {str(one.pk), str(two.pk)}
    assert (
        found(program=str(first.pk)) == found(kind="preparation") == found(status="waiting") == {str(one.pk)}
    )
    assert found(location=str(cast.north.pk)) == {str(one.pk), str(two.pk)}
    assert found(location=str(cast.south.pk)) == set()
    assert cast.desk("frontdesk").get("waitlist/", colour="blue").status_code == 400


# --- the end of a wait --------------------------------------------------------------------------------------------


def test_a_session_of_the_kind_in_the_window_ends_the_wait(cast: Cast, program: Program) -> None:
    entry = waits(cast, program)
    session = people.booked(cast, program, "preparation", MONDAY + 2 * DAY)
    entry.refresh_from_db()
    assert (entry.status, entry.filled_by) == ("filled", session)


@pytest.mark.parametrize(
    ("kind", "start", "more"),
    [
        ("medical", MONDAY + DAY, {}),  # another kind
        ("preparation", MONDAY + 7 * DAY, {}),  # the very end of the window
        ("preparation", MONDAY + DAY, {"modality": "video"}),  # another modality than the one asked for
    ],
)
def test_any_other_session_leaves_them_waiting(
    cast: Cast, program: Program, kind: str, start: Any, more: dict[str, Any]
) -> None:
    entry = waits(cast, program, modality="in_person")
    staff = {"staff": [{"user": cast.prescriber.pk, "role": "prescriber"}]} if kind == "medical" else {}
    people.booked(cast, program, kind, start, **staff, **more)
    entry.refresh_from_db()
    assert (entry.status, entry.filled_by) == ("waiting", None)


def test_a_session_that_moves_into_the_window_ends_the_wait(cast: Cast, program: Program) -> None:
    session = people.booked(cast, program, "preparation", MONDAY + 9 * DAY)
    entry = waits(cast, program)
    there = {
        "starts_at": (MONDAY + DAY).isoformat(),
        "ends_at": (MONDAY + DAY + timedelta(hours=1)).isoformat(),
        "reason": "Earlier",
    }
    cast.desk("frontdesk").must(f"sessions/{session.pk}/reschedule/", there)
    entry.refresh_from_db()
    assert (entry.status, entry.filled_by) == ("filled", session)


def test_the_sweep_ends_a_wait_whose_window_is_over(cast: Cast, program: Program) -> None:
    over = waits(cast, program, window_to=MONDAY + DAY)
    goes_on = waits(cast, program, window_from=MONDAY + DAY)
    sweep_waitlist(at=MONDAY + DAY - timedelta(seconds=1))
    over.refresh_from_db()
    assert over.status == "waiting"
    sweep_waitlist(at=MONDAY + DAY)
    over.refresh_from_db()
    goes_on.refresh_from_db()
    assert (over.status, goes_on.status) == ("expired", "waiting")
    assert over.history.latest().history_user_id == SYSTEM.pk


# --- the database by itself ---------------------------------------------------------------------------------------


def test_the_database_keeps_one_wait_for_one_time(cast: Cast, program: Program) -> None:
    entry = waits(cast, program)
    twin = WaitlistEntry(
        program=program, kind=entry.kind, window_from=entry.window_from, window_to=entry.window_to
    )
    with pytest.raises(IntegrityError, match="waitlist_once"), transaction.atomic():
        twin.save_by(SYSTEM, at=clock.now())


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("status = 'filled'", "waitlist_filled_has_session"),
        ("status = 'sleeping'", "waitlist_status"),
        ("window_to = window_from", "waitlist_window"),
        ("kind = 'massage'", "waitlist_kind"),
        ("modality = 'letter'", "waitlist_modality"),
    ],
)
def test_the_database_refuses_what_no_entry_can_be(
    cast: Cast, program: Program, change: str, rule: str
) -> None:
    waits(cast, program)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE clinic_sessions_waitlistentry SET {change}")


@pytest.mark.parametrize("table", ["waitlistoffer", "historicalwaitlistentry"])
@pytest.mark.parametrize(
    "change", ["UPDATE clinic_sessions_{} SET starts_at = now()", "DELETE FROM clinic_sessions_{}"]
)
def test_an_offer_and_the_history_are_never_rewritten(cast: Cast, table: str, change: str) -> None:
    first, second = desk.programs_of(cast, 2)
    waits(cast, second)
    cancelled(cast, full_slot(cast, first))
    if table.startswith("historical"):
        change = change.replace("starts_at", "window_to")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(table))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM clinic_sessions_{table}")
        assert cursor.fetchone()[0] >= 1
