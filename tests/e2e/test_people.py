"""The administrator's page: an account from its first password to its end, rooms and places, and a director's one act."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM, Location, Role, Room, User, WorkingHours
from kapclinic.practice.selectors import current_hours
from kapclinic.trail.models import Task
from sessions.booking.models import Session
from sessions.reminders.models import ReminderPlan
from tests import cast as people
from tests.e2e.screens import Served, Tablet

GOOD = "violet lantern harbour"


def _open(tablet: Tablet, who: str, at: str = "/people") -> Page:
    tablet.sign_in(who, at=at)
    expect(tablet.page.locator(".il button").first).to_be_visible()
    return tablet.page


# What waits for a picture waits long; the browser is idle, and so fetches what may be needed, once the pane stands, or never.
LATE = """
const soon = window.setTimeout;
window.requestAnimationFrame = (act) => soon(act, 1500);
window.setTimeout = (act, ms, ...more) => soon(act, ms <= 100 ? 1500 : ms, ...more);
window.requestIdleCallback = (act) => {
  const look = () => (document.querySelector(".wr .back") ? act() : soon(look, 1));
  if (IDLE) look();
};
"""


@pytest.mark.parametrize("idle", ["true", "false"])
def test_a_part_that_comes_between_two_drawings_is_drawn(clinic: Served, tablet: Tablet, idle: str) -> None:
    """Nothing else would have the page drawn for half a minute; and who sees a key on a button can press it."""
    tablet.page.add_init_script(LATE.replace("IDLE", idle))
    tablet.sign_in("admin", at=f"/people?row={clinic.cast.np.pk}")
    expect(tablet.page.locator("#object")).to_have_text(clinic.cast.np.name)
    tablet.page.keyboard.press("e")
    expect(tablet.page.get_by_role("dialog")).to_be_visible()


def _row(page: Page, name: str) -> Locator:
    return page.locator(".il button", has_text=name)


def _fact(page: Page, label: str) -> Locator:
    return page.locator(".wo dt", has_text=re.compile(f"^{re.escape(label)}$")).locator("+ dd")


def _signs_in(clinic: Served, email: str, password: str) -> int:
    body = {"email": email, "password": password}
    answer = clinic.cast.desk("admin").client.post("/api/v1/auth/login/", body, format="json")
    return int(answer.status_code)


def test_an_account_from_its_first_password_to_its_end(clinic: Served, tablet: Tablet) -> None:
    """Front door, a form with faults, a lost network, hours, a password that is made up, time off, and the end."""
    tablet.sign_in("admin")
    page, dialog = tablet.page, tablet.page.get_by_role("dialog")
    page.wait_for_url(re.compile("/people$"))
    expect(page.locator(".il button").first).to_be_visible()
    expect(page.get_by_text("Find a client")).to_have_count(0)  # whoever only administers is shown none
    tablet.accessible()
    _opens_an_account(page, dialog, tablet)
    expect(page.locator("#object")).to_have_text("Quinn Newcomer")
    expect(page.locator(".wo")).to_contain_text("What is missing: no NPI")
    expect(_fact(page, "Licence number")).to_have_text("LPC-77 (CO)")
    who = User.objects.get(email="quinn.newcomer@example.test")
    assert (who.roles, who.locations) == (["therapist"], [clinic.cast.north.pk])
    assert _signs_in(clinic, who.email, GOOD) == 200
    assert who.name not in page.title()
    assert str(who.pk) in page.url
    _weekly_hours(page, dialog, who, tablet)
    page.get_by_role("button", name="New password…").click()
    dialog.get_by_role("button", name="Make one up").click()
    made = dialog.get_by_label("New password, 12").input_value()
    tablet.accessible()
    dialog.get_by_role("button", name="Set this password").click()
    expect(dialog).to_have_count(0)
    assert [_signs_in(clinic, who.email, word) for word in (GOOD, made)] == [401, 200]
    _time_off(page, dialog, who)
    page.get_by_role("button", name="Close the account…").click()
    dialog.get_by_role("button", name="Close the account").click()
    expect(page.locator("nav h2").last).to_have_text("Closed")
    expect(page.locator(".wo header .chip")).to_have_text("Closed")
    assert _signs_in(clinic, who.email, made) == 401
    page.get_by_text("What was changed").click()
    expect(page.locator(".chg tbody tr").first).to_contain_text("In use")
    tablet.accessible()
    assert made not in page.content()


def _opens_an_account(page: Page, dialog: Locator, tablet: Tablet) -> None:
    """With faults first, and a network that is lost."""
    page.keyboard.press("n")
    dialog.get_by_label("Name", exact=True).fill("Quinn Newcomer")
    dialog.get_by_label("E-mail").fill("quinn.newcomer@example")
    dialog.get_by_label("First password").fill("123456789012")
    save = dialog.get_by_role("button", name="Open this account")
    save.click()
    expect(dialog.get_by_role("alert")).to_contain_text("things to put right")
    tablet.accessible()
    dialog.get_by_role("link", name=re.compile("^E-mail")).click()
    expect(dialog.get_by_label("E-mail")).to_be_focused()
    dialog.get_by_label("E-mail").fill("quinn.newcomer@example.test")
    dialog.get_by_label("Therapist").check()
    dialog.get_by_label("North").check()
    dialog.get_by_label("Licence number").fill("LPC-77")
    dialog.get_by_label("State of the licence").fill("co")
    save.click()
    expect(dialog.locator(".f.bad")).to_contain_text("four words or more")
    dialog.get_by_label("First password").fill(GOOD)
    tablet.offline()
    save.click()
    expect(dialog.get_by_role("alert")).to_contain_text("What you wrote is still here")
    tablet.offline(away=False)
    save.click()
    expect(dialog).to_have_count(0)


def _weekly_hours(page: Page, dialog: Locator, who: User, tablet: Tablet) -> None:
    page.keyboard.press("h")
    dialog.get_by_role("button", name="Hours Mon").click()
    dialog.get_by_label("Mon, until").fill("07:00")
    dialog.get_by_role("button", name="Save the hours").click()
    expect(dialog.locator(".f.bad")).to_contain_text("after the start")
    tablet.accessible()
    dialog.get_by_label("Mon, until").fill("12:00")
    dialog.get_by_role("button", name="Hours Mon").click()
    dialog.get_by_label("Mon, until").nth(1).fill("00:00")  # the end of the day
    dialog.get_by_role("button", name="Tuesday to Friday as Monday").click()
    dialog.get_by_role("button", name="Take these hours of Fri away").last.click()
    dialog.get_by_role("button", name="Save the hours").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".wkl")).to_contain_text("08:00–12:00, 12:00–24:00")
    assert [row.weekday for row in current_hours(user_id=who.pk)] == [0, 0, 1, 1, 2, 2, 3, 3, 4]


def _time_off(page: Page, dialog: Locator, who: User) -> None:
    page.get_by_role("button", name="Will be away…").click()
    dialog.get_by_label("Why? The team sees it").fill("Course")
    dialog.get_by_role("button", name="Write it in").click()
    expect(page.locator(".lines li")).to_contain_text("Course")
    page.get_by_role("button", name="Take it back…").click()
    dialog.get_by_label("Why?").fill("The course was called off")
    dialog.get_by_role("button", name="Take the time off back").click()
    expect(page.locator(".lines li")).to_have_count(0)
    assert who.time_off.get().cancel_reason == "The course was called off"


def _alone(clinic: Served, name: str) -> tuple[User, Room, Session]:
    """Somebody, a room, and a session that is booked on both."""
    cast = clinic.cast
    who = people.colleague(cast, name, Role.THERAPIST)
    room = people.room(f"Room of {name}", cast.north, people.KINDS)
    protocol = people.approved_protocol(cast, name=f"KAP of {name}")
    client = people.client(cast.north, by=cast.frontdesk, first="Lou", last="Proxy")
    program = people.opened_program(cast, protocol=protocol, who=client)
    day = clock.now().astimezone(cast.north.zone).replace(hour=10, minute=0, second=0, microsecond=0)
    staff = [{"user": who.pk, "role": "therapist"}]
    times = {"starts_at": day + timedelta(days=40), "ends_at": day + timedelta(days=40, hours=1)}
    session: Session = people.booked(cast, program, "preparation", room=room.pk, staff=staff, **times)
    return who, room, session


def test_hours_and_a_room_go_with_what_is_booked_on_them_said(clinic: Served, tablet: Tablet) -> None:
    who, room, session = _alone(clinic, "harper")
    page, dialog = _open(tablet, "admin"), tablet.page.get_by_role("dialog")
    page.keyboard.press("f")
    page.keyboard.type("harper")
    expect(page.locator(".il button")).to_have_count(1)
    _row(page, who.name).click()
    page.get_by_role("button", name="Change the hours…").click()
    crosses = dialog.get_by_role("button", name=re.compile("^Take these hours"))
    expect(crosses).to_have_count(7)
    for cross in reversed(crosses.all()):
        cross.click()
    dialog.get_by_role("button", name="Save the hours").click()
    expect(dialog.get_by_role("alert")).to_contain_text("1 session is booked on this")
    expect(dialog.get_by_role("alert")).to_contain_text("10:00")
    assert WorkingHours.objects.filter(user=who, ended_at__isnull=True).count() == 7
    tablet.accessible()
    dialog.get_by_role("button", name="leave them to the front desk").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="1 session was left behind")).to_be_visible()
    expect(page.locator(".wo")).to_contain_text("No hours are written down")
    assert Task.objects.filter(kind="session_unstaffed", subject_id=session.pk).exists()
    _somebody_was_first(clinic, page, dialog, room, tablet)


def _somebody_was_first(clinic: Served, page: Page, dialog: Locator, room: Room, tablet: Tablet) -> None:
    page.get_by_role("searchbox").fill("")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Rooms").click()
    _row(page, room.name).click()
    page.get_by_role("button", name="Change…").click()
    desk = clinic.cast.desk("admin")
    assert desk.patch(f"rooms/{room.pk}/", {"turnover_min": 20}).status_code == 200
    dialog.get_by_label("Name").fill("Juniper")
    dialog.get_by_role("button", name="Save it").click()
    expect(dialog).to_have_count(0)  # what they changed was nothing of what was typed
    room.refresh_from_db()
    assert (room.name, room.turnover_min) == ("Juniper", 20)
    expect(page.locator("#object")).to_have_text("Juniper")
    page.get_by_role("button", name="Change…").click()
    assert desk.patch(f"rooms/{room.pk}/", {"name": "Hawthorn"}).status_code == 200
    dialog.get_by_label("Name").fill("Rowan")
    dialog.get_by_role("button", name="Save it").click()
    both = dialog.get_by_role("alert")
    expect(both).to_contain_text("Hawthorn")
    expect(both).to_contain_text("Rowan")
    tablet.accessible()
    dialog.get_by_role("button", name="Write yours over it").click()
    expect(page.locator("#object")).to_have_text("Rowan")
    page.get_by_role("button", name="Change…").click()
    assert desk.patch(f"rooms/{room.pk}/", {"name": "Alder"}).status_code == 200
    dialog.get_by_label("Name").fill("Larch")
    dialog.get_by_role("button", name="Save it").click()
    dialog.get_by_role("button", name="Keep theirs").click()
    expect(page.locator("#object")).to_have_text("Alder")
    page.get_by_role("button", name="Close the room…").click()
    dialog.get_by_role("button", name="Close the room").click()
    expect(dialog.get_by_role("alert")).to_contain_text("1 session is booked on this")
    page.keyboard.press("Escape")
    room.refresh_from_db()
    assert (room.name, room.is_active) == ("Alder", True)


def test_a_location_is_opened_and_its_rules_are_said_in_words(clinic: Served, tablet: Tablet) -> None:
    page, dialog = _open(tablet, "admin", "/people?tab=places"), tablet.page.get_by_role("dialog")
    page.keyboard.press("n")
    for label, text in {
        "Name": "West",
        "Phone": "303-555-0150",
        "Street and number": "2 Example Street",
        "City": "Golden",
        "State, two letters": "co",
        "ZIP code": "80401",
        "Time zone": "America/Nowhere",
    }.items():
        dialog.get_by_label(label, exact=True).fill(text)
    tablet.accessible()
    dialog.get_by_role("button", name="Add the location").click()
    expect(dialog.locator(".f.bad")).to_contain_text("IANA time zone")
    dialog.get_by_label("Time zone").fill("America/Denver")
    dialog.get_by_role("button", name="Add the location").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".wo")).to_contain_text("It is never open")
    expect(_row(page, "West")).to_contain_text("never open")
    west = Location.objects.get(name="West")
    day = (clock.now() + timedelta(days=30)).date().isoformat()
    page.get_by_role("button", name="Change the hours…").click()
    dialog.get_by_role("button", name="Hours Sat").click()
    dialog.get_by_label("Closed on").fill(day)
    dialog.get_by_role("button", name="Add the day").click()
    tablet.accessible()
    dialog.get_by_role("button", name="Save the hours").click()
    expect(page.locator(".wkl")).to_contain_text("08:00–17:00")
    page.get_by_role("button", name="Change the rules…").click()
    dialog.get_by_label("A cancellation is late, hours before").fill("36")
    dialog.get_by_role("group", name="May witness a waste").get_by_label("Prescriber").check()
    dialog.get_by_label("The front desk takes payments").check()
    tablet.accessible()
    dialog.get_by_role("button", name="Save the rules").click()
    expect(page.locator(".rules").first).to_contain_text("late from 36 hours before the session")
    expect(page.locator(".rules").first).to_contain_text("witnessed by: Prescriber.")
    page.get_by_role("button", name="Change the reminders…").click()
    dialog.get_by_label("Hours before a session").fill("soon")
    dialog.get_by_role("button", name="Save the reminders").click()
    expect(dialog.locator(".f.bad")).to_contain_text("whole hours")
    dialog.get_by_label("Hours before a session").fill("72, 24")
    tablet.accessible()
    dialog.get_by_role("button", name="Save the reminders").click()
    expect(page.locator(".rules").last).to_contain_text("reminded 72, 24 hours before")
    west.refresh_from_db()
    assert (west.late_cancel_hours, west.witness_roles, west.desk_takes_payments) == (
        36,
        ["prescriber"],
        True,
    )
    assert [f"{one}" for one in west.closed_dates] == [day]
    assert ReminderPlan.objects.get(location=west).hours_before == [72, 24]
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    page.keyboard.press("n")
    dialog.get_by_label("Name").fill("Willow")
    dialog.get_by_label("Location").select_option(label="West")
    dialog.get_by_label("Integration").check()
    dialog.get_by_role("button", name="Add the room").click()
    expect(page.locator("#object")).to_have_text("Willow")
    assert Room.objects.get(name="Willow").location == west


def test_a_director_gives_what_an_administrator_may_not_take(clinic: Served, tablet: Tablet) -> None:
    cast = clinic.cast
    for other in User.objects.filter(roles__contains=["admin"], is_active=True).exclude(pk=cast.admin.pk):
        other.is_active = False  # one of another story, who would let the last one go
        other.save_by(SYSTEM, at=clock.now())
    page, dialog = _open(tablet, "admin", f"/people?row={cast.admin.pk}"), tablet.page.get_by_role("dialog")
    expect(page.get_by_role("button", name="Change… e", exact=True)).to_be_visible()
    page.keyboard.press("e")
    expect(dialog).to_contain_text("given by a medical director")
    dialog.get_by_label("Prescriber").check()
    dialog.get_by_role("button", name="Save it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Nobody gives themselves a clinical role")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Close the account…").click()
    dialog.get_by_role("button", name="Close the account").click()
    expect(dialog.get_by_role("alert")).to_contain_text("somebody else an administrator first")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="New password…")).to_have_attribute("href", "/password")
    people.staff("second_admin", ["admin"], cast.north)
    page = _open(tablet, "director", "/people")
    expect(page.get_by_role("button", name="New account")).to_have_count(0)
    _row(page, cast.np.name).first.click()
    expect(page.get_by_role("button", name="Change…")).to_have_count(0)
    _row(page, "Second Admin").click()
    page.get_by_role("button", name="Give a clinical role…").click()
    dialog.get_by_label("Therapist").check()
    tablet.accessible()
    dialog.get_by_role("button", name="Give the role").click()
    expect(_fact(page, "Roles")).to_have_text("Administrator, Therapist")
    second: Any = User.objects.get(email="second_admin@example.test")
    assert second.roles == ["admin", "therapist"]
    second.is_active = False  # the one of the cast stays the last one
    second.save_by(SYSTEM, at=clock.now())
    tablet.sign_in("therapist", at="/bedside")
    page.goto("/people")
    expect(page.locator(".app")).to_have_count(0)


def test_on_a_phone_a_director_sees_where_they_are(clinic: Served, tablet: Tablet) -> None:
    """Ten sections are wider than a phone: the rail shows the one that is open."""
    tablet.page.set_viewport_size({"width": 390, "height": 844})
    tablet.sign_in("director", at="/people")
    here = tablet.page.locator(".rail [aria-current]")
    expect(here).to_have_text("People")
    expect(here).to_be_in_viewport()


def test_a_password_that_somebody_else_set_opens_nothing_but_the_choice_of_another(
    clinic: Served, tablet: Tablet
) -> None:
    who = people.staff("reset_person", ["nurse_practitioner"], clinic.cast.north)
    page, dialog = _open(tablet, "admin", f"/people?row={who.pk}"), tablet.page.get_by_role("dialog")
    page.get_by_role("button", name="New password…").click()
    dialog.get_by_label("New password, 12").fill(GOOD)
    dialog.get_by_label("Why").fill("Lost her phone")
    dialog.get_by_role("button", name="Set this password").click()
    expect(dialog).to_have_count(0)
    page.goto("/sign-in?next=/bedside")
    page.get_by_label("E-mail").fill(who.email)
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.locator("button.xl").click()
    page.wait_for_url("**/password?next=%2Fbedside")
    expect(page.get_by_text("Choose one of your own")).to_be_visible()
    tablet.accessible()
    page.goto("/bedside")
    page.wait_for_url("**/password?next=%2Fbedside")
    page.get_by_label("Present password").fill(GOOD)
    page.get_by_label("New password, 12").fill("a marble thunder orchard")
    page.get_by_role("button", name="Change it").click()
    page.wait_for_url("**/bedside")
    page.locator(".app").wait_for()
