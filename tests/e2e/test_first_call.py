"""One client from the first call to the way home, through the screens; the prescriber and screening by the API alone."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from programs.models import Program
from sessions.booking.models import Session
from sessions.dosing.models import Discharge
from sessions.integration.models import Obligation
from tests import cast as people
from tests.e2e.screens import Served, Tablet
from tests.journeys import steps

WHO = {
    "First name, as on the ID": "Quinn",
    "Last name, as on the ID": "Firstcall",
    "Date of birth": "1984-02-19",
    "Phone": "303-555-0171",
    "Street and number": "7 Example Street",
    "City": "Denver",
    "ZIP code": "80202",
}
ONE_DOSE = {
    "name": "KAP of the first call",
    "planned_doses": 1,
    "min_preparations": 0,
    "min_stay_min": 0,
    "checks_min": [0],
}


def _registered(clinic: Served, page: Page) -> Program:
    """A new client with a course, by the front desk."""
    dialog = page.get_by_role("dialog")
    for label, value in WHO.items():
        dialog.get_by_label(label, exact=True).fill(value)
    dialog.get_by_label("Sex, as on the ID").select_option("X")
    dialog.get_by_role("button", name="Register the client").click()
    dialog.get_by_role("button", name=re.compile("Open a course|A different person")).first.click()
    if dialog.get_by_role("button", name="Open a course").is_visible():
        dialog.get_by_role("button", name="Open a course").click()
    dialog.get_by_label("Protocol").select_option(label=f"{ONE_DOSE['name']}, edition 1")
    dialog.get_by_label("Therapist").select_option(label=clinic.cast.other_therapist.name)
    dialog.get_by_label("Prescriber").select_option(label=clinic.cast.prescriber.name)
    dialog.get_by_role("button", name="Open the course, then plan it").click()
    page.wait_for_url(re.compile(r"/programs/[0-9a-f-]+/plan"))
    found: Program = Program.objects.get(client__legal_last_name="Firstcall")
    return found


def _planned(page: Page, program: Program) -> Session:
    """The whole course, booked all or none."""
    page.get_by_role("button", name=re.compile("^Book all")).click()
    expect(page.get_by_text(re.compile("booked", re.IGNORECASE)).first).to_be_visible()
    found: Any = Session.objects.filter(program=program, kind="dosing")
    for _ in range(100):
        if found.exists():
            break
        page.wait_for_timeout(100)
    return found.get()


def _cleared(clinic: Served, program: Program, session: Session) -> None:
    """What the prescriber and the screening do; and the client can come at once."""
    cast = clinic.cast
    people.clear(cast, program)
    people.sign_consent(cast, program)
    slot = clinic.slot()
    moved = {
        "starts_at": steps.moment(slot["starts_at"]),
        "ends_at": steps.moment(slot["ends_at"]),
        "room": str(cast.birch.pk),
        "reason": "The client can come at once",
        "override_reason": "The client can come at once",
    }
    cast.desk("frontdesk").must(f"sessions/{session.pk}/reschedule/", moved)
    session.refresh_from_db()
    steps.order(cast, {"id": str(session.pk), "ends_at": steps.moment(session.ends_at)})


def _received(page: Page, session: Session) -> None:
    page.goto(f"/desk/schedule?session={session.pk}")
    page.locator(".ev", has_text="Quinn").click()
    page.keyboard.press("c")
    expect(page.locator(".pick .cur")).to_have_text("Arrived")
    page.get_by_role("button", name="Add ride").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Alex Example")
    dialog.get_by_label("Phone").fill("303-555-0177")
    dialog.get_by_role("button", name="Save ride").click()
    expect(dialog).to_have_count(0)
    page.keyboard.press("r")
    expect(page.locator(".pick .cur")).to_have_text("Roomed")


def _dosed(tablet: Tablet, session: Session) -> None:
    """The nurse clears gate by gate at the bedside, then records the dose."""
    page = tablet.page
    tablet.at_bedside(session)
    page.get_by_role("radio", name=re.compile("alert")).click()
    tablet.take(124, 79, 71)
    tablet.sees("on server", 1)
    page.get_by_role("button", name="Dose", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Last solid food at").fill("00:05")
    dialog.get_by_role("button", name="Note it").first.click()
    tablet.accessible()
    asked = dialog.get_by_role("button", name="Yes, looked at now")
    for _ in range(asked.count()):  # one after another, without a look at what the one before is answered
        asked.first.click()
    expect(dialog.locator(".chk2 li.no")).to_have_count(0)
    dialog.get_by_role("button", name="Record 100 mg given").click()
    expect(dialog).to_have_count(0)


def test_from_the_first_call_to_the_way_home(clinic: Served, tablet: Tablet) -> None:
    people.approved_protocol(clinic.cast, **ONE_DOSE)
    page = tablet.page
    tablet.sign_in("frontdesk", at="/desk/schedule?new=client")
    program = _registered(clinic, page)
    session = _planned(page, program)
    _cleared(clinic, program, session)
    _received(page, session)
    _dosed(tablet, session)
    assert Obligation.objects.filter(dosing_session=session).count() == 1
    page.get_by_role("radio", name=re.compile("alert")).click()
    tablet.take(122, 78, 70)
    tablet.sees("on server", 2)
    page.get_by_role("button", name="Discharge", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.locator(".cr li").first.wait_for()
    for row in dialog.locator(".cr li .seg").all():
        row.get_by_role("button", name="Yes").click()
    expect(dialog.locator(".cr")).not_to_contain_text(
        re.compile("too old|open alarm|not whole", re.IGNORECASE)
    )
    dialog.get_by_role("button", name="Discharge", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("The client may leave")
    assert Discharge.objects.filter(session=session).exists()
