"""The front desk's day: receiving, booking, moving, cancelling."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kapclinic.core import clock
from kapclinic.practice.models import Client
from sessions.booking.models import Session
from tests import cast as people
from tests.e2e.screens import Served, Tablet

SCHEDULE = "/desk/schedule"
AHEAD = 90  # days
FIRST_BOARD_LATE = """() => {
  const ask = window.fetch;
  let first = true;
  window.fetch = async (...request) => {
    const late = first && String(request[0]).includes("/day-board/");
    if (late) first = false;
    const answer = await ask(...request);
    if (late) await new Promise((go) => setTimeout(go, 3000));
    if (late) setTimeout(() => { document.documentElement.dataset.told = "late"; }, 200);
    return answer;
  };
}"""  # the first board that the page asks for from now on is held for three seconds


def _day(at: datetime, clinic: Served) -> str:
    return f"{at.astimezone(clinic.cast.north.zone):%Y-%m-%d}"


def _open_course(clinic: Served) -> Any:
    """A client whose course has just begun, with a name of their own."""
    cast = clinic.cast
    who = people.client(
        cast.north, by=cast.frontdesk, first=f"Kim{Client.objects.count():03}", last="Template"
    )
    protocol = people.approved_protocol(cast, min_preparations=0)
    return people.cleared_program(cast, protocol=protocol, who=who)


def _name(program: Any) -> str:
    return str(program.client.display_name)


def _booked_here(clinic: Served, days: int = 1) -> Session:
    """A preparation some days ahead, beyond what a course books, at the first hour that is free."""
    program = _open_course(clinic)
    north = clinic.cast.north.zone
    morning = (clock.now().astimezone(north) + timedelta(days=AHEAD + days)).replace(
        hour=9, minute=0, second=0, microsecond=0
    )
    next_morning = morning + timedelta(days=1)
    taken = Session.objects.filter(starts_at__gte=morning, starts_at__lt=next_morning).count()
    starts_at = morning + timedelta(hours=1) * taken
    return people.booked(clinic.cast, program, "preparation", starts_at)


def _on_the_day_of(tablet: Tablet, session: Session) -> Page:
    tablet.sign_in("frontdesk", at=f"{SCHEDULE}?day={_day(session.starts_at, tablet.clinic)}")
    return tablet.page


def _book(page: Page, name: str, kind: str) -> None:
    page.get_by_role("button", name=re.compile("^Book")).last.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Client").fill(name.split(maxsplit=1)[0])
    dialog.get_by_role("button", name=re.compile(name)).first.click()
    dialog.get_by_role("radio", name=kind).click()
    dialog.locator(".t").first.wait_for()


def test_a_client_is_booked_at_a_free_time(clinic: Served, tablet: Tablet) -> None:
    program = _open_course(clinic)
    tablet.sign_in("frontdesk")
    page = tablet.page
    assert page.url.endswith(SCHEDULE)
    _book(page, _name(program), "Preparation")
    page.locator("button.t").first.click()
    expect(page.locator(".held")).to_contain_text("Held for you")
    tablet.accessible()
    page.get_by_role("button", name="Book preparation").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    session = Session.objects.get(program=program)
    assert (session.kind, session.status) == ("preparation", "scheduled")


def test_two_desks_on_one_slot_one_books_and_one_is_told(
    clinic: Served, tablet: Tablet, chromium: Browser
) -> None:
    first, second = _open_course(clinic), _open_course(clinic)
    lent = Tablet.lent(clinic, chromium)
    other = next(lent)
    for desk, program in ((tablet, first), (other, second)):
        desk.sign_in("frontdesk")
        _book(desk.page, _name(program), "Preparation")
    wanted = tablet.page.locator("button.t").first
    words = wanted.inner_text()
    wanted.click()
    expect(tablet.page.locator(".held")).to_contain_text("Held for you")
    other.page.locator("button.t", has_text=words.split("\n")[0]).first.click()
    expect(other.page.locator(".free .note.high")).to_be_visible()
    expect(other.page.locator(".t.taken")).to_contain_text("just taken")
    tablet.page.get_by_role("button", name="Book preparation").click()
    expect(tablet.page.get_by_role("dialog")).to_have_count(0)
    assert Session.objects.filter(program=first).count() == 1
    assert Session.objects.filter(program=second).count() == 0
    next(lent, None)


def test_esc_gives_the_held_time_back(clinic: Served, tablet: Tablet) -> None:
    program = _open_course(clinic)
    tablet.sign_in("frontdesk")
    _book(tablet.page, _name(program), "Preparation")
    tablet.page.locator("button.t").first.click()
    expect(tablet.page.locator(".held")).to_contain_text("Held for you")
    with tablet.page.expect_response(lambda answer: answer.request.method == "DELETE") as given_back:
        tablet.page.keyboard.press("Escape")
    assert given_back.value.status in {200, 204}
    expect(tablet.page.get_by_role("dialog")).to_have_count(0)


def test_a_client_arrives_and_that_is_taken_back(clinic: Served, tablet: Tablet) -> None:
    program = _open_course(clinic)
    slot = clinic.slot()
    more = {"ends_at": slot["ends_at"], "override_reason": "Came at once", "modality": "video", "room": None}
    session = people.booked(clinic.cast, program, "preparation", slot["starts_at"], **more)
    page = _on_the_day_of(tablet, session)
    page.locator(".ev", has_text=_name(program)).click()
    expect(page.locator(".pick .cur")).to_have_text("Booked")
    page.evaluate(FIRST_BOARD_LATE)
    with page.expect_response(re.compile("/day-board/")):
        page.get_by_role("button", name="Client confirmed").click()
    page.keyboard.press("c")
    expect(page.locator(".pick .cur")).to_have_text("Arrived")
    expect(page.locator("html")).to_have_attribute("data-told", "late")
    assert page.locator(".pick .cur").inner_text() == "Arrived"  # the older answer came only now
    page.get_by_role("button", name="Take back: Arrived").click()
    page.get_by_label("Why?").fill("The wrong client")
    page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
    expect(page.locator(".pick .cur")).to_have_text("Booked")
    session.refresh_from_db()
    assert session.status == "scheduled"


def test_a_session_is_moved_by_a_dialog_that_says_what_it_does(clinic: Served, tablet: Tablet) -> None:
    session = _booked_here(clinic, days=3)
    page = _on_the_day_of(tablet, session)
    page.locator(".ev", has_text=_name(session.program)).click()
    page.keyboard.press("m")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Start").fill("17:30")
    dialog.get_by_label("Why?").fill("The client asked")
    expect(dialog.get_by_role("status")).to_be_visible()
    tablet.accessible()
    dialog.get_by_role("button", name=re.compile("^Move to")).click()
    expect(dialog).to_have_count(0)
    session.refresh_from_db()
    assert f"{session.starts_at.astimezone(clinic.cast.north.zone):%H:%M}" == "17:30"


def test_a_session_is_cancelled_with_a_reason(clinic: Served, tablet: Tablet) -> None:
    session = _booked_here(clinic, days=4)
    page = _on_the_day_of(tablet, session)
    page.locator(".ev", has_text=_name(session.program)).click()
    page.keyboard.press("x")
    starts_at = session.starts_at.astimezone(clinic.cast.north.zone)
    at = f"{starts_at:%H:%M}"  # a client may have two on one day
    expect(page.get_by_role("dialog")).to_contain_text(at)
    page.get_by_label("Why?").fill("The client called")
    page.get_by_role("button", name="Cancel the session").click()
    expect(page.locator(".ev", has_text=_name(session.program))).to_have_count(0)
    session.refresh_from_db()
    assert (session.status, session.reason) == ("cancelled", "The client called")
    page.get_by_role("button", name="Close", exact=True).click()
    page.get_by_text("Not coming").click()
    tablet.accessible()
    page.locator(".gone button", has_text=_name(session.program)).click()
    page.get_by_role("button", name="Book another time").click()
    expect(page.get_by_role("radio", name="Preparation")).to_be_checked()


@pytest.mark.parametrize("view", ["day", "board", "week"])
def test_each_view_of_the_day_shuts_nobody_out(clinic: Served, tablet: Tablet, view: str) -> None:
    session = _booked_here(clinic, days=5)
    tablet.sign_in("frontdesk", at=f"{SCHEDULE}?day={_day(session.starts_at, clinic)}%26view={view}")
    page = tablet.page
    expect(page.get_by_text(_name(session.program)).first).to_be_visible()
    tablet.accessible()


def test_the_desk_sees_nothing_clinical(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    page = _on_the_day_of(tablet, session)
    page.locator(".ev", has_text=_name(session.program)).click()
    expect(page.locator(".pick")).to_contain_text(_name(session.program))
    text = page.locator("body").inner_text()
    for word in ("122/78", "100 mg", "F33.2"):
        assert word not in text
