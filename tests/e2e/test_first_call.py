"""One client from the first call to the way home and the signed note, by the screens of each role."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from kapclinic.core import clock
from programs.models import Program
from screening.models import Clearance, Consent
from screening.rules.conditions import CONDITIONS
from sessions.booking.models import Session
from sessions.dosing.models import Discharge, Order
from sessions.integration.models import Obligation
from sessions.notes.models import Note
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
ASKED = sum(one.asked for one in CONDITIONS.values())
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


def _screened(tablet: Tablet, program: Program) -> None:
    """A nurse asks the screening's questions; what a single pressure leaves open is for the prescriber."""
    tablet.sign_in("np", at=f"/intake/{program.pk}")
    page = tablet.page
    page.get_by_role("button", name="Begin the screening").click()
    questions = page.locator(".qs > li")
    expect(questions).to_have_count(ASKED)
    for index in range(ASKED):
        questions.nth(index).get_by_role("radio", name="No", exact=True).check()
    page.get_by_label("Systolic").fill("124")
    page.get_by_label("Diastolic").fill("80")
    page.get_by_role("button", name=re.compile("^Add.*the blood pressure")).click()
    expect(page.get_by_text("Every question is answered.")).to_be_visible()
    expect(page.get_by_text("On the server", exact=True)).to_be_visible()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("It waits for the prescriber.")).to_be_visible()


def _consented(tablet: Tablet, program: Program) -> None:
    """The client reads the consent at the front desk, and signs."""
    tablet.sign_in("frontdesk", at=f"/intake/{program.pk}?tab=consents")
    dialog = tablet.page.get_by_role("dialog")
    tablet.page.get_by_role("button", name=re.compile("^Read and sign.*Ketamine-assisted")).click()
    dialog.get_by_label("Name of who signs").fill("Quinn Firstcall")
    dialog.get_by_role("button", name="Typed name").click()
    dialog.get_by_role("button", name="Sign", exact=True).click()
    expect(tablet.page.locator(".lines > li", has_text="Ketamine-assisted")).to_contain_text(
        "Quinn Firstcall"
    )
    assert Consent.objects.get(program=program, status="signed").document == "kap_treatment"


def _chosen(tablet: Tablet, kind: str) -> None:
    tablet.page.locator(".il a", has_text="Quinn Firstcall").filter(has_text=kind).click()
    expect(tablet.page.get_by_role("heading", name="Quinn Firstcall")).to_be_visible()


def _cleared(tablet: Tablet, program: Program) -> None:
    """The prescriber answers each finding, and clears."""
    tablet.sign_in("prescriber", at="/decide")
    page = tablet.page
    _chosen(tablet, "Clearance")
    page.locator(".rs textarea").first.wait_for()
    for answer in page.locator(".rs textarea").all():
        answer.fill("Looked at: acceptable.")
    page.get_by_role("radio", name="Clear for doses").check()
    page.get_by_label("Why, in words the client can read").fill("Suitable.")
    page.get_by_role("button", name=re.compile("^Clear for doses")).click()
    expect(page.locator(".il a", has_text="Quinn Firstcall").filter(has_text="Clearance")).to_have_count(0)
    assert Clearance.objects.get(program=program).decision == "cleared"


def _at_once(clinic: Served, session: Session) -> None:
    """The client can come now. No clinic is open at whatever hour this is looked at, so the booking is put there."""
    slot = clinic.slot()
    moved = {
        "starts_at": steps.moment(slot["starts_at"]),
        "ends_at": steps.moment(slot["ends_at"]),
        "room": str(clinic.cast.birch.pk),
        "reason": "The client can come at once",
        "override_reason": "The client can come at once",
    }
    clinic.cast.desk("frontdesk").must(f"sessions/{session.pk}/reschedule/", moved)
    session.refresh_from_db()


def _ordered(tablet: Tablet, session: Session) -> None:
    tablet.page.goto("/decide")
    _chosen(tablet, "Order")
    page = tablet.page
    page.get_by_label("Dose, mg").fill("100")
    page.get_by_label("In all at most, mg").fill("200")
    page.get_by_role("button", name=re.compile("^Write the order")).click()
    expect(page.locator(".il a", has_text="Quinn Firstcall").filter(has_text="Order")).to_have_count(0)
    assert Order.objects.get(session=session).prescriber == tablet.clinic.cast.prescriber


def _written_up(tablet: Tablet, session: Session) -> None:
    """The nurse writes the day up, and signs with the password."""
    page = tablet.page
    page.goto(f"/notes?session={session.pk}")
    dosing = page.get_by_role("radio", name="Dosing note")
    begin = page.get_by_role("button", name="Begin the note")
    begin.wait_for()
    if dosing.count():
        dosing.click()
    begin.click()
    for name in ("Data", "Assessment", "Plan"):
        page.get_by_role("textbox", name=name, exact=True).fill(f"{name}: calm, 100 mg, went home with Alex.")
    expect(page.locator(".save")).to_contain_text("On the server")
    page.get_by_role("button", name="Sign and lock").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password").fill(people.PASSWORD)
    dialog.get_by_role("button", name="Sign and lock").click()
    expect(page.locator(".save")).to_contain_text("Signed and locked")
    assert Note.objects.get(session=session).status == "signed"
    page.get_by_role("button", name="It took place, and is over").dblclick()
    expect(page.get_by_role("button", name="It took place, and is over")).to_have_count(0)
    session.refresh_from_db()
    assert session.status == "completed"


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
    eaten = clock.now().astimezone(tablet.clinic.cast.north.zone) - timedelta(hours=10)
    dialog.get_by_label("Last solid food at").fill(f"{eaten:%H:%M}")
    dialog.get_by_role("button", name="Note it").first.click()
    tablet.accessible()
    asked = dialog.get_by_role("button", name="Yes, looked at now")
    for _ in range(20):  # one after another, as long as one is asked
        if not asked.count():
            break
        asked.first.click()
        page.wait_for_timeout(300)
    expect(dialog.locator(".chk2 li.no")).to_have_count(0)
    dialog.get_by_role("button", name="Record 100 mg given").click()
    expect(dialog).to_have_count(0)


def test_from_the_first_call_to_the_way_home(clinic: Served, tablet: Tablet) -> None:
    people.approved_protocol(clinic.cast, **ONE_DOSE)
    page = tablet.page
    tablet.sign_in("frontdesk", at="/desk/schedule?new=client")
    program = _registered(clinic, page)
    session = _planned(page, program)
    _screened(tablet, program)
    _consented(tablet, program)
    _cleared(tablet, program)
    _at_once(clinic, session)
    _ordered(tablet, session)
    tablet.sign_in("frontdesk")
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
    page.keyboard.press("Escape")
    _written_up(tablet, session)
    page.goto(f"/clients/{program.client_id}")
    expect(page.locator(".hist tr", has_text="Dosing 1")).to_contain_text("Note signed")
