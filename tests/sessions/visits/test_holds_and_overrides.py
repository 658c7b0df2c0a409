"""Slots held while the dialog is open, and double use on purpose."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from sessions.booking.models import Allocation, Session, SessionHold
from sessions.booking.services.bookings import sweep_kept_slots
from tests.cast import MONDAY, Cast, client, opened_program
from tests.journeys import steps
from tests.journeys.steps import moment

START = MONDAY + timedelta(days=1)


def _ask(cast: Cast, program: Any, **more: Any) -> dict[str, Any]:
    body = {
        "program": str(program.pk),
        "kind": "preparation",
        "modality": "in_person",
        "starts_at": moment(START),
        "ends_at": moment(START + timedelta(hours=1)),
        "room": str(cast.aspen.pk),
        "staff": [{"user": str(cast.therapist.pk), "role": "therapist"}],
    }
    return body | more


def _two(cast: Cast) -> tuple[Any, Any]:
    first = opened_program(cast)
    second = opened_program(
        cast, protocol=first.protocol, who=client(cast.north, by=cast.frontdesk, first="Other")
    )
    return first, second


def test_a_held_slot_is_nobody_elses_for_five_minutes(cast: Cast) -> None:
    mine, theirs = _two(cast)
    hold = cast.desk("frontdesk").must("session-holds/", _ask(cast, mine), status=201)
    assert hold["expires_at"] == moment(MONDAY + timedelta(minutes=5))
    refused = cast.desk("np").post("sessions/", _ask(cast, theirs))
    assert (refused.status_code, refused.json()["code"]) == (409, "resource_conflict")
    taken = cast.desk("np").get(
        "availability/", program=str(theirs.pk), kind="preparation", room=str(cast.aspen.pk)
    )
    assert moment(START) not in [slot["starts_at"] for slot in taken.json()["results"]]
    assert not Session.objects.exists()


def test_an_expired_hold_vanishes_by_itself(cast: Cast) -> None:
    mine, theirs = _two(cast)
    hold = cast.desk("frontdesk").must("session-holds/", _ask(cast, mine), status=201)
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        free = cast.desk("np").get(
            "availability/", program=str(theirs.pk), kind="preparation", **{"from": moment(START)}
        )
        assert free.json()["results"][0]["starts_at"] == moment(START)
        cast.desk("np").must("sessions/", _ask(cast, theirs), status=201)
        late = cast.desk("frontdesk").post("sessions/", _ask(cast, mine, hold=hold["id"]))
        assert (late.status_code, late.json()["code"]) == (409, "hold_expired")
    assert Session.objects.count() == 1


def test_the_sweep_writes_down_that_a_hold_is_over(cast: Cast) -> None:
    mine, _ = _two(cast)
    cast.desk("frontdesk").must("session-holds/", _ask(cast, mine), status=201)
    over = MONDAY + timedelta(minutes=5)
    assert sweep_kept_slots(at=over - timedelta(seconds=1)) == 0
    assert Allocation.objects.filter(released_at__isnull=True).count() == 3
    assert (sweep_kept_slots(at=over), sweep_kept_slots(at=over)) == (1, 0)
    assert set(Allocation.objects.values_list("released_at", flat=True)) == {over}
    assert SessionHold.objects.get().released_at == over


def test_the_booking_takes_the_place_of_its_hold(cast: Cast) -> None:
    mine, _ = _two(cast)
    hold = cast.desk("frontdesk").must("session-holds/", _ask(cast, mine), status=201)
    booked = cast.desk("frontdesk").must("sessions/", _ask(cast, mine, hold=hold["id"]), status=201)
    assert booked["status"] == "scheduled"
    alive = Allocation.objects.filter(released_at__isnull=True)
    assert {row.session_id for row in alive} == {Session.objects.get().pk}
    again = cast.desk("frontdesk").client.delete(f"/api/v1/session-holds/{hold['id']}/")
    assert (again.status_code, again.json()["code"]) == (409, "hold_expired")


def test_a_hold_that_is_not_wanted_frees_its_slot(cast: Cast) -> None:
    mine, theirs = _two(cast)
    hold = cast.desk("frontdesk").must("session-holds/", _ask(cast, mine), status=201)
    assert cast.desk("frontdesk").client.delete(f"/api/v1/session-holds/{hold['id']}/").status_code == 204
    cast.desk("np").must("sessions/", _ask(cast, theirs), status=201)


def test_another_programs_hold_can_not_be_used(cast: Cast) -> None:
    mine, theirs = _two(cast)
    hold = cast.desk("frontdesk").must("session-holds/", _ask(cast, mine), status=201)
    refused = cast.desk("frontdesk").post("sessions/", _ask(cast, theirs, hold=hold["id"]))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/hold")
    assert SessionHold.objects.get().released_at is None


def test_holds_of_another_location_are_not_there(cast: Cast) -> None:
    mine, _ = _two(cast)
    hold = cast.desk("frontdesk").must("session-holds/", _ask(cast, mine), status=201)
    assert cast.desk("south_frontdesk").get(f"session-holds/{hold['id']}/").status_code == 404
    assert cast.desk("billing").post("session-holds/", _ask(cast, mine)).status_code == 403


@pytest.mark.parametrize("what", ["room", "staff"])
def test_double_use_is_for_roles_that_the_location_allows(cast: Cast, what: str) -> None:
    mine, theirs = _two(cast)
    cast.desk("frontdesk").must("sessions/", _ask(cast, mine), status=201)
    other = (
        {"room": str(cast.birch.pk)}
        if what == "staff"
        else {"staff": [{"user": str(cast.other_therapist.pk), "role": "therapist"}]}
    )
    ask = _ask(cast, theirs, override=[what], override_reason="Both are needed now", **other)
    assert cast.desk("director").post("sessions/", ask).status_code == 403
    cast.north.override_roles = ["medical_director"]
    cast.north.save_by(cast.admin, at=MONDAY)
    assert cast.desk("frontdesk").post("sessions/", ask).status_code == 403
    assert cast.desk("director").post("sessions/", ask | {"override_reason": ""}).status_code == 400
    assert Session.objects.count() == 1
    booked = cast.desk("director").must("sessions/", ask, status=201)
    assert booked["double_use"] is True
    board = cast.desk("frontdesk").get("day-board/", location=str(cast.north.pk), date="2026-05-05").json()
    assert [card["double_use"] for card in board["sessions"]] == [False, True]


def test_a_client_is_never_in_two_places(cast: Cast) -> None:
    cast.north.override_roles = ["medical_director"]
    cast.north.save_by(cast.admin, at=MONDAY)
    mine, _ = _two(cast)
    cast.desk("frontdesk").must("sessions/", _ask(cast, mine), status=201)
    twice = _ask(cast, mine, override=["room", "staff"], override_reason="Please")
    refused = cast.desk("director").post("sessions/", twice)
    assert (refused.status_code, refused.json()["code"]) == (409, "resource_conflict")
    assert {row["kind"] for row in refused.json()["conflicts"]} == {"client"}


def test_a_reason_alone_does_not_double_book(cast: Cast) -> None:
    mine, theirs = _two(cast)
    cast.desk("frontdesk").must("sessions/", _ask(cast, mine), status=201)
    assert (
        cast.desk("director").post("sessions/", _ask(cast, theirs, override_reason="Urgent")).status_code
        == 409
    )
    assert Session.objects.count() == 1


def test_a_holiday_has_no_free_time(cast: Cast) -> None:
    mine, _ = _two(cast)
    shut = cast.desk("admin").patch(f"locations/{cast.north.pk}/", {"closed_dates": ["2026-05-05"]})
    assert shut.status_code == 200
    query = {"program": str(mine.pk), "kind": "preparation", "from": "2026-05-05", "to": "2026-05-06"}
    starts = [
        slot["starts_at"][:10]
        for slot in cast.desk("frontdesk").get("availability/", **query).json()["results"]
    ]
    assert set(starts) == {"2026-05-06", "2026-05-07"} or set(starts) == {"2026-05-06"}
    refused = cast.desk("frontdesk").post("sessions/", _ask(cast, mine))
    assert (refused.status_code, refused.json()["code"]) == (400, "outside_hours")


def test_availability_by_time_of_day_and_length(cast: Cast) -> None:
    mine, _ = _two(cast)
    base = {"program": str(mine.pk), "kind": "preparation", "from": "2026-05-05", "to": "2026-05-05"}
    desk = cast.desk("frontdesk")

    def local_starts(**more: Any) -> list[str]:
        found = desk.get("availability/", page_size=200, **base, **more).json()["results"]
        return [slot["starts_at"][11:16] for slot in found]

    assert local_starts(part_of_day="evening")[0] == "23:00"  # 17:00 in Denver
    assert local_starts(part_of_day="morning")[-1] == "17:45"
    assert local_starts(earliest="10:00", latest="10:30") == ["16:00", "16:15", "16:30"]
    assert local_starts(duration=600)[-1] == "16:00"  # ends at closing time
    assert desk.get("availability/", duration=0, **base).status_code == 400
    first = desk.get("availability/next/", count=3, **base).json()["results"]
    assert len(first) == 3
    steps.book(cast, {"id": str(mine.pk)}, "preparation", START)
