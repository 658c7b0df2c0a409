"""A client who was told of a session is told when the clinic moves or cancels it; where nothing can, the desk calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage

from kapclinic.core import clock
from kapclinic.practice.models import Client
from kapclinic.trail.models import Outbox, Task
from sessions.booking.models import Session
from sessions.visits.services import endings
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment
from tests.sessions.reminders.telling import (
    HOUR,
    Gateway,
    booked,
    cancel,
    course,
    move,
    states,
    tell,
    watch,
)

FRIDAY = MONDAY + timedelta(days=4)  # 09:00 in Denver
NIGHT = MONDAY + 14 * HOUR  # 23:00 in Denver


def plan(cast: Cast, **values: Any) -> None:
    answer = cast.desk("director").patch(f"reminder-plans/{cast.north.pk}/", values)
    assert answer.status_code == 200, answer.content


def texts(start: Any, hours: int = 3) -> list[str]:
    return [body.split("\n")[0] for _, body in watch(start, start + hours * HOUR)]


def calls() -> list[tuple[str, str]]:
    return list(Task.objects.filter(kind="client_untold").values_list("state", "roles__0"))


def announced(cast: Cast, starts_at: Any = FRIDAY, **more: Any) -> Session:
    session = booked(cast, course(cast, **more), starts_at)
    tell(MONDAY)
    return session


def test_a_session_that_was_announced_and_is_cancelled_is_told_off_once(cast: Cast, sms: Gateway) -> None:
    session = announced(cast)
    cancel(cast, session)
    said = "Your appointment at North on Friday, May 8, 2026 at 9:00 AM MDT was cancelled."
    assert texts(MONDAY) == [said]
    (words,) = [text["text"] for text in sms.got and sms.texts[1:]]
    assert words.startswith(said)
    assert "Another one, or to stop these texts: call North at 303-555-0100." in words
    assert calls() == []


def test_what_the_system_cancels_is_told_too(cast: Cast) -> None:
    session = announced(cast)
    cast.desk("prescriber").must(f"programs/{session.program_id}/discontinue/", {"reason": "Moves away"})
    assert texts(MONDAY) == ["Your appointment at North on Friday, May 8, 2026 at 9:00 AM MDT was cancelled."]


def test_a_session_that_was_never_announced_is_called_off_in_silence(cast: Cast) -> None:
    session = booked(cast, course(cast), FRIDAY)
    cancel(cast, session)
    assert texts(MONDAY) == []
    assert calls() == []


def test_a_client_who_wants_no_messages_any_more_gets_none_and_the_desk_calls(cast: Cast) -> None:
    session = announced(cast)
    answer = cast.desk("frontdesk").patch(f"clients/{session.client_id}/", {"communication_consent": None})
    assert answer.status_code == 200
    cancel(cast, session)
    assert texts(MONDAY) == []
    assert calls() == [("open", "front_desk")]
    task = Task.objects.get(kind="client_untold")
    cast.desk("frontdesk").must(f"tasks/{task.pk}/done/", {"outcome": "Called"})
    tell(MONDAY + HOUR)
    assert calls() == [("done", "front_desk")]  # asked once


def test_what_is_cancelled_at_night_is_told_in_the_morning(cast: Cast) -> None:
    session = announced(cast)
    with clock.fixed(NIGHT):
        endings.end(session_id=session.pk, move="cancel", reason="Ill", by=cast.frontdesk, at=NIGHT)
    assert [at for at, _ in watch(NIGHT, NIGHT + 12 * HOUR)] == [NIGHT + 9 * HOUR]  # 08:00
    assert calls() == []


def test_what_is_cancelled_in_the_night_before_it_is_a_call(cast: Cast) -> None:
    early = MONDAY + 22 * HOUR  # 07:00 of the next day, in the quiet hours
    session = announced(cast, early)
    with clock.fixed(NIGHT):
        endings.end(session_id=session.pk, move="cancel", reason="Ill", by=cast.frontdesk, at=NIGHT)
    assert watch(NIGHT, early) == []
    assert calls() == [("open", "front_desk")]


@pytest.mark.parametrize("on_booking", [True, False])
def test_a_move_is_told_under_every_plan_to_who_knows_the_old_time(cast: Cast, on_booking: bool) -> None:
    session = announced(cast)
    plan(cast, on_booking=on_booking)
    move(cast, session, FRIDAY + 26 * HOUR)
    move(cast, session, FRIDAY + 3 * HOUR)  # they never heard of the time between
    assert texts(MONDAY) == [
        "Your appointment at North was moved from Friday, May 8, 2026 at 9:00 AM MDT. "
        "It is now on Friday, May 8, 2026 at 12:00 PM MDT."
    ]


def test_each_of_those_that_move_together_is_told(cast: Cast) -> None:
    program = course(cast)
    first, second = (booked(cast, program, FRIDAY + days * 24 * HOUR) for days in (0, 3))
    tell(MONDAY)
    there = {"starts_at": moment(FRIDAY + 73 * HOUR), "ends_at": moment(FRIDAY + 74 * HOUR)}
    here = {"starts_at": moment(FRIDAY + HOUR), "ends_at": moment(FRIDAY + 2 * HOUR)}
    both = there | {"reason": "They asked", "also": [{"session": str(second.pk)} | here]}
    cast.desk("frontdesk").must(f"sessions/{first.pk}/reschedule/", both)
    assert sorted(texts(MONDAY)) == [
        "Your appointment at North was moved from Friday, May 8, 2026 at 9:00 AM MDT. "
        "It is now on Monday, May 11, 2026 at 10:00 AM MDT.",
        "Your appointment at North was moved from Monday, May 11, 2026 at 9:00 AM MDT. "
        "It is now on Friday, May 8, 2026 at 10:00 AM MDT.",
    ]


def test_a_move_that_nobody_knew_the_old_time_of_is_no_news_without_on_booking(cast: Cast) -> None:
    plan(cast, on_booking=False)
    session = booked(cast, course(cast), FRIDAY)
    tell(MONDAY)
    move(cast, session, FRIDAY + 3 * HOUR)
    assert texts(MONDAY) == []


def test_moved_unheard_and_then_cancelled_names_the_time_that_they_know(cast: Cast) -> None:
    session = announced(cast)
    move(cast, session, FRIDAY + 3 * HOUR)
    cancel(cast, session)
    assert texts(MONDAY) == ["Your appointment at North on Friday, May 8, 2026 at 9:00 AM MDT was cancelled."]


def test_a_session_called_off_after_its_time_is_not_told(cast: Cast) -> None:
    session = announced(cast)
    with clock.fixed(FRIDAY + HOUR):
        endings.end(session_id=session.pk, move="cancel", reason="Ill", by=cast.frontdesk, at=FRIDAY + HOUR)
        tell(FRIDAY + HOUR)
    assert "cancelled" not in [when for when, _ in states()]
    assert calls() == []


def test_a_cancellation_that_waits_is_not_sent_once_consent_is_gone(cast: Cast) -> None:
    session = announced(cast)
    with clock.fixed(NIGHT):
        endings.end(session_id=session.pk, move="cancel", reason="Ill", by=cast.frontdesk, at=NIGHT)
        tell(NIGHT)
    client = Client.objects.get(pk=session.client_id)
    client.communication_consent = {}
    client.save_by(cast.frontdesk, at=NIGHT)
    assert watch(NIGHT + HOUR, NIGHT + 12 * HOUR) == []
    assert Outbox.objects.get(template="reminder_cancelled").status == "cancelled"


def test_nothing_is_said_of_the_slot_that_was_held_for_a_dose(cast: Cast) -> None:
    session = people.booked(cast, course(cast), "dosing", FRIDAY)
    tell(MONDAY)
    cancel(cast, session)
    assert texts(MONDAY) == ["Your appointment at North on Friday, May 8, 2026 at 9:00 AM MDT was cancelled."]


@pytest.mark.parametrize("then", ["cancel", "move", "back"])
def test_what_changes_after_the_call_is_called_about_anew(cast: Cast, then: str) -> None:
    session = announced(cast)
    cast.desk("frontdesk").patch(f"clients/{session.client_id}/", {"communication_consent": None})
    move(cast, session, FRIDAY + 3 * HOUR)
    tell(MONDAY)
    task = Task.objects.get(kind="client_untold")
    cast.desk("frontdesk").must(f"tasks/{task.pk}/done/", {"outcome": "Called: they come at noon"})
    tell(MONDAY + HOUR / 2)
    assert calls() == [("done", "front_desk")]
    with clock.fixed(MONDAY + HOUR):
        if then == "cancel":
            cancel(cast, session)
        else:
            move(cast, session, FRIDAY if then == "back" else FRIDAY + 5 * HOUR)
    for n in range(1, 4):
        tell(MONDAY + n * HOUR)
    assert sorted(calls()) == [("done", "front_desk"), ("open", "front_desk")]


def test_a_cancellation_that_nobody_took_is_called_about_and_leaves_days_later(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = announced(cast, MONDAY + timedelta(days=14))
    cancel(cast, session)

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("refused")

    with monkeypatch.context() as away:
        away.setattr(EmailMessage, "send", refuse)
        for n in range(72):
            tell(MONDAY + n * HOUR / 12)
    assert ("cancelled", "dead") in states()
    assert calls() == [("open", "front_desk")]
    with clock.fixed(MONDAY + timedelta(days=3)):
        dead = Outbox.objects.get(status="dead")
        cast.desk("director").must(f"messages/{dead.pk}/retry/")
        tell(MONDAY + timedelta(days=3))
    assert ("cancelled", "sent") in states()
