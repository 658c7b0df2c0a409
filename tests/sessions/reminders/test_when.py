"""When clients are told: at booking, 48, 24 and 2 hours before, never in their night, and never of what is no more so."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from kapclinic.core import clock
from kapclinic.trail.models import Outbox
from sessions.booking.models import Session
from sessions.reminders import rules
from sessions.reminders.models import ReminderPlan
from sessions.reminders.services import sweep_reminders
from sessions.sweep.steps import send_messages, sweep
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.reminders.telling import (
    HOUR,
    booked,
    cancel,
    course,
    move,
    reachable,
    rows,
    states,
    tell,
    watch,
)

DENVER = ZoneInfo("America/Denver")
FRIDAY = MONDAY + timedelta(days=4)  # 09:00 in Denver
USUAL = ReminderPlan()


def denver(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=DENVER)  # type: ignore[arg-type, misc]


def test_a_client_is_told_at_booking_and_48_24_and_2_hours_before(cast: Cast) -> None:
    start = FRIDAY + 2 * HOUR
    booked(cast, course(cast), start)
    left = [at for at, _ in watch(MONDAY, start)]
    assert left == [MONDAY, start - 48 * HOUR, start - 24 * HOUR, start - 2 * HOUR]


def test_without_consent_nobody_is_told(cast: Cast) -> None:
    program = course(cast, communication_consent={"phone": True})
    booked(cast, program, FRIDAY)
    assert watch(MONDAY, FRIDAY, every=2 * HOUR) == []
    assert not Outbox.objects.exists()


def test_without_an_address_nobody_is_told(cast: Cast) -> None:
    booked(cast, course(cast, email=""), FRIDAY)
    assert watch(MONDAY, FRIDAY, every=2 * HOUR) == []


def test_sms_waits_for_nobody_when_the_clinic_has_no_gateway(cast: Cast) -> None:
    booked(cast, course(cast), FRIDAY)
    tell(MONDAY)
    assert states(channel="sms") == []


def test_a_second_sweep_changes_nothing(cast: Cast) -> None:
    booked(cast, course(cast), MONDAY + 40 * HOUR)
    assert sweep_reminders(at=MONDAY) == 2  # of the booking, and the day before
    before = list(Outbox.objects.order_by("pk").values())
    assert sweep_reminders(at=MONDAY) == 0
    assert sweep_reminders(at=MONDAY + timedelta(seconds=30)) == 0
    assert list(Outbox.objects.order_by("pk").values()) == before


def test_the_whole_sweep_tells_too(cast: Cast) -> None:
    booked(cast, course(cast), FRIDAY)
    done = sweep(at=MONDAY)
    assert (done["reminders"], done["messages"]) == (1, 1)


def test_after_an_outage_only_the_last_reminder_is_made_up_for(cast: Cast) -> None:
    start = FRIDAY + 2 * HOUR
    booked(cast, course(cast), start)
    tell(MONDAY)
    assert tell(start - 23 * HOUR) == 1
    assert states() == [("booking", "sent"), ("24", "sent"), ("2", "pending")]
    assert [at for at, _ in watch(start - 22 * HOUR, start)] == [start - 2 * HOUR]


def test_after_an_outage_what_waited_already_does_not_leave_beside_the_last_one(cast: Cast) -> None:
    start = FRIDAY + 2 * HOUR
    booked(cast, course(cast), start)
    sweep_reminders(at=MONDAY)
    for hours in (70, 40, 20):
        sweep_reminders(at=start - hours * HOUR)  # and nothing is sent
    assert [status for _, status in states()] == ["pending"] * 4
    assert tell(start - HOUR) == 1
    assert sorted(states()) == [
        ("2", "sent"),
        ("24", "cancelled"),
        ("48", "cancelled"),
        ("booking", "cancelled"),
    ]
    assert tell(start - HOUR / 2) == 0


def test_a_booking_inside_the_last_day_is_told_once(cast: Cast) -> None:
    start = MONDAY + 5 * HOUR
    booked(cast, course(cast), start)
    assert [at for at, _ in watch(MONDAY, start)] == [MONDAY, start - 2 * HOUR]


def test_a_booking_of_long_ago_is_not_announced_when_the_client_agrees_at_last(cast: Cast) -> None:
    client = reachable(cast, communication_consent={})
    booked(cast, people.opened_program(cast, who=client), MONDAY + timedelta(days=20))
    agreed_at = MONDAY + timedelta(days=5)
    with clock.fixed(agreed_at):
        body = {"communication_consent": {"email": True}}
        assert cast.desk("frontdesk").patch(f"clients/{client.pk}/", body).status_code == 200
    assert sweep_reminders(at=agreed_at) == 0


def test_a_slot_that_is_only_held_is_told_to_nobody(cast: Cast) -> None:
    program = people.cleared_program(cast, who=reachable(cast))
    dose = booked(cast, program, FRIDAY, "dosing")
    held = Session.objects.get(for_dose=dose)
    assert held.status == "held"
    tell(MONDAY)
    tell(held.starts_at - HOUR)
    assert set(Outbox.objects.filter(recipient_kind="client").values_list("subject_id", flat=True)) == {
        dose.pk
    }


# --- moved, called off, over ------------------------------------------------------------------------------


def test_a_moved_session_is_told_anew_and_its_old_reminders_are_dropped(cast: Cast) -> None:
    session = booked(cast, course(cast), MONDAY + 30 * HOUR)
    tell(MONDAY)
    assert states() == [("booking", "sent"), ("24", "pending")]
    with clock.fixed(MONDAY + HOUR):
        move(cast, session, FRIDAY)
    left = watch(MONDAY + HOUR, FRIDAY)
    assert [at for at, _ in left] == [MONDAY + HOUR, FRIDAY - 48 * HOUR, FRIDAY - 24 * HOUR, FRIDAY - HOUR]
    assert (
        "was moved from Tuesday, May 5, 2026 at 3:00 PM MDT. It is now on Friday, May 8, 2026" in left[0][1]
    )
    assert [row for row in states() if row[1] == "cancelled"] == [("24", "cancelled")]


def test_a_session_moved_there_and_back_is_told_at_each_move(cast: Cast) -> None:
    session = booked(cast, course(cast), FRIDAY)
    tell(MONDAY)
    for hours, start in ((1, FRIDAY + HOUR), (2, FRIDAY)):
        with clock.fixed(MONDAY + hours * HOUR):
            move(cast, session, start)
        assert tell(MONDAY + hours * HOUR) == 1
    left = watch(MONDAY + 3 * HOUR, FRIDAY)
    assert [at for at, _ in left] == [FRIDAY - 48 * HOUR, FRIDAY - 24 * HOUR, FRIDAY - HOUR]


def test_another_room_is_no_news(cast: Cast) -> None:
    session = booked(cast, course(cast), FRIDAY)
    tell(MONDAY)
    move(cast, session, FRIDAY)
    assert tell(MONDAY + HOUR) == 0


def test_a_cancelled_session_is_told_no_more_but_that_it_is_off(cast: Cast) -> None:
    session = booked(cast, course(cast), MONDAY + 30 * HOUR)
    tell(MONDAY)
    cancel(cast, session)
    assert [at for at, _ in watch(MONDAY + HOUR, MONDAY + 30 * HOUR, every=HOUR)] == [MONDAY + HOUR]
    assert states() == [("booking", "sent"), ("cancelled", "sent"), ("24", "cancelled")]


def test_a_session_cancelled_between_sweep_and_sending_is_told_no_more(cast: Cast) -> None:
    session = booked(cast, course(cast), FRIDAY)
    sweep_reminders(at=MONDAY)
    cancel(cast, session)
    assert send_messages(at=MONDAY) == 0
    assert states() == [("booking", "cancelled")]


def test_nothing_is_sent_for_a_session_that_has_begun(cast: Cast) -> None:
    start = MONDAY + HOUR
    booked(cast, course(cast), start)
    sweep_reminders(at=MONDAY)
    assert tell(start) == 0
    assert states() == [("booking", "cancelled")]


def test_nothing_is_sent_to_a_client_who_is_here_already(cast: Cast) -> None:
    session = booked(cast, course(cast), MONDAY + HOUR)
    sweep_reminders(at=MONDAY)
    cast.desk("frontdesk").must(f"sessions/{session.pk}/check-in/")
    assert tell(MONDAY) == 0


def test_a_client_who_opts_out_is_told_no_more_and_after_opting_in_again_is(cast: Cast) -> None:
    session = booked(cast, course(cast), MONDAY + 30 * HOUR)
    sweep_reminders(at=MONDAY)
    path = f"clients/{session.client_id}/"
    assert cast.desk("frontdesk").patch(path, {"communication_consent": {"email": False}}).status_code == 200
    assert tell(MONDAY) == 0
    assert states() == [("booking", "cancelled"), ("24", "cancelled")]
    assert cast.desk("frontdesk").patch(path, {"communication_consent": {"email": True}}).status_code == 200
    assert [at for at, _ in watch(MONDAY, session.starts_at)] == [
        MONDAY,
        session.starts_at - 24 * HOUR,
        session.starts_at - 2 * HOUR,
    ]


def test_the_clinic_changes_its_mind_about_the_hours(cast: Cast) -> None:
    start = MONDAY + 30 * HOUR
    booked(cast, course(cast), start)
    tell(MONDAY)
    body = {"hours_before": [5], "on_booking": False}
    assert cast.desk("director").patch(f"reminder-plans/{cast.north.pk}/", body).status_code == 200
    assert [at for at, _ in watch(MONDAY, start)] == [start - 5 * HOUR]
    assert ("24", "cancelled") in states()


# --- the client's night -----------------------------------------------------------------------------------

NIGHTS = [
    # planned, session starts, zone, leaves
    (denver(2026, 5, 6, 20, 59), denver(2026, 5, 8, 20, 59), "America/Denver", denver(2026, 5, 6, 20, 59)),
    (denver(2026, 5, 6, 21, 0), denver(2026, 5, 8, 21, 0), "America/Denver", denver(2026, 5, 7, 8, 0)),
    (denver(2026, 5, 7, 2, 0), denver(2026, 5, 8, 2, 0), "America/Denver", denver(2026, 5, 7, 8, 0)),
    (denver(2026, 5, 7, 7, 59), denver(2026, 5, 7, 9, 59), "America/Denver", denver(2026, 5, 7, 8, 0)),
    (denver(2026, 5, 7, 8, 0), denver(2026, 5, 7, 10, 0), "America/Denver", denver(2026, 5, 7, 8, 0)),
    # before the session only the evening is left
    (denver(2026, 5, 7, 6, 0), denver(2026, 5, 7, 8, 0), "America/Denver", denver(2026, 5, 6, 20, 30)),
    (denver(2026, 5, 7, 5, 0), denver(2026, 5, 7, 7, 0), "America/Denver", denver(2026, 5, 6, 20, 30)),
    # the clocks go forward on 8 March 2026, back on 1 November 2026
    (denver(2026, 3, 8, 1, 30), denver(2026, 3, 10, 9, 0), "America/Denver", denver(2026, 3, 8, 8, 0)),
    (denver(2026, 11, 1, 0, 30), denver(2026, 11, 3, 9, 0), "America/Denver", denver(2026, 11, 1, 8, 0)),
    # the client lives elsewhere: 09:00 in Denver is 05:00 in Honolulu and 17:00 in Paris
    (denver(2026, 5, 7, 9, 0), denver(2026, 5, 9, 9, 0), "Pacific/Honolulu", denver(2026, 5, 7, 12, 0)),
    (denver(2026, 5, 7, 9, 0), denver(2026, 5, 7, 11, 0), "Pacific/Honolulu", denver(2026, 5, 7, 0, 30)),
    (denver(2026, 5, 7, 15, 0), denver(2026, 5, 9, 9, 0), "Europe/Paris", denver(2026, 5, 8, 0, 0)),
]


@pytest.mark.parametrize(("planned", "starts_at", "zone", "leaves"), NIGHTS)
def test_what_falls_into_the_night_leaves_after_it_or_before_it(
    planned: datetime, starts_at: datetime, zone: str, leaves: datetime
) -> None:
    found = rules.leaves_at(planned.astimezone(UTC), starts_at.astimezone(UTC), ZoneInfo(zone), USUAL)
    assert found == leaves.astimezone(UTC)


def test_the_night_that_the_clock_changes_ends_by_the_clock() -> None:
    for day in (8, 1):
        month = 3 if day == 8 else 11
        asleep = denver(2026, month, day, 0, 30).astimezone(UTC)
        assert rules.quiet_until(asleep, DENVER, USUAL) == denver(2026, month, day, 8, 0).astimezone(UTC)
    assert denver(2026, 3, 8, 8, 0).utcoffset() != denver(2026, 3, 8, 0, 30).utcoffset()


# quiet from, to; zone; a moment of it; the first one outside; both in UTC. New York's clock goes forward at 07:00 UTC on
# 8 March and back at 06:00 on 1 November 2026; Santiago's back at 03:00 on 5 April, forward at 04:00 on 6 September, both
# at midnight; Sydney's back at 16:00 on 4 April, forward at 16:00 on 3 October.
CHANGED = [
    ("21:00", "01:30", "America/New_York", "2026-11-01T04:30", "2026-11-01T05:30"),  # the first 01:30
    (
        "21:00",
        "01:30",
        "America/New_York",
        "2026-11-01T06:10",
        "2026-11-01T06:30",
    ),  # 01:10 once more: the second
    ("01:30", "08:00", "America/New_York", "2026-11-01T05:45", "2026-11-01T06:00"),  # it is 01:00 again
    ("01:30", "08:00", "America/New_York", "2026-11-01T07:00", "2026-11-01T13:00"),
    ("21:00", "02:30", "America/New_York", "2026-03-08T06:30", "2026-03-08T07:00"),  # 02:30 is left out
    ("21:00", "03:00", "America/New_York", "2026-03-08T06:30", "2026-03-08T07:00"),
    ("02:30", "08:00", "America/New_York", "2026-03-08T07:00", "2026-03-08T12:00"),
    ("21:00", "23:30", "America/Santiago", "2026-04-05T01:00", "2026-04-05T02:30"),
    ("21:00", "23:30", "America/Santiago", "2026-04-05T03:10", "2026-04-05T03:30"),
    ("21:00", "00:30", "America/Santiago", "2026-09-06T03:00", "2026-09-06T04:00"),
    ("21:00", "02:30", "Australia/Sydney", "2026-04-04T15:00", "2026-04-04T15:30"),
    ("21:00", "02:30", "Australia/Sydney", "2026-04-04T16:00", "2026-04-04T16:30"),
    ("21:00", "02:30", "Australia/Sydney", "2026-10-03T15:30", "2026-10-03T16:00"),
]


@pytest.mark.parametrize(("begin", "end", "zone", "asleep", "awake"), CHANGED)
def test_quiet_hours_end_at_the_first_moment_outside_them_also_as_the_clock_is_changed(
    begin: str, end: str, zone: str, asleep: str, awake: str
) -> None:
    usual = ReminderPlan(quiet_from=time.fromisoformat(begin), quiet_to=time.fromisoformat(end))
    moment, expected = (datetime.fromisoformat(f"{one}:00+00:00") for one in (asleep, awake))
    place = ZoneInfo(zone)
    assert rules.quiet_until(moment, place, usual) == expected
    assert rules.quiet_until(expected, place, usual) is None
    assert rules.quiet_until(expected - timedelta(seconds=1), place, usual) == expected
    before = rules.leaves_at(moment, moment + timedelta(minutes=1), place, usual)
    assert before < moment
    assert rules.quiet_until(before, place, usual) is None
    assert rules.leaves_at(moment, moment + timedelta(days=1), place, usual) == expected


def test_quiet_hours_may_lie_within_a_day_or_not_be() -> None:
    siesta = ReminderPlan(quiet_from=time(13), quiet_to=time(15))
    noon, two, three = (denver(2026, 5, 7, hour) for hour in (12, 14, 15))
    assert rules.quiet_until(noon, DENVER, siesta) is None
    assert rules.quiet_until(two, DENVER, siesta) == three
    assert rules.quiet_until(three, DENVER, siesta) is None
    never = ReminderPlan(quiet_from=time(9), quiet_to=time(9))
    assert rules.quiet_until(denver(2026, 5, 7, 9), DENVER, never) is None


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Honolulu", "Asia/Kolkata"])
def test_no_client_is_told_in_their_night_wherever_they_live(cast: Cast, zone: str) -> None:
    booked(cast, course(cast, time_zone=zone), FRIDAY)
    left = watch(MONDAY, FRIDAY)
    assert len(left) >= 3
    for at, text in left:
        local = at.astimezone(ZoneInfo(zone))
        assert time(8) <= local.time() < time(21), local
        shown = FRIDAY.astimezone(ZoneInfo(zone))
        assert f"{shown.day}, 2026 at {shown.hour % 12 or 12}:{shown:%M}" in text
        assert str(shown.tzname()) in text


@pytest.mark.parametrize("night", [datetime(2026, 10, 31, tzinfo=UTC), datetime(2027, 3, 13, tzinfo=UTC)])
def test_a_day_before_is_24_hours_also_when_the_clock_changes_between(cast: Cast, night: datetime) -> None:
    start = (night + timedelta(days=1)).replace(hour=18)
    with clock.fixed(start - timedelta(days=3)):
        booked(cast, course(cast), start)
    left = [at for at, _ in watch(start - 50 * HOUR, start)]
    assert left[1:] == [start - 48 * HOUR, start - 24 * HOUR, start - 2 * HOUR]
    assert left[2].astimezone(DENVER).hour != start.astimezone(DENVER).hour


def test_a_worker_that_wakes_at_night_waits_for_the_morning(cast: Cast) -> None:
    booked(cast, course(cast), FRIDAY)
    night = denver(2026, 5, 4, 23, 30).astimezone(UTC)
    assert tell(night) == 0
    assert rows() == [("booking", "pending", denver(2026, 5, 5, 8, 0))]
    assert Outbox.objects.get().attempts == 0
    assert tell(denver(2026, 5, 5, 8, 0).astimezone(UTC)) == 1


def test_who_lives_elsewhere_now_is_told_when_their_day_has_begun(cast: Cast) -> None:
    session = booked(cast, course(cast, time_zone="Pacific/Honolulu"), FRIDAY)
    assert tell(MONDAY) == 0  # 05:00
    assert rows() == [("booking", "pending", MONDAY + 3 * HOUR)]
    for at, zone, leaves in (
        (MONDAY + HOUR, "Asia/Kolkata", MONDAY + 11.5 * HOUR),  # 21:30
        (MONDAY + 2 * HOUR, "", MONDAY + 2 * HOUR),
    ):
        with clock.fixed(at):
            body = {"time_zone": zone}
            path = f"clients/{session.client_id}/"
            assert cast.desk("frontdesk").patch(path, body).status_code == 200
        assert tell(at) == (at == leaves)
        assert tell(at + HOUR / 2) == 0
        if at != leaves:
            assert rows() == [("booking", "pending", leaves)]
    assert states() == [("booking", "sent")]


def test_a_booking_at_night_for_the_early_morning_wakes_nobody(cast: Cast) -> None:
    night = denver(2026, 5, 4, 23, 0).astimezone(UTC)
    start = denver(2026, 5, 5, 8, 0).astimezone(UTC)
    with clock.fixed(night):
        booked(cast, course(cast), start)
    assert watch(night, start) == []


def test_a_client_without_a_zone_lives_where_the_clinic_is() -> None:
    where = SimpleNamespace(location=SimpleNamespace(zone=DENVER))
    assert rules.zone_of(SimpleNamespace(time_zone=""), where) == DENVER  # type: ignore[arg-type]
    assert str(rules.zone_of(SimpleNamespace(time_zone="Asia/Tokyo"), where)) == "Asia/Tokyo"  # type: ignore[arg-type]
