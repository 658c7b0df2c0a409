"""Clinicians reach whom they must: a record of another location in an emergency, and clients who answered by a link."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlparse

from playwright.sync_api import Locator, Page, expect

from kapclinic.core import clock
from kapclinic.practice.models import Client
from kapclinic.trail.models import AuditEvent, BreakGlass, Task
from sessions.links.rules.questions import QUESTIONS
from tests import cast as people
from tests.e2e.screens import LASTS, Served, Tablet
from tests.sessions.links.phone import Phone

WHY = "She called our crisis line just now"


def test_in_an_emergency_the_record_of_another_location_is_found_read_and_closed(
    clinic: Served, tablet: Tablet
) -> None:
    cast, page = clinic.cast, tablet.page
    mina = people.client(cast.north, by=cast.frontdesk, first="Mina", last="Faraway")
    people.opened_program(cast, protocol=people.approved_protocol(cast, name="KAP far away"), who=mina)
    tablet.sign_in("south_prescriber", at="/decide")
    page.keyboard.press("/")
    page.get_by_label("Name, MRN, phone or date of birth").fill("Faraway")
    page.get_by_role("dialog").get_by_role("link", name="At another location?").click()
    page.wait_for_url(re.compile("/clients/elsewhere$"))
    _looks(page, tablet, mina)
    _opens(page, tablet, mina)
    glass = BreakGlass.objects.get(client=mina.pk)
    band = page.get_by_role("region", name="Opened in an emergency, by you")
    expect(band).to_contain_text("open to you until")
    expect(page.locator(".who h1")).to_contain_text("Mina Faraway")
    expect(page.get_by_role("tab", name="Links")).to_have_count(0)  # nothing is written through it
    tablet.accessible()
    page.reload()
    expect(band).to_be_visible()

    # Whoever asks again is led to the record; a list of their own says what stands.
    page.goto("/clients/elsewhere")
    stands = page.locator(".gl-l li", has_text=mina.mrn)
    expect(stands).to_contain_text("until")
    _fill(page, mina.mrn)
    page.get_by_label("Why do you need").fill(WHY)
    page.get_by_role("button", name="Open the record").click()
    refused = page.locator(".gx [role=alert]")
    expect(refused).to_contain_text("It stands: read what you need.")
    refused.get_by_role("link", name="Go to the record").press("Enter")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(band).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    band.get_by_role("button", name="End it now").click()
    page.wait_for_url(re.compile("/clients/elsewhere$"))
    expect(page.get_by_text("Open to you now")).to_have_count(0)
    glass.refresh_from_db()
    assert glass.ended_at is not None
    page.goto(f"/clients/{mina.pk}")
    expect(page.get_by_role("heading", name="There is no such client here")).to_be_visible()
    assert "Faraway" not in page.content()

    # The director there ends it under the reader's hands: what was read goes from the page.
    body = {"client": str(mina.pk), "reason": WHY}
    again = cast.desk("south_prescriber").must("break-glass/", body, status=201)["id"]
    page.reload()
    expect(page.locator(".who h1")).to_contain_text("Mina Faraway")
    cast.desk("director").must(f"break-glass/{again}/end/")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.get_by_role("heading", name="There is no such client here")).to_be_visible()
    assert "Faraway" not in page.content()
    reads = AuditEvent.objects.filter(clients__contains=[mina.pk], created_by=cast.south_prescriber.pk)
    assert reads.filter(detail__break_glass=str(glass.pk)).exists()


def _fill(page: Page, mrn: str) -> None:
    page.get_by_label("MRN, exactly").fill(mrn)
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.get_by_role("heading", name="There is one such client")).to_be_visible()


def _looks(page: Page, tablet: Tablet, mina: Client) -> None:
    """By nothing, by a name that fits nobody, by one that fits, and by the number of somebody at hand."""
    look = page.get_by_role("button", name="Look", exact=True)
    look.click()
    expect(page.get_by_label("MRN, exactly")).to_be_focused()
    expect(page.locator(".gx p[role=alert]")).to_contain_text("exactly as it is written")
    tablet.accessible()
    page.get_by_role("button", name="Name and date of birth").press("Enter")
    page.get_by_label("First name").fill("Mia")
    page.get_by_label("Last name").fill("faraway")
    page.get_by_label("Birth date").fill("1985-03-02")
    look.click()
    expect(page.locator(".gx .note", has_text="No client fits exactly")).to_be_visible()
    page.get_by_label("First name").fill("mina")
    page.get_by_label("First name").press("Enter")
    expect(page.get_by_role("heading", name="There is one such client")).to_be_visible()
    assert "Faraway" not in page.url
    page.get_by_role("button", name="The MRN").click()
    _fill(page, mina.mrn.lower())


def _opens(page: Page, tablet: Tablet, mina: Client) -> None:
    """Two words are no reason; a lost answer opens it once."""
    opens, why = page.get_by_role("button", name="Open the record"), page.get_by_label("Why do you need")
    why.fill("An emergency")
    opens.click()
    expect(page.get_by_text("Say it in three words or more.")).to_be_visible()
    expect(why).to_be_focused()
    why.fill(WHY)
    tablet.accessible()
    tablet.answer("/break-glass/$", lambda route, request: (route.fetch(), route.abort()))
    opens.click()
    expect(page.locator(".gx [role=alert]")).to_contain_text("No answer from the server")
    tablet.heal()
    opens.click()
    page.wait_for_url(re.compile(f"/clients/{mina.pk}"))
    assert BreakGlass.objects.filter(client=mina.pk).count() == 1


def test_what_a_client_answered_stands_where_the_clinician_works(clinic: Served, tablet: Tablet) -> None:
    cast, page, dialog = clinic.cast, tablet.page, tablet.page.get_by_role("dialog")
    who = people.client(cast.north, by=cast.frontdesk, first="Nora", last="Answers")
    program = people.opened_program(
        cast, protocol=people.approved_protocol(cast, name="KAP answered"), who=who
    )
    draft = cast.desk("np").must("screenings/", {"program": str(program.pk)})
    link = {"client": str(who.pk), "purpose": "intake", "subject": draft["id"]}
    phone = Phone(urlparse(cast.desk("np").must("client-links/", link)["url"]).path)
    phone.born()
    assert phone.send(**(dict.fromkeys(QUESTIONS, "no") | {"OPHTH": "yes", "OPHTH_note": "Glaucoma"})) == 200
    tablet.sign_in("therapist", at="/notes")
    row = _row(page, "Nora Answers")
    expect(row).to_contain_text("The questions before a course")
    expect(row).to_contain_text("waits since")
    assert "Glaucoma" not in page.content()
    tablet.accessible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(row).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/intake")
    expect(_row(page, "Nora Answers")).to_be_visible()
    tablet.accessible()
    _row(page, "Nora Answers").press("Enter")
    expect(dialog).to_contain_text("Glaucoma")
    dialog.get_by_role("button", name="Take over").click()
    expect(dialog).to_have_count(0)
    assert not Task.objects.open().filter(kind="client_answered", client=who.pk).exists()
    page.get_by_role("link", name="Go to the screening").click()
    page.wait_for_url(re.compile(f"/intake/{program.pk}"))
    expect(page.locator("#q-OPHTH").get_by_role("radio", name="Yes")).to_be_checked()
    page.goto("/notes")
    expect(page.get_by_role("heading", name="Integration owed")).to_be_visible()
    expect(_row(page, "Nora Answers")).to_have_count(0)
    tablet.sign_in("frontdesk", at="/intake")
    expect(page.get_by_role("heading", name="Intake")).to_be_visible()
    expect(page.locator(".answ")).to_have_count(0)  # it is for those who treat


def _row(page: Page, name: str) -> Locator:
    return page.locator(".answ-l a", has_text=name)


def test_what_is_read_through_an_opening_shows_no_button_that_writes(clinic: Served, tablet: Tablet) -> None:
    cast, page = clinic.cast, tablet.page
    began = clock.now() - timedelta(hours=7)
    session = clinic.watched(starts_at=began, ends_at=began + LASTS)
    body = {"client": str(session.client_id), "reason": WHY}
    glass = cast.desk("south_prescriber").must("break-glass/", body, status=201)["id"]
    tablet.sign_in("south_prescriber", at=f"/bedside/sessions/{session.pk}")
    reads = page.get_by_text("A record of another location: you only read.")
    expect(reads).to_be_visible()
    expect(page.get_by_role("region", name="Readings")).to_contain_text("on server")
    for name in (
        "Dose",
        "Event",
        "Observation",
        "Discharge",
        "Acknowledge: what did you do?",
        "Void…",
        "Not taken",
    ):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("button", name="Call for help")).to_be_enabled()
    page.get_by_role("tab", name="Record").click()
    expect(page.get_by_role("region", name="Record")).to_be_visible()
    tablet.accessible()
    page.goto(f"/intake/{session.program_id}")
    expect(reads).to_be_visible()
    expect(page.get_by_role("button", name="Screen again")).to_be_disabled()
    page.get_by_role("tab", name="Medicines").click()
    expect(page.get_by_label("Name, dose and how often")).to_be_disabled()
    page.get_by_role("tab", name="Consents").click()
    expect(page.locator("#part ul.lines button").first).to_be_disabled()
    tablet.accessible()
    cast.desk("south_prescriber").must(f"break-glass/{glass}/end/")
