"""A client's page: the course on one axis and as a table, what comes next, the record by tabs, and how much of it each role sees."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from kapclinic.core import clock
from tests import cast as people
from tests.e2e.screens import Served, Tablet

WORSE, BETTER = [3, 3, 2, 2, 2, 2, 2, 2, 1], [1, 1, 1, 1, 1, 1, 1, 1, 0]


def _measured(clinic: Served, program: Any, instrument: str, answers: list[int], days: int) -> None:
    taken = (clock.now() - timedelta(days=days)).isoformat()
    body = {"program": str(program.pk), "instrument": instrument, "answers": answers, "taken_at": taken}
    clinic.cast.desk("therapist").must("measures/", body | {"administered_by": "clinician"})


def _open(tablet: Tablet, client: Any, name: str) -> Page:
    tablet.sign_in(name, at=f"/clients/{client.pk}")
    tablet.page.get_by_role("heading", name=client.display_name).wait_for()
    return tablet.page


def test_a_therapist_finds_a_client_and_sees_the_course_on_one_axis(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    client, program = session.program.client, session.program
    _measured(clinic, program, "phq9", WORSE, 6)
    _measured(clinic, program, "gad7", [2] * 7, 6)
    _measured(clinic, program, "phq9", BETTER, 0)
    tablet.sign_in("therapist")
    page = tablet.page
    page.keyboard.press("/")
    page.get_by_role("searchbox").fill(client.mrn)
    page.get_by_role("link", name=re.compile(client.mrn)).press("Enter")
    page.wait_for_url(re.compile(rf"/clients/{client.pk}$"))
    page.get_by_role("heading", name=client.display_name).wait_for()
    assert client.legal_last_name not in page.title()
    chart = page.get_by_role("img", name="Course on one axis")
    expect(chart.locator("desc")).to_have_text(re.compile("PHQ-9 from 19 to 8.*1 doses given"))
    expect(chart).to_contain_text("item 9 answered")
    expect(page.locator(".who")).to_contain_text("PHQ-9 item 9 answered")
    expect(page.locator(".meas tr", has_text="PHQ-9")).to_contain_text("−58 %")
    expect(page.locator(".meas tr", has_text="PHQ-9")).to_contain_text("response")
    gad7 = page.locator(".meas tr", has_text="GAD-7")  # nothing after the dose: no change, and no 0 for it
    expect(gad7).to_contain_text(re.compile("14 moderate.*–"))
    expect(page.locator(".hist tr", has_text="Dosing 1")).to_contain_text("mg sublingual")
    expect(page.locator(".next")).to_contain_text(re.compile("Integration"))
    expect(page.locator(".next .win").first).to_have_attribute("aria-label", re.compile("window 24 to 72 h"))
    tablet.accessible()
    page.get_by_role("button", name="Table").click()
    table = page.get_by_role("region", name="Course as a table")
    expect(table.get_by_role("row", name=re.compile("PHQ-9 19"))).to_be_visible()
    expect(table.get_by_role("row", name=re.compile("Dose 1.*sublingual"))).to_be_visible()
    tablet.accessible()
    page.reload()
    expect(table).to_be_visible()
    page.get_by_role("button", name="Integration", exact=True).click()
    expect(page.locator(".hist tbody tr", has_text="Dosing")).to_have_count(0)
    page.go_back()
    expect(page.locator(".hist tbody tr", has_text="Dosing 1")).to_be_visible()


def test_the_record_is_read_tab_by_tab_with_the_keyboard(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    client, desk = session.program.client, clinic.cast.desk("therapist")
    today = clock.now().astimezone(clinic.cast.north.zone)
    plan = {"client": str(client.pk), "text": "Call Sam first.", "made_on": f"{today:%Y-%m-%d}"}
    desk.must("safety-plans/", plan)
    people.written_note(session, by=clinic.cast.therapist)
    lab = {"client": str(client.pk), "kind": "drug_screen", "result": "negative"}
    clinic.cast.desk("np").must("lab-results/", lab | {"taken_at": clock.now().isoformat()})
    page = _open(tablet, client, "therapist")
    expect(page.get_by_role("tab", name="Who looked")).to_have_count(0)
    page.get_by_role("tab", name="Course").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Notes")).to_be_focused()
    note = page.get_by_role("button", name=re.compile("Dosing 1.*Draft"))
    note.press("Enter")
    expect(note).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("link", name="Open the note")).to_have_attribute("href", re.compile("^/notes/"))
    tablet.accessible()
    told = {
        "Screening": "Call Sam first.",
        "Medicines": "Drug screen",
        "Scores": "No scale was filled in",
        "Documents": "Evidence of each dose",
        "Links": "No link was sent yet.",
    }
    for name, words in told.items():
        page.keyboard.press("Tab")
        page.get_by_role("tab", selected=True).focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tabpanel")).to_contain_text(words)
        tablet.accessible()
        if name == "Documents":
            for kept in ("Treatment", "Dose 1"):  # the signed consent, and the evidence of the dose
                row = page.locator("tr, .papers li", has_text=kept)
                paper = row.get_by_role("link", name="Open the PDF").first
                answer = page.request.get(str(paper.get_attribute("href")))
                assert (answer.status, answer.body()[:5]) == (200, b"%PDF-")
    page.get_by_role("tab", selected=True).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Course")).to_be_focused()
    assert "tab=" not in page.url


def test_the_director_sees_who_looked_and_prints_it_for_the_client(clinic: Served, tablet: Tablet) -> None:
    program = people.opened_program(clinic.cast)
    clinic.cast.desk("np").get(f"clients/{program.client.pk}/")
    page = _open(tablet, program.client, "director")
    page.get_by_role("tab", name="Who looked").click()
    rows = page.get_by_role("tabpanel").get_by_role("row")
    expect(rows.filter(has_text=clinic.cast.np.name).first).to_be_visible()
    tablet.accessible()
    page.get_by_label("From").fill("2001-01-01")
    page.get_by_label("To", exact=True).fill("2001-01-02")
    expect(page.get_by_role("tabpanel")).to_contain_text("Nobody, in that time.")
    page.get_by_label("To", exact=True).fill("")
    paper = page.get_by_role("link", name="For the client")
    expect(paper).to_have_attribute("href", re.compile("from=2001-01-01$"))
    answer = page.request.get(str(paper.get_attribute("href")))
    assert (answer.status, answer.body()[:5]) == (200, b"%PDF-")


def test_the_front_desk_sees_times_and_no_clinical_word(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    _measured(clinic, session.program, "phq9", BETTER, 0)
    page = _open(tablet, session.program.client, "frontdesk")
    expect(page.locator(".hist tr", has_text="Dosing 1")).to_contain_text("in person")
    expect(page.get_by_role("tab")).to_have_text(["Course", "Documents", "Links"])
    page.wait_for_load_state("networkidle")
    for word in (" mg", "PHQ", "Allergies", "Peak", "F33"):
        assert word not in page.locator(".main").inner_text()
    tablet.accessible()


def test_a_client_of_another_clinic_is_not_there_and_a_lost_answer_is_asked_for_again(
    clinic: Served, tablet: Tablet
) -> None:
    cast = clinic.cast
    stranger = people.client(cast.south, by=cast.south_frontdesk, first="Remy", last="Fixture")
    tablet.sign_in("therapist", at=f"/clients/{stranger.pk}")
    page = tablet.page
    expect(page.get_by_role("heading", name="There is no such client here")).to_be_visible()
    assert "Fixture" not in page.content()
    tablet.accessible()
    program = people.opened_program(cast)
    page.route(re.compile("/timeline/"), lambda route: route.abort())
    page.goto(f"/clients/{program.client.pk}")
    expect(page.locator(".course-c .note")).to_contain_text("No answer from the server")
    tablet.heal()
    page.locator(".course-c").get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="Course on one axis")).to_be_visible()
    expect(page.locator(".next")).to_contain_text("Nothing is booked.")
