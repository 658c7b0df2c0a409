"""SMS through a gateway on this machine: signed, told apart from its repeats, tried again, given up in sight."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from kapclinic.practice.rules import e164
from kapclinic.trail import rules as trail_rules
from kapclinic.trail.models import Outbox
from kapclinic.trail.services import queue_message, send_waiting
from sessions.reminders import sms as sending
from sessions.reminders.services import sweep_reminders
from sessions.sweep.steps import send_messages
from tests.cast import MONDAY, Cast
from tests.sessions.reminders.telling import HOUR, Gateway, booked, course, rows, states, tell

START = MONDAY + timedelta(days=4)


def _minutes(*waits: int) -> list[Any]:
    at, found = MONDAY, []
    for wait in waits:
        at += timedelta(minutes=wait)
        found.append(at)
    return found


def test_a_text_message_is_signed_and_carries_the_key_of_its_row(cast: Cast, sms: Gateway) -> None:
    booked(cast, course(cast), START)
    assert tell(MONDAY) == 2
    row = Outbox.objects.get(channel="sms")
    ((headers, body),) = sms.got
    sent = json.loads(body)
    assert (set(sent), sent["id"], sent["to"]) == ({"id", "to", "text"}, str(row.pk), "+13035550142")
    expected = hmac.new(b"between us", body, hashlib.sha256).hexdigest()
    assert headers["X-Kapclinic-Signature"] == f"sha256={expected}"
    assert headers["X-Idempotency-Key"] == str(row.pk)
    assert headers["Content-Type"] == "application/json"
    assert row.status == "sent"


def test_a_refusing_gateway_is_asked_again_later_and_later_and_then_no_more(cast: Cast, sms: Gateway) -> None:
    sms.status = 500
    booked(cast, course(cast), START)
    for tries, at in enumerate([MONDAY, *_minutes(1, 2, 4, 8, 16, 32, 64)], start=1):
        tell(at - timedelta(seconds=1))
        assert len(sms.got) == tries - 1
        tell(at)
        assert len(sms.got) == tries
        assert Outbox.objects.get(channel="sms").attempts == tries
    assert states(channel="sms") == [("booking", "dead")]
    tell(MONDAY + 20 * HOUR)
    assert len(sms.got) == 8
    assert len({headers["X-Idempotency-Key"] for headers, _ in sms.got}) == 1
    assert states() == [("booking", "sent")]  # mail went its own way


def test_a_dead_message_is_seen_and_sent_again_by_hand(cast: Cast, sms: Gateway) -> None:
    booked(cast, course(cast), START)
    sms.status = 500
    for at in [MONDAY, *_minutes(1, 2, 4, 8, 16, 32, 64)]:
        tell(at)
    (dead,) = cast.desk("admin").get("messages/", status="dead").json()["results"]
    assert (dead["template"], dead["attempts"], dead["allowed_moves"]) == ("reminder_booking", 8, ["retry"])
    sms.status = 200
    with clock.fixed(MONDAY + 4 * HOUR):
        again = cast.desk("admin").must(f"messages/{dead['id']}/retry/")
        assert (again["status"], again["attempts"]) == ("pending", 0)
        assert tell(MONDAY + 4 * HOUR) == 1
    assert states(channel="sms") == [("booking", "sent")]


@pytest.mark.parametrize("status", [302, 400, 404, 429, 503])
def test_only_2xx_counts_as_sent(cast: Cast, sms: Gateway, status: int) -> None:
    sms.status = status
    booked(cast, course(cast), START)
    tell(MONDAY)
    assert states(channel="sms") == [("booking", "pending")]


def test_a_gateway_that_is_gone_loses_nothing(cast: Cast, settings: Any) -> None:
    settings.SMS_WEBHOOK_URL, settings.SMS_WEBHOOK_SECRET = "http://127.0.0.1:9/sms", "between us"
    booked(cast, course(cast), START)
    tell(MONDAY)
    assert rows(channel="sms") == [("booking", "pending", MONDAY + timedelta(minutes=1))]


def test_a_gateway_that_hangs_keeps_nobody_else_waiting(
    cast: Cast, sms: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail_rules, "CHANNEL_SECONDS", 0.2)
    monkeypatch.setattr(sending, "SECONDS", 0.25)
    sms.delay = 0.5
    program = course(cast)
    for day in range(4):
        booked(cast, program, START + timedelta(days=day))
    tell(MONDAY)
    assert Outbox.objects.filter(channel="sms", attempts=1).count() == 1
    assert Outbox.objects.filter(channel="sms", attempts=0).count() == 3
    assert states() == [("booking", "sent")] * 4


def test_staff_are_told_before_clients(cast: Cast) -> None:
    booked(cast, course(cast), START)
    sweep_reminders(at=MONDAY)
    queue_message(key="worklist", template="worklist", recipient=cast.np.pk, at=MONDAY + HOUR)
    queue_message(key="gone", template="worklist", recipient=cast.billing.pk, at=MONDAY + HOUR)
    cast.billing.is_active = False
    cast.billing.save_by(SYSTEM, at=MONDAY)
    send_messages(at=MONDAY + HOUR)
    assert [message.to for message in mail.outbox] == [[cast.np.email], ["robin@example.test"]]
    gone = Outbox.objects.get(key="gone")  # not tried for days, and then shown as lost
    assert (gone.status, gone.attempts) == ("cancelled", 1)


def test_a_reminder_that_failed_until_the_session_began_is_shown_as_lost(cast: Cast, sms: Gateway) -> None:
    sms.status = 500
    start = MONDAY + HOUR
    booked(cast, course(cast), start)
    for at in [MONDAY, *_minutes(1, 2, 4, 8, 16, 32)]:
        tell(at)
    assert states(channel="sms") == [("booking", "dead")]
    assert Outbox.objects.get(channel="sms").attempts == 7
    assert len(sms.got) == 6  # the seventh try found that it was too late


def test_a_message_that_kills_its_worker_every_time_is_given_up(cast: Cast) -> None:
    class Killed(BaseException):
        pass

    def kill(row: Outbox) -> None:
        raise Killed

    queue_message(key="poison", template="worklist", recipient=cast.np.pk, at=MONDAY)
    at = MONDAY
    for _ in range(trail_rules.OUTBOX_TRIES):
        with pytest.raises(Killed):
            send_waiting(deliver=kill, at=at)
        at = Outbox.objects.get().next_at
    assert send_waiting(deliver=kill, at=at) == 0
    assert Outbox.objects.get().status == "dead"


def test_neither_number_nor_text_is_logged(
    cast: Cast, sms: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    sms.status = 500
    booked(cast, course(cast), START)
    with caplog.at_level(logging.DEBUG):
        tell(MONDAY)
    assert "outbox" in caplog.text
    for secret in ("555", "robin@", "appointment", "between us"):
        assert secret not in caplog.text.lower()


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("303-555-0142", "+13035550142"),
        ("(303) 555 0142", "+13035550142"),
        ("1-303-555-0142", "+13035550142"),
        ("+44 20 7946 0958", "+442079460958"),
        ("555-0142", ""),
        ("+12", ""),
    ],
)
def test_numbers_as_gateways_want_them(phone: str, number: str) -> None:
    assert e164(phone) == number
