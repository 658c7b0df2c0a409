"""What a calendar shows: times that are right in every zone and on every day, and neither names nor kinds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from kapclinic.core import clock
from kapclinic.practice.models import Location
from programs import services as programs
from sessions.booking.models import Session
from sessions.calendars.rendering import render
from sessions.calendars.rules import Event
from sessions.calendars.rules.zones import vtimezone
from tests import cast as people
from tests.cast import KINDS, MONDAY, Cast
from tests.journeys.steps import moment
from tests.sessions.calendars.reading import booked, by_icalendar, by_vobject, feed, fetch, read, shown

DENVER = ZoneInfo("America/Denver")
TUESDAY = MONDAY + timedelta(days=1)


def move(cast: Cast, session: Session, **body: Any) -> None:
    whole = {
        "starts_at": moment(session.starts_at),
        "ends_at": moment(session.ends_at),
        "override_reason": "As asked",
        "reason": "As asked",
    }
    cast.desk("frontdesk").must(f"sessions/{session.pk}/reschedule/", whole | body)


def test_a_person_and_a_room_read_the_same_session(cast: Cast) -> None:
    session = booked(cast, people.opened_program(cast), TUESDAY)
    assert read(feed(cast, "therapist")["url"]) == [shown(session)]
    assert read(feed(cast, "frontdesk", room=str(cast.aspen.pk))["url"]) == [shown(session, summary="Busy")]
    assert read(feed(cast, "other_therapist")["url"]) == []
    assert read(feed(cast, "frontdesk", room=str(cast.birch.pk))["url"]) == []


def test_neither_names_nor_kinds_nor_anything_else_of_the_record(cast: Cast) -> None:
    program = people.cleared_program(cast)
    staff = {"staff": [{"user": cast.prescriber.pk, "role": "prescriber"}]}
    for day, kind in enumerate(KINDS):
        more = staff if kind == "medical" else {}
        booked(cast, program, TUESDAY + timedelta(days=day), kind=kind, **more)
    urls = [feed(cast, who)["url"] for who in ("therapist", "np", "prescriber")]
    urls.append(feed(cast, "frontdesk", room=str(cast.aspen.pk))["url"])
    client = program.client
    secrets = [
        *KINDS,
        "robin",
        "sample",
        client.mrn,
        str(client.pk),
        str(program.pk),
        "f33",
        "ketamine",
        "kap ",
    ]
    secrets += [user.name for user in cast.people.values()] + [user.email for user in cast.people.values()]
    for url in urls:
        content = fetch(url).content.decode()
        assert "BEGIN:VEVENT" in content
        for secret in secrets:
            assert secret.lower() not in content.lower(), secret
        allowed = {
            "BEGIN",
            "END",
            "UID",
            "SEQUENCE",
            "DTSTAMP",
            "LAST-MODIFIED",
            "DTSTART",
            "DTEND",
            "SUMMARY",
        }
        allowed |= {"LOCATION", "STATUS", "CLASS"}
        for event in re.findall(r"BEGIN:VEVENT.*?END:VEVENT", content, re.DOTALL):
            assert {re.split(r"[;:]", line)[0] for line in event.split("\r\n")} <= allowed


def test_a_slot_that_is_held_is_tentative_and_moves_raise_the_sequence(cast: Cast) -> None:
    dose = booked(cast, people.cleared_program(cast), TUESDAY, kind="dosing", hours=3)
    held = Session.objects.get(for_dose=dose)
    url = feed(cast)["url"]
    assert read(url) == [
        shown(dose),
        shown(held, status="TENTATIVE", place=held.room.name if held.room else ""),
    ]
    before = {event.uid: event.sequence for event in read(url)}
    again = read(url)
    assert {event.uid: event.sequence for event in again} == before
    start = TUESDAY + timedelta(hours=1)
    move(cast, dose, starts_at=moment(start), ends_at=moment(start + timedelta(hours=3)))
    moved = next(event for event in read(url) if event.uid.startswith(str(dose.pk)))
    assert moved.starts_at == start
    assert moved.sequence > before[moved.uid]


@pytest.mark.parametrize("end", ["cancel", "no-show"])
def test_a_session_that_does_not_take_place_is_shown_as_cancelled(cast: Cast, end: str) -> None:
    session = booked(cast, people.opened_program(cast), TUESDAY)
    urls = [feed(cast)["url"], feed(cast, "frontdesk", room=str(cast.aspen.pk))["url"]]
    before = read(urls[0])[0]
    with clock.fixed(TUESDAY + timedelta(hours=2)):
        desk = people.Desk(cast.frontdesk)
        desk.must(f"sessions/{session.pk}/{end}/", {"reason": "Did not come"})
        for url in urls:
            (event,) = read(url)
            assert (event.status, event.uid, event.starts_at) == ("CANCELLED", before.uid, TUESDAY)
            assert event.sequence > before.sequence


def test_a_session_that_goes_to_somebody_else_is_cancelled_where_it_was(cast: Cast) -> None:
    session = booked(cast, people.opened_program(cast), TUESDAY)
    mine, room = feed(cast)["url"], feed(cast, "frontdesk", room=str(cast.aspen.pk))["url"]
    theirs = feed(cast, "other_therapist")["url"]
    start = TUESDAY + timedelta(days=80)  # beyond the window
    move(
        cast,
        session,
        starts_at=moment(start),
        ends_at=moment(start + timedelta(hours=1)),
        staff=[{"user": str(cast.other_therapist.pk), "role": "therapist"}],
        room=str(cast.birch.pk),
    )
    session.refresh_from_db()
    for url, place in ((mine, ""), (room, "Aspen")):
        (event,) = read(url)
        assert (event.starts_at, event.ends_at) == (TUESDAY, TUESDAY + timedelta(hours=1))
        assert (event.status, event.sequence, event.place) == ("CANCELLED", session.version, place)
    assert read(theirs) == []
    with clock.fixed(TUESDAY + timedelta(days=30)):
        assert read(theirs) == [shown(session, place="Birch")]


def test_a_session_that_comes_back_is_confirmed_again(cast: Cast) -> None:
    session = booked(cast, people.opened_program(cast), TUESDAY)
    url = feed(cast)["url"]
    for who in (cast.other_therapist, cast.therapist):
        move(cast, session, staff=[{"user": str(who.pk), "role": "therapist"}])
    assert read(url) == [shown(session)]


def test_the_window_is_a_week_back_and_sixty_days_ahead(cast: Cast) -> None:
    program = people.opened_program(cast)
    inside = [booked(cast, program, MONDAY + timedelta(days=days)) for days in (-6, 0, 59)]
    booked(cast, program, MONDAY + timedelta(days=61))
    url = feed(cast)["url"]
    assert [event.uid for event in read(url)] == [f"{session.pk}@kapclinic" for session in inside]
    with clock.fixed(MONDAY + timedelta(days=5)):
        assert len(read(url)) == 3  # the first has gone, the last has come


# --- times ----------------------------------------------------------------------------------------------


def _local(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=DENVER, fold=fold)  # type: ignore[arg-type, misc]


ODD_DAYS = [
    pytest.param(_local(2026, 3, 8, 1, 0), 3, id="into the hour that is left out"),
    pytest.param(_local(2026, 3, 8, 0, 0), 12, id="most of the day of 23 hours"),
    pytest.param(_local(2026, 11, 1, 0, 30), 4, id="over the hour that comes twice"),
    pytest.param(_local(2026, 11, 1, 1, 30), 1, id="to the hour that comes twice"),
    pytest.param(_local(2026, 11, 1, 1, 30, fold=1), 1, id="from the hour that comes twice"),
    pytest.param(_local(2026, 5, 5, 22, 0), 4, id="across midnight"),
    pytest.param(_local(2026, 12, 31, 22, 0), 4, id="across the year"),
    pytest.param(_local(2028, 2, 29, 9, 0), 1, id="on the 29th of February"),
    pytest.param(_local(2028, 2, 28, 23, 0), 2, id="into the 29th of February"),
]


@pytest.mark.parametrize(("starts_at", "hours"), ODD_DAYS)
def test_times_are_right_for_both_readers(cast: Cast, starts_at: datetime, hours: int) -> None:
    start = starts_at.astimezone(UTC)
    with clock.fixed(start - timedelta(days=2)):
        session = booked(cast, people.opened_program(cast), start, hours=hours)
        (event,) = read(feed(cast)["url"])
    assert event == shown(session)
    assert (event.starts_at, event.ends_at) == (start, start + timedelta(hours=hours))


def test_times_are_written_in_the_zone_of_the_location(cast: Cast) -> None:
    booked(cast, people.opened_program(cast), TUESDAY)
    content = fetch(feed(cast)["url"]).content.decode()
    assert "DTSTART;TZID=America/Denver:20260505T090000" in content
    assert content.count("BEGIN:VTIMEZONE") == 1
    assert "TZID:America/Denver" in content


def test_somebody_of_two_places_reads_both_zones(cast: Cast) -> None:
    both = people.staff("both", ["therapist"], cast.north, kap_trained=True)
    both.locations = [cast.north.pk, cast.south.pk]
    both.save_by(cast.admin, at=MONDAY)
    cast.people["both"] = both
    here = people.opened_program(cast)
    client = people.client(cast.south, by=cast.south_frontdesk, first="Kim")
    values = {
        "client": client.pk,
        "protocol": here.protocol_id,
        "location": cast.south.pk,
        "therapist": both.pk,
        "prescriber": cast.south_prescriber.pk,
        "accepted_modalities": ["in_person"],
    }
    away = programs.open_program(values=values, by=cast.south_frontdesk, at=MONDAY)
    staff = [{"user": both.pk, "role": "therapist"}]
    booked(cast, here, TUESDAY, staff=staff)
    start = TUESDAY + timedelta(hours=3)
    body = {
        "program": str(away.pk),
        "kind": "preparation",
        "modality": "in_person",
        "starts_at": moment(start),
        "ends_at": moment(start + timedelta(hours=1)),
        "room": str(cast.cedar.pk),
        "staff": [{"user": str(both.pk), "role": "therapist"}],
        "override_reason": "As asked",
    }
    cast.desk("south_frontdesk").must("sessions/", body)
    url = feed(cast, "both")["url"]
    assert [event.starts_at for event in read(url)] == [TUESDAY, start]
    content = fetch(url).content.decode()
    assert "DTSTART;TZID=America/New_York:20260505T140000" in content
    assert content.count("BEGIN:VTIMEZONE") == 2


ZONES = [
    "America/Denver",
    "America/New_York",
    "America/Phoenix",
    "Pacific/Honolulu",
    "Australia/Lord_Howe",
    "Europe/London",
]


@pytest.mark.parametrize("name", ZONES)
def test_the_time_zone_of_the_file_is_that_of_the_world(name: str) -> None:
    """A third reader, dateutil, knows only the VTIMEZONE; every hour of three years must come out the same."""
    text = vtimezone(name, 2026, 2028).to_ical().decode().replace("\r\n", "\n")
    theirs, ours = tzical(StringIO(text)).get(name), ZoneInfo(name)
    at = datetime(2026, 1, 2, tzinfo=UTC)
    while at < datetime(2028, 12, 30, tzinfo=UTC):
        local = at.astimezone(ours)
        if not local.fold:
            assert local.replace(tzinfo=theirs).utcoffset() == local.utcoffset(), local
        at += timedelta(hours=1)


def test_the_clock_changes_at_the_local_time_that_ends(cast: Cast) -> None:
    text = vtimezone("America/Denver", 2026, 2026).to_ical().decode()
    spring = (
        "BEGIN:DAYLIGHT\r\nDTSTART:20260308T020000\r\nTZNAME:MDT\r\nTZOFFSETFROM:-0700\r\nTZOFFSETTO:-0600"
    )
    autumn = (
        "BEGIN:STANDARD\r\nDTSTART:20261101T020000\r\nTZNAME:MST\r\nTZOFFSETFROM:-0600\r\nTZOFFSETTO:-0700"
    )
    assert spring in text
    assert autumn in text


def test_a_room_with_commas_and_line_ends_stays_one_line() -> None:
    place = "Aspen, left; \\ back\nEND:VEVENT ünïcode " + "x" * 200
    event = Event("1@kapclinic", 3, MONDAY, MONDAY, TUESDAY, "America/Denver", "Busy", place, "CONFIRMED")
    content = render([event], zones=["America/Denver"], at=MONDAY)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    for reader in (by_icalendar, by_vobject):
        assert [found.place for found in reader(content)] == [place]


# --- over HTTP ------------------------------------------------------------------------------------------


def test_an_empty_calendar_is_still_one(cast: Cast) -> None:
    answer = fetch(feed(cast)["url"])
    calendar = Calendar.from_ical(answer.content)
    assert (calendar["version"], calendar["method"]) == ("2.0", "PUBLISH")
    assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == ["America/Denver"]
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]


def test_what_has_not_changed_is_not_sent_again(cast: Cast) -> None:
    session = booked(cast, people.opened_program(cast), TUESDAY)
    url = feed(cast)["url"]
    first = fetch(url)
    tag = first.headers["ETag"]
    with clock.fixed(MONDAY + timedelta(hours=3)):
        same = fetch(url, HTTP_IF_NONE_MATCH=tag)
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
        assert fetch(url, HTTP_IF_NONE_MATCH='"other"').content == first.content
        people.Desk(cast.frontdesk).must(f"sessions/{session.pk}/cancel/", {"reason": "Feels ill"})
        changed = fetch(url, HTTP_IF_NONE_MATCH=tag)
        assert changed.status_code == 200
        assert changed.headers["ETag"] != tag


@pytest.mark.parametrize("accept", ["text/calendar", "*/*", "text/html,application/xhtml+xml", "image/png"])
def test_whatever_the_program_would_rather_have(cast: Cast, accept: str) -> None:
    url = feed(cast)["url"]
    assert fetch(url, HTTP_ACCEPT=accept).content.startswith(b"BEGIN:VCALENDAR\r\n")


def test_a_calendar_is_only_read(cast: Cast) -> None:
    url = feed(cast)["url"]
    client = people.Desk(None).client
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(url, {}, format="json").status_code == 403
    assert fetch(url).status_code == 200


def test_a_bad_token_header_does_not_stand_in_the_way(cast: Cast) -> None:
    assert fetch(feed(cast)["url"], HTTP_AUTHORIZATION="Token x y z").status_code == 200


def test_a_full_calendar_asks_no_more_than_an_empty_one(cast: Cast) -> None:
    program = people.opened_program(cast)
    url = feed(cast)["url"]
    counts = []
    for round_ in range(3):
        for session in range(3):
            made = booked(cast, program, TUESDAY + timedelta(days=round_, hours=2 * session))
            move(cast, made, staff=[{"user": str(cast.other_therapist.pk), "role": "therapist"}])
            booked(cast, program, TUESDAY + timedelta(days=round_, hours=2 * session + 1))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(read(url)) == 6 * (round_ + 1)
        counts.append(len(queries))
    assert len(set(counts)) == 1
    assert counts[0] <= 5  # the audit event is one of them


def test_a_location_that_moves_to_another_zone_keeps_the_instants(cast: Cast) -> None:
    session = booked(cast, people.opened_program(cast), TUESDAY)
    url = feed(cast)["url"]
    north = Location.objects.get(pk=cast.north.pk)
    north.time_zone = "America/Phoenix"
    north.save_by(cast.admin, at=MONDAY)
    assert read(url) == [shown(session)]
