"""What clients read: when and where, whom to call; and nothing that tells a stranger what the visit is for."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from kapclinic.practice.models import Location
from sessions.reminders.rules import texts
from tests import cast as people
from tests.cast import KINDS, MONDAY, Cast
from tests.sessions.reminders.telling import HOUR, Gateway, booked, course, reachable, tell, watch

FORBIDDEN = re.compile(
    r"ketamine|esketamine|spravato|lozenge|troche|infusion|inject|psychedel|psych|therap|\bkap\b|\bdos(e|es|ing)\b"
    r"|medicine|medication|drug|preparation|integration|\bmedical\b|maintenance|diagnos|depress|anxi|ptsd|mental"
    r"|F33|Robin|Sample|KC\d|session|program|patient",
    re.IGNORECASE,
)
START = MONDAY + timedelta(days=4, hours=2)
DENVER = ZoneInfo("America/Denver")
PLAIN = texts.Facts("North", "303-555-0100", datetime(2026, 5, 8, 11, 0, tzinfo=DENVER), "911 or 988")


def _every_text(sms: Gateway) -> list[str]:
    return [f"{message.subject}\n{message.body}" for message in mail.outbox] + [
        row["text"] for row in sms.texts
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_tells_what_the_visit_is_for(cast: Cast, sms: Gateway, kind: str) -> None:
    staff: dict[str, Any] = (
        {"staff": [{"user": cast.prescriber.pk, "role": "prescriber"}]} if kind == "medical" else {}
    )
    people.booked(cast, course(cast), kind, START, **staff)
    watch(MONDAY, START, every=2 * HOUR)
    found = _every_text(sms)
    assert len(found) == 8
    for text in found:
        assert FORBIDDEN.search(text) is None, text
        assert "not monitored" in text
        assert "In an emergency call 911 or 988." in text
        assert "303-555-0100" in text
        assert "North on Friday, May 8, 2026 at 11:00 AM MDT" in text
        assert len(text) < 700


def test_the_last_day_says_how_to_come_to_a_dose_and_only_then(cast: Cast, sms: Gateway) -> None:
    people.booked(cast, course(cast), "dosing", START)
    left = watch(MONDAY, START, every=HOUR)
    fasting = "Please eat nothing in the last 4 hours before it. Drink nothing in the last 2 hours"
    ride = "You cannot drive yourself home: an adult must take you. Do not drive until the next day."
    assert [fasting in text for _, text in left] == [False, False, True, True]
    assert [ride in text for _, text in left] == [False, False, True, True]
    assert [fasting in row["text"] and ride in row["text"] for row in sms.texts] == [False, False, True, True]


def test_a_dose_that_is_booked_for_tomorrow_says_how_to_come_at_once(cast: Cast) -> None:
    people.booked(cast, course(cast), "dosing", MONDAY + 6 * HOUR)
    tell(MONDAY)
    assert "an adult must take you" in mail.outbox[0].body


def test_a_clinic_that_reminds_early_only_says_how_to_come_then(cast: Cast) -> None:
    body = {"hours_before": [72], "on_booking": False}
    assert cast.desk("admin").patch(f"reminder-plans/{cast.north.pk}/", body).status_code == 200
    people.booked(cast, course(cast), "dosing", START)
    assert ["an adult must take you" in text for _, text in watch(MONDAY, START, every=2 * HOUR)] == [True]


def test_the_hours_of_fasting_are_the_protocols(cast: Cast) -> None:
    protocol = people.approved_protocol(cast, fasting_hours={"solid": 8, "clear": 1})
    program = people.opened_program(cast, protocol=protocol, who=reachable(cast))
    people.booked(cast, program, "dosing", MONDAY + 6 * HOUR)
    tell(MONDAY)
    assert (
        "eat nothing in the last 8 hours before it. Drink nothing in the last 1 hour;" in mail.outbox[0].body
    )


def test_other_visits_need_no_fasting(cast: Cast) -> None:
    booked(cast, course(cast), MONDAY + 6 * HOUR)
    tell(MONDAY)
    assert "eat" not in mail.outbox[0].body.split()
    assert "adult" not in mail.outbox[0].body


def test_a_telling_name_of_the_clinic_is_left_out(cast: Cast) -> None:
    north = Location.objects.get(pk=cast.north.pk)
    north.name = "Denver Ketamine Wellness"
    north.save_by(cast.admin, at=MONDAY)
    booked(cast, course(cast), START)
    tell(MONDAY)
    assert "You have an appointment at your clinic on Friday" in mail.outbox[0].body
    body = {"sender_name": "Aspen House"}
    assert cast.desk("admin").patch(f"reminder-plans/{north.pk}/", body).status_code == 200
    assert (
        "A reminder of your appointment at Aspen House on"
        in watch(START - 48 * HOUR, START - 47 * HOUR)[0][1]
    )


def test_the_mail_says_that_a_machine_sent_it_and_which_message_it_is(cast: Cast) -> None:
    from kapclinic.trail.models import Outbox

    booked(cast, course(cast), START)
    tell(MONDAY)
    (message,) = mail.outbox
    assert message.to == ["robin@example.test"]
    assert message.message()["Message-ID"] == f"<{Outbox.objects.get().pk}@kapclinic>"
    assert message.message()["Auto-Submitted"] == "auto-generated"


def test_every_shape_of_text_names_place_time_number_and_emergency() -> None:
    shapes = itertools.product(
        [True, False], [None, PLAIN.starts_at + HOUR], [True, False], [True, False], ["", "Or go there."]
    )
    for is_new, before, instructs, at_home, emergency in shapes:
        facts = texts.Facts(
            PLAIN.place,
            PLAIN.phone,
            PLAIN.starts_at,
            PLAIN.emergency_phone,
            emergency_text=emergency,
            is_new=is_new,
            before=before,
            instructs=instructs,
            fasting={"solid": 4, "clear": 2},
            at_home=at_home,
        )
        for text in (texts.email(facts), texts.sms(facts)):
            assert FORBIDDEN.search(text) is None
            assert "not monitored" in text
            assert text.rstrip().endswith(emergency or "call 911 or 988.")
            assert ("was moved from" in text) == (before is not None)
            assert ("take you" in text) == (instructs and not at_home)
        assert "\n" not in texts.sms(facts)


@pytest.mark.parametrize(
    ("hour", "shown"), [(0, "12:05 AM"), (9, "9:05 AM"), (12, "12:05 PM"), (13, "1:05 PM"), (23, "11:05 PM")]
)
def test_times_are_american(hour: int, shown: str) -> None:
    assert (
        texts.when(datetime(2028, 2, 29, hour, 5, tzinfo=DENVER))
        == f"Tuesday, February 29, 2028 at {shown} MST"
    )
