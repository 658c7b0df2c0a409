"""What a client knows is what they heard last, however: after an outage, by two channels, there and back, by a call."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from kapclinic.core import clock
from kapclinic.trail.models import Outbox, Task
from programs.models import Program
from sessions.booking.models import Session
from sessions.visits.services import endings
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.reminders.telling import (
    HOUR,
    Gateway,
    booked,
    cancel,
    course,
    move,
    run,
    states,
    tell,
    watch,
)

DAY = timedelta(days=1)
FRIDAY = MONDAY + 4 * DAY  # 09:00 in Denver
FAR = MONDAY + 14 * DAY
KNOWN = "Your appointment at North was moved from Friday, May 8, 2026 at 9:00 AM MDT. It is now on "


def plan(cast: Cast, **values: Any) -> None:
    answer = cast.desk("director").patch(f"reminder-plans/{cast.north.pk}/", values)
    assert answer.status_code == 200, answer.content


def consent(cast: Cast, client_id: Any, given: dict[str, bool] | None, at: datetime = MONDAY) -> None:
    with clock.fixed(at):
        answer = cast.desk("frontdesk").patch(f"clients/{client_id}/", {"communication_consent": given})
    assert answer.status_code == 200, answer.content


def calls(session: Session | None = None) -> list[tuple[str, str]]:
    """(state, what settled it) of each call, oldest first."""
    found = Task.objects.filter(kind="client_untold").order_by("created_at", "pk")
    return list((found.filter(subject_id=session.pk) if session else found).values_list("state", "outcome"))


def done(cast: Cast) -> None:
    task = Task.objects.get(kind="client_untold", state="open")
    cast.desk("frontdesk").must(f"tasks/{task.pk}/done/", {"outcome": "Called"})


def said(since: int) -> list[str]:
    return [str(message.body).split("\n")[0] for message in mail.outbox[since:]]


def announced(cast: Cast, starts_at: datetime = FRIDAY) -> Session:
    session = booked(cast, course(cast), starts_at)
    tell(MONDAY)
    return session


# --- after an outage --------------------------------------------------------------------------------------


def test_after_an_outage_of_days_everybody_is_told_or_called(cast: Cast) -> None:
    told, silent = course(cast), course(cast, email="sam@example.test")

    def book(program: Program, hour: int) -> list[Session]:
        return [booked(cast, program, MONDAY + n * DAY + hour * HOUR) for n in (1, 12, 13)]

    by_mail, by_call = book(told, 0), book(silent, 1)
    run(MONDAY)
    with clock.fixed(MONDAY + HOUR):  # the worker is down from now on
        new = booked(cast, told, MONDAY + 16 * DAY)
        for hour, (passed, later, off) in ((2, by_mail), (3, by_call)):
            move(cast, passed, FAR + hour * HOUR)
            move(cast, later, FAR + 2 * DAY + hour * HOUR)
            cancel(cast, off)
    consent(cast, silent.client_id, None, MONDAY + HOUR)
    before = len(mail.outbox)
    for minutes in range(3):
        run(MONDAY + 5 * DAY + timedelta(minutes=minutes))
    assert sorted(said(before)) == [
        "Your appointment at North on Sunday, May 17, 2026 at 9:00 AM MDT was cancelled.",
        "Your appointment at North was moved from Saturday, May 16, 2026 at 9:00 AM MDT. "
        "It is now on Wednesday, May 20, 2026 at 11:00 AM MDT.",
        "Your appointment at North was moved from Tuesday, May 5, 2026 at 9:00 AM MDT. "
        "It is now on Monday, May 18, 2026 at 11:00 AM MDT.",
    ]
    assert [calls(session) for session in by_call] == [[("open", "")]] * 3
    assert len(calls()) == 3
    assert not Outbox.objects.filter(subject_id=new.pk).exists()  # booked days ago: its reminders say it


def test_after_an_outage_a_message_that_would_come_too_late_is_a_call(cast: Cast) -> None:
    early = MONDAY + 22 * HOUR  # 07:00 of the next day, in the quiet hours
    session = announced(cast, early)
    move(cast, session, FRIDAY)
    night = MONDAY + 15 * HOUR  # the worker slept from noon to midnight
    assert tell(night) == 0
    assert calls() == [("open", "")]
    assert [at for at, _ in watch(night + HOUR, early + 2 * HOUR)] == [
        night + 8 * HOUR
    ]  # 08:00, all the same
    assert calls() == [("done", "A message has told the client.")]


def test_tries_that_fail_until_the_client_would_come_are_a_call(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = announced(cast, MONDAY + HOUR)
    move(cast, session, FRIDAY)

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("refused")

    with monkeypatch.context() as away:
        away.setattr(EmailMessage, "send", refuse)
        for minutes in (0, 1, 3, 7, 15, 16):
            tell(MONDAY + timedelta(minutes=minutes))
        assert calls() == []
        for minutes in (31, 32):
            tell(MONDAY + timedelta(minutes=minutes))
    assert calls() == [("open", "")]  # the next try is at 10:03


# --- what they heard last, on any channel -----------------------------------------------------------------


@pytest.mark.parametrize("on_booking", [True, False])
def test_both_channels_tell_of_a_move_from_the_time_that_the_client_knew(
    cast: Cast, sms: Gateway, on_booking: bool
) -> None:
    session = announced(cast)
    plan(cast, on_booking=on_booking)
    move(cast, session, FRIDAY + 26 * HOUR)
    move(cast, session, FRIDAY + 3 * HOUR)  # they never heard of the time between
    sms.status, before = 503, len(mail.outbox)
    tell(MONDAY)
    sms.status = 200
    tell(MONDAY + HOUR)  # one an hour after the other
    assert said(before) == [KNOWN + "Friday, May 8, 2026 at 12:00 PM MDT."]
    assert sms.texts[-1]["text"].startswith(said(before)[0])
    assert states(channel="sms")[-1] == ("booking", "sent")
    tell(MONDAY + 2 * HOUR)
    assert len(mail.outbox) == before + 1


def test_a_move_there_and_back_of_which_nobody_heard_is_no_news(cast: Cast) -> None:
    session = announced(cast)
    move(cast, session, FRIDAY + 26 * HOUR)
    move(cast, session, FRIDAY)
    before = len(mail.outbox)
    tell(MONDAY)
    assert said(before) == []
    left = watch(FRIDAY - 48 * HOUR, FRIDAY)
    assert [at for at, _ in left] == [FRIDAY - 48 * HOUR, FRIDAY - 24 * HOUR, FRIDAY - HOUR]
    assert not any("moved" in text for _, text in left)


def test_who_was_told_to_come_is_told_that_it_is_by_video_and_back(cast: Cast, sms: Gateway) -> None:
    session = announced(cast)
    for way, words in (
        ("video", "It is now by video: please do not come to us."),
        ("in_person", "It is no longer by video: please come to us."),
    ):
        before = len(mail.outbox)
        move(cast, session, FRIDAY, modality=way)
        tell(MONDAY)
        text = f"Your appointment at North on Friday, May 8, 2026 at 9:00 AM MDT was changed. {words}"
        assert said(before) == [text]
        assert sms.texts[-1]["text"].startswith(text)
    consent(cast, session.client_id, None)
    move(cast, session, FRIDAY, modality="video")
    tell(MONDAY)
    assert calls() == [("open", "")]
    move(cast, session, FRIDAY, modality="in_person")
    tell(MONDAY)
    assert calls() == [("done", "The session is again as the client knows it.")]
    consent(cast, session.client_id, {"email": True})
    move(cast, session, FRIDAY + 2 * HOUR, modality="video")
    tell(MONDAY)
    assert said(0)[-1] == (
        f"{KNOWN}Friday, May 8, 2026 at 11:00 AM MDT. It is now by video: please do not come to us."
    )
    (left,) = watch(FRIDAY, FRIDAY)
    assert "on Friday, May 8, 2026 at 11:00 AM MDT. It is by video.\n" in left[1]


def test_a_time_of_which_nobody_heard_is_not_what_a_new_booking_moved_from(cast: Cast) -> None:
    session = booked(cast, course(cast), FRIDAY)
    move(cast, session, FRIDAY + 3 * HOUR)
    tell(MONDAY)
    assert said(0)[-1] == "You have an appointment at North on Friday, May 8, 2026 at 12:00 PM MDT."


def test_a_reminder_that_is_the_first_to_tell_of_a_move_says_so(cast: Cast) -> None:
    session = announced(cast)
    with clock.fixed(
        MONDAY + 14 * HOUR
    ):  # at night, to 33 hours later: its morning is the one of the reminder
        move(cast, session, MONDAY + 47 * HOUR)
    left = watch(MONDAY + 14 * HOUR, MONDAY + 47 * HOUR)
    assert left[0][0] == MONDAY + 23 * HOUR
    assert left[0][1].startswith(KNOWN + "Wednesday, May 6, 2026 at 8:00 AM MDT.")
    assert not any("moved" in text for _, text in left[1:])


def test_what_was_cancelled_is_told_before_what_was_booked_instead(cast: Cast) -> None:
    session = announced(cast)
    before = len(mail.outbox)
    night = MONDAY + 14 * HOUR
    with clock.fixed(night):
        endings.end(session_id=session.pk, move="cancel", reason="Ill", by=cast.frontdesk, at=night)
        booked(cast, session.program, FRIDAY)
    tell(night)
    tell(night + 9 * HOUR)
    assert said(before) == [
        "Your appointment at North on Friday, May 8, 2026 at 9:00 AM MDT was cancelled.",
        "You have an appointment at North on Friday, May 8, 2026 at 9:00 AM MDT.",
    ]


# --- the call ---------------------------------------------------------------------------------------------


def test_a_call_goes_when_the_session_is_back_at_the_time_that_the_client_knows(cast: Cast) -> None:
    session = announced(cast)
    consent(cast, session.client_id, None)
    move(cast, session, FRIDAY + 3 * HOUR)
    tell(MONDAY)
    assert calls() == [("open", "")]
    with clock.fixed(MONDAY + HOUR):
        move(cast, session, FRIDAY)
    tell(MONDAY + HOUR)
    back = ("done", "The session is again as the client knows it.")
    assert calls() == [back]
    with clock.fixed(MONDAY + 2 * HOUR):  # nobody called, so it is asked again of a new move
        move(cast, session, FRIDAY + 3 * HOUR)
    tell(MONDAY + 2 * HOUR)
    assert calls() == [back, ("open", "")]
    consent(cast, session.client_id, {"email": True}, MONDAY + 3 * HOUR)
    before = len(mail.outbox)
    tell(MONDAY + 3 * HOUR)
    tell(MONDAY + 4 * HOUR)
    assert said(before) == [KNOWN + "Friday, May 8, 2026 at 12:00 PM MDT."]
    assert calls() == [back, ("done", "A message has told the client.")]


def test_a_call_about_a_session_that_changes_again_is_asked_anew(cast: Cast) -> None:
    session = announced(cast)
    consent(cast, session.client_id, None)
    move(cast, session, FRIDAY + 3 * HOUR)
    tell(MONDAY)
    old = Task.objects.get(kind="client_untold")
    with clock.fixed(MONDAY + HOUR):
        move(cast, session, FRIDAY + 5 * HOUR)
    tell(MONDAY + HOUR)
    changed = ("done", "The session has changed again since.")
    assert calls() == [changed, ("open", "")]
    stale = cast.desk("frontdesk").post(f"tasks/{old.pk}/done/", {"outcome": "Called: they come at noon"})
    assert stale.status_code == 409
    done(cast)
    for hours in (2, 9):
        tell(MONDAY + hours * HOUR)
    assert calls() == [changed, ("done", "Called")]
    with clock.fixed(MONDAY + 9 * HOUR):
        cancel(cast, session)
    tell(MONDAY + 9 * HOUR)
    assert calls() == [changed, ("done", "Called"), ("open", "")]


def test_a_call_goes_when_the_client_has_come(cast: Cast) -> None:
    session = announced(cast)
    consent(cast, session.client_id, None)
    move(cast, session, MONDAY + HOUR)
    tell(MONDAY)
    assert calls() == [("open", "")]
    cast.desk("frontdesk").must(f"sessions/{session.pk}/check-in/")
    tell(MONDAY)
    assert calls() == [("done", "The client has come.")]


def test_who_was_told_that_it_is_off_is_not_called_when_they_want_no_messages_any_more(
    cast: Cast, sms: Gateway
) -> None:
    session = announced(cast)
    cancel(cast, session)
    sms.status = 503  # the mail was enough
    tell(MONDAY)
    consent(cast, session.client_id, None, MONDAY + HOUR)
    for hours in (1, 2, 8):
        tell(MONDAY + hours * HOUR)
    assert states()[-1] == ("cancelled", "sent")
    assert calls() == []


# --- how to come ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [[48, 2], [72, 48, 12]])
def test_the_last_message_before_the_fast_says_how_to_come(cast: Cast, hours: list[int]) -> None:
    plan(cast, hours_before=hours)  # what is for the night before leaves at 08:00, too late to fast
    people.booked(cast, course(cast), "dosing", FRIDAY)
    left = watch(MONDAY, FRIDAY)
    assert [FRIDAY - at for at, text in left if "eat nothing" in text] == [48 * HOUR, HOUR]
