"""What the front desk does beside the day: who is new, who waits, what is to be done, who is away."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from kapclinic.core import clock
from kapclinic.practice.models import Client
from kapclinic.trail.models import Task
from programs.models import Program
from sessions.booking.models import Session
from sessions.waitlist.models import WaitlistEntry
from tests import cast as people
from tests.e2e.screens import Served, Tablet

SCHEDULE = "/desk/schedule"


def _fill(page: Page, **more: str) -> None:
    values = {
        "First name, as on the ID": "Toni",
        "Last name, as on the ID": "Specimen",
        "Date of birth": "1979-04-11",
        "Phone": "303-555-0144",
        "Street and number": "1 Example Street",
        "City": "Denver",
        "ZIP code": "80202",
    } | more
    for label, value in values.items():
        page.get_by_role("dialog").get_by_label(label, exact=True).fill(value)
    page.get_by_role("dialog").get_by_label("Sex, as on the ID").select_option("X")


def test_a_new_client_is_looked_for_first_and_then_has_a_course(clinic: Served, tablet: Tablet) -> None:
    """Whoever looks like somebody who is here is shown, and registered only when they are a different person."""
    cast = clinic.cast
    protocol = people.approved_protocol(cast, name="KAP of the new client")
    known = people.client(
        cast.north, by=cast.frontdesk, first="Tony", last="Specimen", phone="(303) 555-0144"
    )
    tablet.sign_in("frontdesk", at=f"{SCHEDULE}?new=client")
    page = tablet.page
    dialog = page.get_by_role("dialog")
    _fill(page, **{"ZIP code": "8020"})
    register = dialog.get_by_role("button", name="Register the client")
    tablet.offline()
    register.click()
    expect(dialog.get_by_role("alert")).to_contain_text("What you wrote is still here")
    tablet.offline(away=False)
    register.click()
    expect(dialog.get_by_text("Somebody here looks like the same person.")).to_be_visible()
    tablet.accessible()
    expect(dialog.locator(".alike")).to_contain_text(known.mrn)
    expect(dialog.locator(".alike")).to_contain_text("Same: phone")
    dialog.get_by_role("button", name="A different person: register").click()
    expect(dialog.get_by_role("alert")).to_be_visible()  # refused for the ZIP code, and nothing is lost
    dialog.get_by_role("button", name="Back to the form").click()
    expect(dialog.get_by_label("ZIP code")).to_have_value("8020")
    dialog.get_by_label("ZIP code").fill("80202")
    tablet.accessible()
    register.click()
    dialog.get_by_role("button", name="A different person: register").dblclick()
    dialog.get_by_role("button", name="Open a course").click()
    assert Client.objects.filter(legal_first_name="Toni", legal_last_name="Specimen").count() == 1
    dialog.get_by_label("Protocol").select_option(label=f"{protocol.name}, edition 1")
    dialog.get_by_label("Therapist").select_option(label=cast.therapist.name)
    dialog.get_by_label("Prescriber").select_option(label=cast.prescriber.name)
    dialog.get_by_role("checkbox", name="Tue").check()
    tablet.accessible()
    tablet.forgive += "|404"  # the plan's own screen is tested where it is built
    dialog.get_by_role("button", name="Open the course, then plan it").click()
    page.wait_for_url(re.compile(r"/programs/[0-9a-f-]+/plan$"))
    program: Any = Program.objects.get(client__legal_first_name="Toni", client__legal_last_name="Specimen")
    assert (program.therapist_id, program.preferred_days) == (cast.therapist.pk, [1])


def test_somebody_who_is_here_already_is_booked_and_not_registered_again(
    clinic: Served, tablet: Tablet
) -> None:
    cast = clinic.cast
    known = people.client(
        cast.north,
        by=cast.frontdesk,
        first="Wren",
        last="Mockup",
        phone="303-555-0155",
        email="w@example.test",
    )
    tablet.sign_in("frontdesk", at=SCHEDULE)
    page, dialog = tablet.page, tablet.page.get_by_role("dialog")
    page.keyboard.press("/")
    dialog.get_by_label("Name, MRN, phone or date of birth").fill("Renn Mockup")
    tablet.accessible()
    dialog.get_by_role("link", name="New client").click()
    _fill(
        page,
        **{"First name, as on the ID": "Renn", "Last name, as on the ID": "Mockup", "Phone": "303 555 0155"},
    )
    dialog.get_by_role("button", name="Register the client").click()
    dialog.get_by_role("button", name=f"It is this one {known.display_name}").click()
    expect(dialog.get_by_role("heading", name="Book a session")).to_be_visible()
    expect(dialog).to_contain_text(known.mrn)
    expect(dialog.get_by_role("button", name="Open a course")).to_be_visible()
    assert Client.objects.filter(legal_last_name="Mockup").count() == 1


def _open_course(clinic: Served) -> Program:
    cast = clinic.cast
    who = people.client(
        cast.north, by=cast.frontdesk, first=f"Ira{Client.objects.count():03}", last="Prototype"
    )
    protocol = people.approved_protocol(cast, min_preparations=0)
    found: Program = people.cleared_program(cast, protocol=protocol, who=who)
    return found


def _name(program: Program) -> str:
    return str(program.client.display_name)


def _booked(clinic: Served, days: int, *, hour: int = 9, **more: Any) -> Session:
    """A preparation of a client of its own, some days ahead."""
    now = clock.now().astimezone(clinic.cast.north.zone)
    start = (now + timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)
    return people.booked(clinic.cast, _open_course(clinic), "preparation", start, **more)


def test_a_time_that_is_given_up_is_offered_to_who_waits_for_it(clinic: Served, tablet: Tablet) -> None:
    cast = clinic.cast
    given_up, first, second = _booked(clinic, 9), _open_course(clinic), _open_course(clinic)
    tablet.sign_in("frontdesk", at="/desk/waitlist")
    page = tablet.page
    dialog = page.get_by_role("dialog")
    for program in (first, second):
        page.keyboard.press("n")
        dialog.get_by_label("Client").fill(_name(program).split(maxsplit=1)[0])
        dialog.get_by_role("button", name=_name(program)).click()
        dialog.get_by_label("What").select_option("preparation")
        tablet.accessible()
        dialog.get_by_role("button", name="Add to the waitlist").click()
        expect(page.locator(".il li", has_text=_name(program))).to_be_visible()
    people.ended_session(given_up, "cancel", by=cast.frontdesk)
    page.reload()
    offered = page.locator("h3", has_text="Offered").locator("+ ul li")
    expect(offered).to_have_count(2)
    offered.filter(has_text=_name(first)).get_by_role("button").click()
    expect(page.locator(".wo")).to_contain_text("09:00–10:00")  # in whichever room is free then
    expect(page.locator(".wo").get_by_role("timer")).to_be_visible()
    tablet.accessible()
    page.get_by_role("button", name="Declined or not reached").click()
    dialog.get_by_role("radio", name="Does not want it").check()
    dialog.get_by_role("button", name="It is done").click()
    expect(offered).to_have_count(1)
    offered.get_by_role("button").click()
    page.get_by_role("button", name="Book it").dblclick()
    expect(page.locator("h3", has_text="Offered")).to_have_count(0)
    session = Session.objects.get(program=second)
    assert (session.starts_at, session.status) == (given_up.starts_at, "scheduled")
    assert session.client_confirmed_at is not None  # the client was on the phone
    assert WaitlistEntry.objects.get(program=second).status == "filled"
    page.locator(".il li", has_text=_name(first)).get_by_role("button").click()
    page.get_by_role("button", name="Take off the waitlist").click()
    dialog.get_by_label("Why?").fill("Has another clinic now")
    dialog.get_by_role("button", name="Take off the waitlist").click()
    expect(page.locator(".il li", has_text=_name(first))).to_have_count(0)


def test_each_row_of_the_worklist_has_the_button_that_settles_it(clinic: Served, tablet: Tablet) -> None:
    """A call settles it, or a word; names are initials while somebody looks across the desk."""
    rows = [_booked(clinic, 10, hour=hour) for hour in (9, 11)]
    desk = clinic.cast.desk("frontdesk")
    for session in rows:
        sure = desk.patch(f"sessions/{session.pk}/", {"client_confirmed_at": clock.now().isoformat()})
        assert sure.status_code == 200, sure.content
        times = {name: getattr(session, name) + timedelta(hours=4) for name in ("starts_at", "ends_at")}
        body = {name: value.isoformat() for name, value in times.items()} | {"reason": "The therapist asked"}
        desk.must(f"sessions/{session.pk}/reschedule/", body)
    tablet.sign_in("frontdesk", at="/desk/worklist")
    page, dialog = tablet.page, tablet.page.get_by_role("dialog")
    by_call, by_word = (page.locator(".il li", has_text=_name(session.program)) for session in rows)
    by_call.get_by_role("button").click()
    expect(page.locator(".wo")).to_contain_text("Preparation 1")
    tablet.accessible()
    page.keyboard.press("v")
    expect(page.get_by_text(_name(rows[0].program))).to_have_count(0)
    page.keyboard.press("v")
    page.keyboard.press("s")
    expect(dialog).to_contain_text("Say when the session is")
    tablet.accessible()
    dialog.get_by_role("button", name="Confirmed by client").click()
    expect(by_call).to_have_count(0)
    expect(page.locator(".il [aria-current]")).to_be_focused()
    by_word.get_by_role("button").click()
    page.keyboard.press("d")
    dialog.get_by_label("In a few words").fill("Their partner answered")
    tablet.accessible()
    dialog.get_by_role("button", name="It is done").click()
    expect(by_word).to_have_count(0)
    task = Task.objects.get(kind="confirm_again", subject_id=rows[1].pk)
    assert (task.state, task.outcome) == ("done", "Their partner answered")


def test_somebody_is_away_and_each_session_that_this_breaks_is_mended(clinic: Served, tablet: Tablet) -> None:
    cast = clinic.cast
    moved, dropped = _booked(clinic, 16), _booked(clinic, 16, hour=11)
    day, after = (
        f"{at.astimezone(cast.north.zone):%Y-%m-%d}"
        for at in (moved.starts_at, moved.starts_at + timedelta(days=1))
    )
    tablet.sign_in("frontdesk", at="/desk/absences")
    page, dialog = tablet.page, tablet.page.get_by_role("dialog")
    page.get_by_label("Who").select_option(label=cast.therapist.name)
    expect(page.get_by_label("Away from")).to_have_value(
        f"{clock.now().astimezone(cast.north.zone):%Y-%m-%d}"
    )
    page.get_by_label("Away from").fill(day)
    expect(page.get_by_label("Back on")).to_have_value(after)
    first, second = (page.locator(".bk", has_text=_name(session.program)) for session in (moved, dropped))
    expect(first.get_by_role("radio").first).to_be_checked()
    expect(first).to_contain_text(cast.other_therapist.name)
    second.get_by_role("radio", name="Cancel it").check()
    save = page.get_by_role("button", name="Mark as away")
    expect(save).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_text("1 session is not decided yet")).to_be_visible()
    second.get_by_label("Why is it cancelled?").fill("The client prefers to wait")
    tablet.accessible()
    save.click()
    expect(page.get_by_role("heading", name=f"{cast.therapist.name} is away")).to_be_visible()
    expect(page.locator(".wb li", has_text=_name(moved.program))).to_contain_text(moved.program.client.phone)
    moved.refresh_from_db()
    dropped.refresh_from_db()
    assert moved.staff == [{"user": str(cast.other_therapist.pk), "role": "therapist"}]
    assert (dropped.status, dropped.reason) == ("cancelled", "The client prefers to wait")
    page.locator(".il button", has_text=cast.therapist.name).click()
    page.get_by_role("button", name="They are there after all").click()
    dialog.get_by_label("Why?").fill("The course was called off")
    dialog.get_by_role("button", name="Cancel the absence").click()
    expect(page.locator(".il button", has_text=cast.therapist.name)).to_have_count(0)


def test_a_session_whose_room_is_closed_is_mended_from_the_worklist(clinic: Served, tablet: Tablet) -> None:
    cast = clinic.cast
    room = people.room("Dogwood", cast.north, people.KINDS)
    session = _booked(clinic, 17, room=room.pk)
    gone = cast.desk("admin").patch(f"rooms/{room.pk}/", {"is_active": False, "leave_unresolved": True})
    assert gone.status_code == 200, gone.content
    task = Task.objects.get(kind="session_unstaffed", subject_id=session.pk)
    tablet.sign_in("frontdesk", at=f"/desk/worklist?task={task.pk}")
    page, dialog = tablet.page, tablet.page.get_by_role("dialog")
    expect(page.locator(".wo")).to_contain_text("Without a room")
    page.get_by_role("button", name="Move, or find somebody").click()
    dialog.get_by_label("Room").select_option(label="Birch")
    expect(dialog.get_by_role("status")).to_contain_text("It fits")
    dialog.get_by_label("Why?").fill("Dogwood is closed")
    dialog.get_by_role("button", name="Move to").click()
    expect(
        page.locator(".il li", has_text=_name(session.program)).filter(has_text="Find somebody")
    ).to_have_count(0)
    session.refresh_from_db()
    assert session.room_id == cast.birch.pk


def test_the_day_on_paper_has_its_rows_and_nothing_around_them(clinic: Served, tablet: Tablet) -> None:
    session = _booked(clinic, 18)
    day = f"{session.starts_at.astimezone(clinic.cast.north.zone):%Y-%m-%d}"
    tablet.sign_in("frontdesk", at=f"{SCHEDULE}?day={day}")
    page = tablet.page
    page.locator(".ev", has_text=_name(session.program)).wait_for()
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print")
    row = page.locator(".paper tbody tr", has_text=_name(session.program))
    expect(row).to_contain_text("09:00–10:00")
    for around in (".bar", ".rail", ".grid", ".side", ".flow"):
        expect(page.locator(around)).to_be_hidden()
    looks = "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e.querySelector('thead')).display]"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".paper").evaluate(looks)[1] == "table-header-group"
