"""Plans booked at once, and what a plan means to those who wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from kapclinic.core import clock
from kapclinic.practice import services as practice
from programs.models import Program
from sessions.booking.models import Session
from tests.cast import MONDAY, Cast
from tests.racing import race
from tests.sessions.booking import desk
from tests.sessions.booking.desk import row
from tests.sessions.waitlist.waiting import cancelled, full_slot, offered, tasks, waits

SHORT = {"planned_doses": 2, "span_days": [3, 20], "min_preparations": 1}
Rows = list[dict[str, Any]]


def _plan(cast: Cast, program: Program) -> Rows:
    found = cast.desk("frontdesk").get(f"programs/{program.pk}/plan/").json()
    assert found["unmet"] == []
    return found["sessions"]  # type: ignore[no-any-return]


def _crossing(cast: Cast, rows: Rows, *, turn: int) -> Rows:
    """The same times for another therapist, each session in the room that the other plan leaves free."""
    rooms = [str(cast.aspen.pk), str(cast.birch.pk)]
    whose = row((cast.therapist, cast.other_therapist)[turn], "therapist")
    return [
        one
        | {"room": rooms[(n + turn) % 2]}
        | {"staff": [each for each in one["staff"] if each["role"] != "therapist"] + [whose]}
        for n, one in enumerate(rows)
    ]


def _booking(secret: str, program: Program, rows: Rows, answers: list[Any]) -> Callable[[], None]:
    def post() -> None:
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
        with clock.fixed(MONDAY):
            answer = client.post(f"/api/v1/programs/{program.pk}/plan/", {"sessions": rows}, format="json")
        answers.append((answer.status_code, answer.json().get("code"), program.pk))

    return post


@pytest.mark.django_db(transaction=True)
def test_two_planners_of_the_same_slots_never_lock_each_other_out(cast: Cast) -> None:
    """One of them gets the slots, or both where both fit; nobody gets half a course, or an error."""
    programs = desk.programs_of(cast, 8, **SHORT)
    secret = practice.issue_token(user=cast.frontdesk, name="race", at=clock.now())[1]
    for first, second in zip(programs[::4], programs[1::4], strict=True):
        rows, answers = _plan(cast, first), []
        assert race(*(_booking(secret, program, rows, answers) for program in (first, second))) == []
        won, lost = sorted(answers)
        assert (won[:2], lost[:2]) == ((201, None), (409, "resource_conflict"))
        assert Session.objects.filter(program_id=won[2]).count() == len(rows) == 5
        assert not Session.objects.filter(program_id=lost[2]).exists()
    for pair in (programs[2:4], programs[6:8]):
        rows, answers = _plan(cast, pair[0]), []
        plans = [_crossing(cast, rows, turn=turn) for turn in (0, 1)]
        work = [_booking(secret, program, plan, answers) for program, plan in zip(pair, plans, strict=True)]
        assert race(*work) == []
        assert Counter(status for status, *_ in answers) == {201: 2}, answers
    assert desk.overlaps() == 0
    assert desk.orphans() == []


def test_a_planned_session_ends_the_wait_for_it(cast: Cast) -> None:
    """Its preparation is what the client waited for; the integration slot is only held, so that wait goes on."""
    (program,) = desk.programs_of(cast, 1, **SHORT)
    window = {"window_from": MONDAY, "window_to": MONDAY + timedelta(days=30)}
    wait, integration = waits(cast, program, **window), waits(cast, program, "integration", **window)
    cast.desk("frontdesk").must(
        f"programs/{program.pk}/plan/", {"sessions": _plan(cast, program)}, status=201
    )
    wait.refresh_from_db()
    integration.refresh_from_db()
    assert (wait.status, integration.status) == ("filled", "waiting")
    assert wait.filled_by is not None
    assert wait.filled_by.kind == "preparation"


def test_a_plan_takes_what_was_offered_to_others_off_the_worklist(cast: Cast) -> None:
    gone, waiting, planned = desk.programs_of(cast, 3, **SHORT)
    cast.other_therapist.is_active = False
    cast.other_therapist.save_by(cast.admin, at=clock.now())
    rows = _plan(cast, planned)
    first = rows[0]
    slot = full_slot(cast, gone, MONDAY + timedelta(hours=5))
    waits(cast, waiting)
    cancelled(cast, slot)
    (offer,) = offered()
    for key, value in (("starts_at", offer.starts_at), ("ends_at", offer.ends_at)):
        first[key] = value.isoformat()
    cast.desk("frontdesk").must(f"programs/{planned.pk}/plan/", {"sessions": rows}, status=201)
    assert tasks() == []
