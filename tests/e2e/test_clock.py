"""Times at the screens are those of the clinic's wall: on the day the clocks change, and in a browser far away."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, expect

from kapclinic.core import clock
from kapclinic.practice.models import Client
from programs.models import Program
from sessions.booking.models import Session
from tests import cast as people
from tests.e2e.screens import Served, Tablet

NOON = time(12)


def _change_day(zone: ZoneInfo) -> date:
    """The next day on which the clocks change there, but for the coming week."""
    day = clock.now().astimezone(zone).date() + timedelta(days=8)
    while _noon(day, zone).utcoffset() == _noon(day - timedelta(days=1), zone).utcoffset():
        day += timedelta(days=1)
    return day


def _noon(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, NOON, tzinfo=zone)


def _course(clinic: Served, **more: int | list[int]) -> Program:
    cast = clinic.cast
    first = f"Lee{Client.objects.count():03}"
    who = people.client(cast.north, by=cast.frontdesk, first=first, last="Example")
    return people.opened_program(cast, who=who, protocol=people.approved_protocol(cast, **more))


def _free_times(page: Page, program: Program, day: date | None = None) -> None:
    """The booking dialog, with the free times of a preparation from a day on."""
    first = program.client.legal_first_name
    page.keyboard.press("n")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Client").fill(first)
    dialog.get_by_role("button", name=re.compile(first)).first.click()
    dialog.get_by_role("radio", name="Preparation").click()
    if day is not None:
        dialog.get_by_label("Until").fill(f"{day + timedelta(days=2):%Y-%m-%d}")
        dialog.get_by_label("From").fill(f"{day:%Y-%m-%d}")
        expect(dialog.locator(".dcol h3").first).to_have_text(f"{day:%a} {day.day} {day:%b}")


def _book_at(page: Page, words: str) -> None:
    page.locator(".dcol").first.locator("button.t", has_text=words).click()
    page.get_by_role("button", name="Book preparation").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def _try(page: Page, day: date, at: str) -> None:
    """The chosen session of the plan at another time."""
    page.get_by_label("Day", exact=True).fill(str(day))
    page.get_by_label("Start", exact=True).fill(at)
    page.get_by_role("button", name="Try it there").click()
    expect(page.locator(".plan")).to_have_attribute("aria-busy", "false")


def test_a_booking_and_a_course_on_the_day_that_the_clocks_change(clinic: Served, tablet: Tablet) -> None:
    zone = clinic.cast.north.zone
    change = _change_day(zone)
    single = _course(clinic)
    tablet.sign_in("frontdesk", at=f"/desk/schedule?day={change}")
    page = tablet.page
    _free_times(page, single, change)
    _book_at(page, "08:00")
    session = Session.objects.get(program=single)
    assert session.starts_at == datetime.combine(change, time(8), tzinfo=zone)
    expect(page.locator(".ev", has_text=single.client.legal_first_name)).to_contain_text("08:00–09:00")

    course = _course(clinic, planned_doses=2, span_days=[3, 20], min_preparations=0)
    page.goto(f"/programs/{course.pk}/plan?from={change - timedelta(days=1)}")
    expect(page.get_by_role("button", name=re.compile("^Book all"))).to_be_visible()
    page.locator("#row-dosing-1").click()
    _try(page, change - timedelta(days=1), "08:00")
    # 24 hours after 11:00 are 12:00 on the wall in spring, 10:00 in autumn
    ends = datetime.combine(change - timedelta(days=1), time(11), tzinfo=zone)
    opens = datetime.fromtimestamp(ends.timestamp() + 24 * 3600, zone)
    page.locator("#row-integration-1").click()
    words = f"Window: {opens:%a} {opens.day} {opens:%b} {opens:%H:%M} to"
    expect(page.locator(".eff")).to_contain_text(words)
    _try(page, change, f"{opens - timedelta(minutes=15):%H:%M}")
    expect(page.locator(".effs .high")).to_contain_text("Integration 1 lies outside its window.")
    _try(page, change, f"{opens:%H:%M}")
    expect(page.locator(".effs .high")).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Book all")).click()
    expect(page.get_by_text("Every session of this course is in the book.")).to_be_visible()
    first = Session.objects.get(program=course, kind="integration", number=1)
    assert first.starts_at == opens


def test_a_browser_in_berlin_books_by_the_wall_of_denver(clinic: Served, chromium: Browser) -> None:
    zone = clinic.cast.north.zone
    lent = Tablet.lent(clinic, chromium, timezone_id="Europe/Berlin", locale="en-GB")
    tablet = next(lent)
    tablet.sign_in("frontdesk")
    page = tablet.page
    expect(page.locator(".bar .where")).to_contain_text(re.compile("M[SD]T"))
    day = clock.now().astimezone(zone).date() + timedelta(days=320)
    single, course = (
        _course(clinic),
        _course(clinic, planned_doses=2, span_days=[3, 20], min_preparations=1),
    )
    _free_times(page, single, day)
    _book_at(page, "08:00")
    session = Session.objects.get(program=single)
    assert session.starts_at == datetime.combine(day, time(8), tzinfo=zone)
    page.goto(f"/desk/schedule?day={day}")
    expect(page.locator(".ev", has_text=single.client.legal_first_name)).to_contain_text("08:00–09:00")
    page.goto(f"/programs/{course.pk}/plan?from={day + timedelta(days=1)}")
    page.locator("#row-preparation-1").click()
    _try(page, day + timedelta(days=1), "16:00")
    expect(page.locator("#row-preparation-1")).to_contain_text("16:00")
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    expect(page.get_by_text("Every session of this course is in the book.")).to_be_visible()
    prepared = Session.objects.get(program=course, kind="preparation")
    assert prepared.starts_at.astimezone(zone).strftime("%H:%M") == "16:00"
    next(lent, None)
