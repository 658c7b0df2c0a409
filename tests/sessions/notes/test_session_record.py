"""A dosing session's own record: who writes what in it, until when, and what it adds up to."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from kapclinic.core import clock
from kapclinic.trail.models import Task
from sessions.booking.models import Session
from sessions.dosing import services
from sessions.monitoring import services as monitoring
from sessions.notes import services as notes
from sessions.notes.models import RecordEntry, RecordEntryVoid
from sessions.notes.rules import records
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.giving import attempt

HELLO = {"mood": 4, "intention": "To rest", "safety_concern": False}
EVENT = {
    "term": "Nausea",
    "grade": 1,
    "serious": False,
    "causality": "probable",
    "action": "none",
    "outcome": "resolved",
}
DENVER = ZoneInfo("America/Denver")


def say(cast: Cast, session: Session, part: str, who: str = "therapist", /, **more: Any) -> Any:
    """The answer to an entry: `content` and `observed_at` may be given, other words are the content."""
    told = {name: more.pop(name) for name in ("observed_at", "reason") if name in more}
    body = {"part": part, "content": more, "observed_at": clock.now().isoformat()} | told
    return cast.desk(who).post(f"sessions/{session.pk}/record/", body)


def whole(cast: Cast, session: Session, who: str = "director") -> Any:
    answer = cast.desk(who).get(f"sessions/{session.pk}/record/")
    assert answer.status_code == 200, answer.content
    return answer.json()


def sick(cast: Cast, session: Session, **more: Any) -> None:
    values = EVENT | {"onset_at": clock.now()} | more
    services.record_adverse_event(session=session, values=values, by=cast.np, at=clock.now())


def refused(answer: Any, status: int, code: str, pointer: str | None = None) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    if pointer is not None:
        assert pointer in [row["pointer"] for row in answer.json()["errors"]]
    assert not RecordEntry.objects.exists()


def test_a_meal_that_the_therapist_hears_of_counts_at_the_gate(cast: Cast) -> None:
    session = people.ready_dose(cast)  # nothing since seven, says the nurse

    def fasting() -> tuple[str, str]:
        gates = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()["gates"]
        since = cast.desk("np").get(f"sessions/{session.pk}/").json()["fasting_since"]
        return next(row["state"] for row in gates if row["code"] == "fasting"), since

    assert fasting() == ("pass", "2026-05-04T07:00:00Z")
    for meal in ("2026-05-04T06:00:00Z", "2026-05-04T14:00:00Z"):
        assert say(cast, session, "check_in", **HELLO, last_food_at=meal).status_code == 201
    assert fasting() == ("open", "2026-05-04T14:00:00Z")
    answer = attempt(cast, session)
    assert (answer.status_code, [row["code"] for row in answer.json()["gates"]]) == (409, ["fasting"])
    with clock.fixed(MONDAY + timedelta(hours=3)):
        session.refresh_from_db()
        values = people.calm()
        monitoring.record_reading(session=session, values=values, dosed_at=None, by=cast.np, at=clock.now())
        assert attempt(cast, session).status_code == 201
        assert say(cast, session, "check_in", **HELLO, last_food_at="2026-05-04T17:00:00Z").status_code == 201
    assert fasting() == ("pass", "2026-05-04T14:00:00Z")  # what the dose was given on stays


def test_the_record_gathers_what_everybody_in_the_room_said(cast: Cast) -> None:
    session = people.ready_dose(cast)
    assert (
        say(cast, session, "check_in", "np", **HELLO, last_food_at="2026-05-04T02:00-06:00").status_code
        == 201
    )
    people.give(cast, session)
    say(cast, session, "setting", eye_mask=True, lights="dark", therapist_presence="in_room")
    for minute, systolic, dissociation in ((30, 150, 8), (40, 150, 8), (60, 128, 2)):
        with clock.fixed(MONDAY + timedelta(minutes=minute)):
            values = people.calm() | {"systolic": systolic, "heart_rate": 70 + minute}
            session.refresh_from_db()
            monitoring.record_reading(
                session=session, values=values, dosed_at=MONDAY, by=cast.np, at=clock.now()
            )
            say(cast, session, "observation", text="Quiet", dissociation=dissociation)
    with clock.fixed(MONDAY + timedelta(hours=1)):
        say(cast, session, "setting", lights="dim")
        told = say(cast, session, "debrief", text="Came back gently").json()
    assert told["content"] == {"text": "Came back gently", "same_day": True}
    found = whole(cast, session)
    assert [row["part"] for row in found["entries"]][:3] == ["check_in", "setting", "observation"]
    assert found["entries"][0]["content"]["last_food_at"] == "2026-05-04T08:00:00Z"
    assert found["entries"][0]["recorded_by_name"] == cast.np.name
    assert found["setting"] == {"eye_mask": True, "lights": "dim", "therapist_presence": "in_room"}
    assert found["peaks"] == {
        "systolic": {"value": 150, "at": "2026-05-04T15:30:00Z"},  # when it was first reached
        "diastolic": {"value": 78, "at": "2026-05-04T15:00:00Z"},
        "heart_rate": {"value": 130, "at": "2026-05-04T16:00:00Z"},
        "dissociation": {"value": 8, "at": "2026-05-04T15:30:00Z"},
    }
    assert found["adverse_events"] == {"ids": [], "none_observed": None, "overtaken": False}


def test_a_long_record_is_read_in_as_few_queries_as_a_short_one(cast: Cast) -> None:
    session = people.ready_dose(cast)
    cast.desk("director")  # signs in
    asked = []
    for more in (1, 4):
        for _ in range(more):
            say(cast, session, "observation", text="Quiet")
        with CaptureQueriesContext(connection) as queries:
            assert whole(cast, session)["entries"]
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_an_entry_that_was_taken_back_stays_and_counts_for_nothing(cast: Cast) -> None:
    session = people.ready_dose(cast)
    entry = say(cast, session, "observation", text="Far away", dissociation=10).json()["id"]
    say(cast, session, "observation", text="Here", dissociation=3)
    path = f"sessions/{session.pk}/record/{entry}/void/"
    for who in ("np", "prescriber"):
        answer = cast.desk(who).post(path, {"reason": "Wrong client"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert not RecordEntryVoid.objects.exists()
    told = cast.desk("therapist").must(path, {"reason": "Wrong client"})
    assert told["void"] == {"voided_at": "2026-05-04T15:00:00Z", "reason": "Wrong client"}
    again = cast.desk("therapist").post(path, {"reason": "Once more"})
    assert (again.status_code, again.json()["code"]) == (409, "already_void")
    found = whole(cast, session)
    assert [row["content"]["text"] for row in found["entries"]] == ["Far away", "Here"]
    assert found["peaks"]["dissociation"]["value"] == 3


@pytest.mark.parametrize("who", ["frontdesk", "billing", "admin", "director"])
def test_only_whoever_treats_writes(cast: Cast, who: str) -> None:
    session = people.ready_dose(cast)
    refused(say(cast, session, "check_in", who, **HELLO), 403, "not_permitted")


@pytest.mark.parametrize(
    ("who", "status"),
    [("frontdesk", 403), ("billing", 403), ("director", 200), ("np", 200), ("south_np", 404)],
)
def test_clinicians_of_the_location_read(cast: Cast, who: str, status: int) -> None:
    session = people.ready_dose(cast)
    say(cast, session, "check_in", **HELLO)
    answer = cast.desk(who).get(f"sessions/{session.pk}/record/")
    assert answer.status_code == status
    assert ("To rest" in answer.content.decode()) == (status == 200)


def test_the_record_begins_at_check_in_and_is_of_a_dosing_session(cast: Cast) -> None:
    program = people.cleared_program(cast)
    dose = people.booked(cast, program, "dosing", MONDAY)
    refused(say(cast, dose, "check_in", **HELLO), 409, "illegal_transition")
    talk = people.booked(cast, program, "preparation", MONDAY + timedelta(hours=3))
    refused(say(cast, talk, "check_in", **HELLO), 409, "illegal_transition")


def test_a_day_after_the_session_an_entry_is_an_addendum_and_says_why(cast: Cast) -> None:
    session = people.ready_dose(cast)
    end = session.ends_at
    seen = MONDAY.isoformat()
    with clock.fixed(end + timedelta(hours=24)):
        told = say(cast, session, "observation", text="Slept", observed_at=seen, reason="Just in case").json()
    assert (told["addendum_reason"], told["observed_at"]) == ("", "2026-05-04T15:00:00Z")
    assert told["recorded_at"] == "2026-05-05T18:00:00Z"
    with clock.fixed(end + timedelta(hours=24, seconds=1)):
        answer = say(cast, session, "observation", text="Spoke", observed_at=seen)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/reason")
        assert RecordEntry.objects.count() == 1
        told = say(cast, session, "observation", text="Spoke", observed_at=seen, reason="Left out").json()
    assert told["addendum_reason"] == "Left out"


@pytest.mark.parametrize("minutes", [-1, 2])
def test_an_entry_is_neither_from_before_check_in_nor_from_the_future(cast: Cast, minutes: int) -> None:
    session = people.ready_dose(cast)
    seen = (MONDAY + timedelta(minutes=minutes)).isoformat()
    refused(say(cast, session, "check_in", **HELLO, observed_at=seen), 400, "invalid", "/observed_at")


def test_none_observed_is_not_said_beside_an_adverse_event_and_is_overtaken_by_one(cast: Cast) -> None:
    session = people.ready_dose(cast)
    told = say(cast, session, "none_observed", "np")
    assert told.status_code == 201
    sick(cast, session)
    found = whole(cast, session)["adverse_events"]
    assert (found["none_observed"], found["overtaken"], len(found["ids"])) == (told.json()["id"], True, 1)
    answer = say(cast, session, "none_observed")
    assert (answer.status_code, answer.json()["code"]) == (409, "adverse_event_recorded")
    assert RecordEntry.objects.count() == 1


def open_gates(cast: Cast, session: Session) -> list[str]:
    gates = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()["gates"]
    return [gate["code"] for gate in gates if gate["state"] == "open"]


def test_a_safety_concern_at_check_in_is_put_before_those_who_may_act(cast: Cast) -> None:
    session = people.ready_dose(cast)
    refused(say(cast, session, "check_in", mood=1, safety_concern=True), 400, "invalid", "/content/safety")
    assert not Task.objects.filter(kind="check_in_safety_concern").exists()
    say(cast, session, "check_in", mood=1, safety_concern=True, safety="Wishes to be gone")
    task = Task.objects.get(kind="check_in_safety_concern")
    assert (task.assignee, task.due_at) == (cast.prescriber.pk, MONDAY + timedelta(minutes=30))
    assert "gone" not in str(vars(task))
    assert open_gates(cast, session) == ["safety_alert"]
    assert attempt(cast, session).status_code == 409
    cast.desk("therapist").must(f"tasks/{task.pk}/done/", {"outcome": "Talked it through; plan agreed."})
    assert open_gates(cast, session) == []
    assert attempt(cast, session).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_the_therapist_and_the_nurse_write_at_once_and_neither_waits(now: datetime) -> None:
    cast = people.assemble()
    session = people.ready_dose(cast)
    wrote, release, failed = threading.Event(), threading.Event(), []

    def therapist() -> None:
        try:
            with transaction.atomic(), clock.fixed(MONDAY):
                write(cast.therapist)
                wrote.set()
                assert release.wait(timeout=30)
        except BaseException as exc:  # noqa: BLE001  (told to the main thread)
            failed.append(exc)
        finally:
            wrote.set()
            connection.close()

    def write(by: Any) -> None:
        notes.append_entry(
            session_id=session.pk,
            part="observation",
            content={"text": "Quiet"},
            observed_at=MONDAY,
            reason="",
            by=by,
            at=MONDAY,
        )

    thread = threading.Thread(target=therapist)
    thread.start()
    try:
        assert wrote.wait(timeout=30)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")  # raises, if the nurse had to wait
            write(cast.np)
            assert RecordEntry.objects.count() == 1  # the therapist's is not committed yet
    finally:
        release.set()
        thread.join(timeout=30)
    assert failed == []
    assert set(RecordEntry.objects.values_list("recorded_by", flat=True)) == {cast.therapist.pk, cast.np.pk}


# --- the database -----------------------------------------------------------------------------------------------


def test_the_database_refuses_none_observed_beside_an_event_and_a_strangers_void(cast: Cast) -> None:
    session = people.ready_dose(cast)
    say(cast, session, "check_in", **HELLO)
    sick(cast, session)
    entry = RecordEntry.objects.get()
    none = RecordEntry(
        session=session,
        part="none_observed",
        content={},
        observed_at=MONDAY,
        recorded_at=MONDAY,
        recorded_by=cast.np,
    )
    rows: tuple[tuple[Any, Any], ...] = (
        (none, cast.np),
        (RecordEntryVoid(entry=entry, reason="Not mine"), cast.np),
        (RecordEntry(session=session, part="poem", content={}, observed_at=MONDAY, recorded_at=MONDAY, recorded_by=cast.np), cast.np),
        (RecordEntry(session=session, part="setting", content={}, observed_at=MONDAY, recorded_at=MONDAY, recorded_by=cast.np), cast.therapist),
    )  # fmt: skip
    for row, by in rows:
        with pytest.raises(DatabaseError), transaction.atomic():
            row.insert_by(by, at=MONDAY)
    assert (RecordEntry.objects.count(), RecordEntryVoid.objects.count()) == (1, 0)


# --- the rules --------------------------------------------------------------------------------------------------


def judge(part: str, content: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    kept, errors = records.read_entry(part, content, observed_at=MONDAY, session_day=MONDAY, zone=DENVER)
    return kept, [f"{error.pointer} {error.code}" for error in errors]


@pytest.mark.parametrize(
    ("part", "content", "wrong"),
    [
        ("check_in", HELLO, []),
        ("check_in", {"mood": 11, "safety_concern": False}, ["/content/mood invalid"]),
        ("check_in", {"mood": True, "safety_concern": False}, ["/content/mood invalid"]),
        ("check_in", {"mood": 3}, ["/content/safety_concern required"]),
        ("check_in", HELLO | {"bp": "120/80"}, ["/content/bp unknown_field"]),
        ("check_in", HELLO | {"last_food_at": "2026-05-04T08:00:00"}, ["/content/last_food_at invalid"]),
        ("check_in", HELLO | {"last_food_at": "2026-05-04T15:00:01Z"}, ["/content/last_food_at too_late"]),
        ("setting", {}, ["/content required"]),
        ("setting", {"playlist": None}, ["/content required"]),
        ("setting", {"playlist": "  "}, ["/content/playlist invalid"]),
        ("setting", {"lights": "blue"}, ["/content/lights invalid"]),
        ("setting", {"lights": ["dim"]}, ["/content/lights invalid"]),
        ("setting", {"eye_mask": "yes"}, ["/content/eye_mask invalid"]),
        ("observation", {"dissociation": 5}, ["/content/text required"]),
        ("support", {"intervention": "Grounding", "touch_used": False}, []),
        ("support", {"intervention": "Hand", "touch_used": True}, ["/content/touch_consented required"]),
        ("support", {"intervention": "Hand", "touch_used": True, "touch_consented": False}, []),
        ("debrief", {"text": "Rested", "same_day": False}, ["/content/same_day inconsistent"]),
        ("none_observed", {}, []),
    ],
)
def test_a_part_has_its_fields_and_no_others(part: str, content: dict[str, Any], wrong: list[str]) -> None:
    assert judge(part, content)[1] == wrong


def test_a_debrief_of_the_next_day_says_so() -> None:
    night = datetime(2026, 5, 5, 5, 59, tzinfo=UTC)  # 23:59 in Denver
    for moment, same in ((night, True), (night + timedelta(minutes=1), False)):
        kept, errors = records.read_entry(
            "debrief", {"text": "x"}, observed_at=moment, session_day=MONDAY, zone=DENVER
        )
        assert (kept["same_day"], errors) == (same, [])


@given(st.sampled_from(sorted(records.PARTS)), st.dictionaries(st.text(max_size=12), st.none() | st.booleans() | st.integers() | st.text()))  # fmt: skip
def test_what_is_kept_has_only_the_parts_fields(part: str, content: dict[str, Any]) -> None:
    kept, _ = records.read_content(part, content)
    assert set(kept) <= set(records.PARTS[part]) & set(content)
    assert records.read_content(part, kept)[0] == kept
