"""What a move brings: shown before, refused whole when the course would break, and two sessions that swap."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sessions.booking.models import Allocation, Session
from sessions.integration.services.obligations import schedule_obligation
from tests import cast as people
from tests.cast import MONDAY, Cast, client, opened_program
from tests.journeys import steps
from tests.journeys.steps import moment
from tests.sessions.booking import desk

DAY = timedelta(days=1)


def _course(cast: Cast) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Two preparations, then two doses a week apart, each with its held integration."""
    program = {"id": str(opened_program(cast).pk)}
    booked = {
        "prep1": steps.book(cast, program, "preparation", MONDAY + DAY),
        "prep2": steps.book(cast, program, "preparation", MONDAY + 2 * DAY),
        "dose1": steps.book(cast, program, "dosing", MONDAY + 4 * DAY),
        "dose2": steps.book(cast, program, "dosing", MONDAY + 11 * DAY),
    }
    return program, booked


def _to(start: Any, minutes: int, **more: Any) -> dict[str, Any]:
    return {
        "starts_at": moment(start),
        "ends_at": moment(start + timedelta(minutes=minutes)),
        "reason": "Asked",
    } | more


def _preview(cast: Cast, session: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    before = list(Session.objects.order_by("pk").values_list("pk", "starts_at", "status", "version"))
    answer = cast.desk("frontdesk").post(f"sessions/{session['id']}/reschedule/?preview=1", body)
    assert answer.status_code == 200, answer.content
    assert list(Session.objects.order_by("pk").values_list("pk", "starts_at", "status", "version")) == before
    return answer.json()  # type: ignore[no-any-return]


def _codes(shown: dict[str, Any], severity: str) -> set[str]:
    return {effect["code"] for effect in shown["effects"] if effect["severity"] == severity}


def test_moving_a_dose_shows_the_integration_that_moves_with_it(cast: Cast) -> None:
    _, course = _course(cast)
    shown = _preview(cast, course["dose1"], _to(MONDAY + 6 * DAY, 180))
    assert shown["possible"] is True
    assert _codes(shown, "moves") == {"integration_moves"}
    assert {"clearance", "consent"} <= _codes(shown, "warns")


@pytest.mark.parametrize(
    ("which", "start", "minutes", "code"),
    [
        ("dose1", MONDAY + 9 * DAY, 180, "minimum_gap"),
        ("dose1", MONDAY + timedelta(hours=5), 180, "preparation_after_dose"),
        ("prep2", MONDAY + 5 * DAY, 60, "preparation_after_dose"),
    ],
)
def test_a_move_that_breaks_the_course_is_refused_whole(
    cast: Cast, which: str, start: Any, minutes: int, code: str
) -> None:
    _, course = _course(cast)
    shown = _preview(cast, course[which], _to(start, minutes))
    assert shown["possible"] is False
    assert code in _codes(shown, "breaks")
    rows = list(
        Allocation.objects.filter(released_at__isnull=True).order_by("pk").values_list("pk", flat=True)
    )
    refused = cast.desk("frontdesk").post(f"sessions/{course[which]['id']}/reschedule/", _to(start, minutes))
    assert (refused.status_code, refused.json()["code"]) == (409, "course_conflict")
    assert code in {effect["code"] for effect in refused.json()["effects"]}
    alive = Allocation.objects.filter(released_at__isnull=True).order_by("pk")
    assert list(alive.values_list("pk", flat=True)) == rows
    moved = _to(start, minutes, override_reason="Agreed with the prescriber")
    cast.desk("frontdesk").must(f"sessions/{course[which]['id']}/reschedule/", moved)


def test_the_preview_names_a_clash(cast: Cast) -> None:
    _, course = _course(cast)
    shown = _preview(cast, course["dose2"], _to(MONDAY + DAY, 180))
    assert shown["possible"] is False
    other = client(cast.north, by=cast.frontdesk, first="Other")
    program = {
        "id": str(opened_program(cast, who=other, protocol=Session.objects.first().program.protocol).pk)
    }
    steps.book(cast, program, "preparation", MONDAY + 13 * DAY)
    clash = _preview(cast, course["dose2"], _to(MONDAY + 13 * DAY, 180))
    assert clash["refusal"]["code"] == "resource_conflict"
    assert clash["refusal"]["conflicts"]


def test_a_dose_may_go_to_the_time_of_its_own_held_integration(cast: Cast) -> None:
    _, course = _course(cast)
    held = Session.objects.get(for_dose=course["dose1"]["id"], status="held")
    there = _to(held.starts_at, 180)
    assert _preview(cast, course["dose1"], there)["possible"] is True
    cast.desk("frontdesk").must(f"sessions/{course['dose1']['id']}/reschedule/", there)
    again = Session.objects.get(for_dose=course["dose1"]["id"], status="held")
    assert again.starts_at >= held.starts_at + timedelta(hours=27)
    assert desk.orphans() == []
    other = Session.objects.get(for_dose=course["dose2"]["id"], status="held")
    refused = cast.desk("frontdesk").post(
        f"sessions/{course['dose1']['id']}/reschedule/", _to(other.starts_at, 180)
    )
    assert refused.status_code == 409  # the hold of another dose stays in the way
    assert Session.objects.get(pk=other.pk).status == Session.objects.get(pk=again.pk).status == "held"


def test_two_desks_can_not_move_the_same_session_unawares(cast: Cast) -> None:
    _, course = _course(cast)
    path = f"sessions/{course['prep1']['id']}/reschedule/"
    tag = cast.desk("frontdesk").get(f"sessions/{course['prep1']['id']}/").headers["ETag"]
    cast.desk("np").must(path, _to(MONDAY + DAY + timedelta(hours=3), 60))
    stale = cast.desk("frontdesk").post(path, _to(MONDAY + DAY + timedelta(hours=5), 60), HTTP_IF_MATCH=tag)
    assert stale.status_code == 412


def test_two_sessions_swap_their_times_in_one_call(cast: Cast) -> None:
    first = {"id": str(opened_program(cast).pk)}
    protocol = Session.objects.model.program.field.related_model.objects.get().protocol
    other = client(cast.north, by=cast.frontdesk, first="Other")
    second = {"id": str(opened_program(cast, who=other, protocol=protocol).pk)}
    a = steps.book(cast, first, "preparation", MONDAY + DAY)
    b = steps.book(cast, second, "preparation", MONDAY + DAY + timedelta(hours=1))
    done = cast.desk("frontdesk").must(
        "session-swaps/", {"first": a["id"], "second": b["id"], "reason": "They asked"}, status=200
    )
    assert {row["id"]: row["starts_at"] for row in done["sessions"]} == {
        a["id"]: b["starts_at"],
        b["id"]: a["starts_at"],
    }
    live = Allocation.objects.filter(released_at__isnull=True)
    assert live.count() == 6


def test_a_swap_that_does_not_fit_moves_neither(cast: Cast) -> None:
    first = {"id": str(opened_program(cast).pk)}
    a = steps.book(cast, first, "preparation", MONDAY + DAY)
    closing = MONDAY.replace(hour=1) + 3 * DAY  # 19:00 in Denver, an hour before closing
    b = steps.book(cast, first, "preparation", closing)
    long = steps.book(cast, first, "dosing", MONDAY + 6 * DAY)
    refused = cast.desk("frontdesk").post(
        "session-swaps/",
        {
            "first": long["id"],
            "second": b["id"],
            "reason": "Try",
        },
    )
    assert refused.status_code in {400, 409}
    now = {row["id"]: row["starts_at"] for row in cast.desk("frontdesk").get("sessions/").json()["results"]}
    assert (now[a["id"]], now[b["id"]], now[long["id"]]) == (
        a["starts_at"],
        b["starts_at"],
        long["starts_at"],
    )


def test_a_dose_that_is_swapped_takes_its_held_integration_along(cast: Cast) -> None:
    first, second = ({"id": str(program.pk)} for program in desk.programs_of(cast, 2))
    dose = steps.book(cast, first, "dosing", MONDAY + DAY)
    prep = steps.book(cast, second, "preparation", MONDAY + 8 * DAY)
    pair = {"first": dose["id"], "second": prep["id"], "reason": "They asked"}
    cast.desk("frontdesk").must("session-swaps/", pair, status=200)
    held = Session.objects.get(for_dose=dose["id"], status="held")
    assert MONDAY + 9 * DAY <= held.starts_at < MONDAY + 11 * DAY
    assert desk.orphans() == []
    own = pair | {"second": str(held.pk)}
    refused = cast.desk("frontdesk").post("session-swaps/", own)
    assert (refused.status_code, desk.codes(refused)) == (400, {("/second", "moves_with_dose")})


def test_an_integration_is_not_swapped_to_a_time_before_its_window(cast: Cast) -> None:
    owed = people.owed(cast)
    schedule_obligation(obligation_id=owed.pk, at=MONDAY)
    booked = Session.objects.get(fulfils=owed)
    other = opened_program(
        cast, who=client(cast.north, by=cast.frontdesk, first="Jo"), protocol=owed.program.protocol
    )
    staff = [desk.row(cast.other_therapist, "therapist")]
    early = people.booked(
        cast, other, "preparation", MONDAY + timedelta(hours=5), room=cast.birch.pk, staff=staff
    )
    before = desk.book_of_sessions()
    pair = {"first": str(booked.pk), "second": str(early.pk), "reason": "They asked"}
    refused = cast.desk("frontdesk").post("session-swaps/", pair)
    assert (refused.status_code, desk.codes(refused)) == (400, {("/first", "before_window")})
    assert desk.book_of_sessions() == before


def test_another_locations_session_can_not_be_swapped(cast: Cast) -> None:
    first = {"id": str(opened_program(cast).pk)}
    a = steps.book(cast, first, "preparation", MONDAY + DAY)
    b = steps.book(cast, first, "preparation", MONDAY + 2 * DAY)
    body = {"first": a["id"], "second": b["id"], "reason": "Not theirs"}
    assert cast.desk("south_frontdesk").post("session-swaps/", body).status_code == 400
    assert cast.desk("billing").post("session-swaps/", body).status_code == 403
