"""Intake on the clinic's tablet: the screening with the client, an answer that means danger, a consent drawn by touch."""

from __future__ import annotations

import base64
import re
from typing import Any

from playwright.sync_api import expect

from kapclinic.core import clock
from programs.models import Program
from screening.models import Consent, LabResult, Measure, Medication, SafetyAlert, Screening
from screening.rules.conditions import CONDITIONS
from screening.rules.signatures import has_ink
from tests import cast as people
from tests.e2e.screens import Served, Tablet

ASKED = [code for code, one in CONDITIONS.items() if one.asked]


def _course(clinic: Served, first: str) -> Program:
    cast = clinic.cast
    protocol = people.approved_protocol(cast, name=f"KAP for {first}")
    who = people.client(cast.north, by=cast.frontdesk, first=first, last="Sample")
    return people.opened_program(cast, protocol=protocol, who=who)


def _answer(tablet: Tablet, code: str, word: str) -> None:
    tablet.page.locator(f"#q-{code}").get_by_role("radio", name=word, exact=True).check()


def _kept(tablet: Tablet) -> None:
    expect(tablet.page.get_by_text("On the server", exact=True)).to_be_visible()


def test_a_screening_is_asked_with_the_client_and_submitted(clinic: Served, tablet: Tablet) -> None:
    program = _course(clinic, "Ines")
    tablet.sign_in("np", at="/intake")
    page = tablet.page
    page.get_by_label("Name, MRN, phone or date of birth").fill("Ines Sample")
    page.get_by_role("button", name="Ines Sample").click()
    page.wait_for_url(f"**/intake/{program.pk}")
    page.get_by_role("button", name="Begin the screening").click()
    expect(page.locator(".qs > li")).to_have_count(len(ASKED))
    tablet.accessible()

    _answer(tablet, ASKED[0], "No")
    page.keyboard.press("ArrowRight")  # a group of radios: the arrows choose
    expect(page.locator(f"#q-{ASKED[0]}").get_by_role("radio", name="Yes")).to_be_checked()
    _answer(tablet, ASKED[0], "No")
    for code in ASKED[1:-1]:
        _answer(tablet, code, "No")
    _answer(tablet, "CV_OTHER", "Yes")
    page.locator("#n-CV_OTHER").fill("Stable, with a letter of the cardiologist")
    page.locator("#n-CV_OTHER").press("Tab")
    page.locator("#d-CV_OTHER").select_option("relative")
    page.get_by_label("Systolic").fill("128")
    page.get_by_label("Diastolic").fill("82")
    page.get_by_role("button", name=re.compile("^Add.*the blood pressure")).click()
    page.get_by_label("Name, dose and how often").fill("Sertraline 100 mg")
    page.get_by_role("button", name=re.compile("^Add.*the medicine")).click()
    _kept(tablet)
    draft = Screening.objects.get(program=program)
    assert draft.answers["CV_OTHER"] == {
        "value": True,
        "note": "Stable, with a letter of the cardiologist",
        "degree": "relative",
    }

    # Without a network it says so; a colleague writes too; and both versions are seen before one is written.
    tablet.offline()
    _answer(tablet, "LACT", "Yes")
    expect(page.get_by_text("No network: on this page alone")).to_be_visible()
    desk = clinic.cast.desk("therapist")
    assert (
        desk.patch(f"screenings/{draft.pk}/", {"answers": {"LACT": "unknown", "PREG": "unknown"}}).status_code
        == 200
    )
    tablet.offline(False)
    both = page.get_by_label("Two versions")
    expect(both.locator("tbody tr")).to_have_count(1)
    tablet.accessible()
    both.get_by_role("button", name="Write yours").click()
    _kept(tablet)
    draft.refresh_from_db()
    assert (draft.answers["LACT"], draft.answers["PREG"]) == (True, "unknown")

    expect(page.get_by_text("1 question is not answered")).to_be_visible()
    page.get_by_role("button", name="Submit").dblclick()
    expect(page.get_by_text("It waits for the prescriber.")).to_be_visible()
    draft.refresh_from_db()
    assert draft.status == "submitted"
    assert {ASKED[-1], "CV_OTHER", "LACT"} <= {row.code for row in draft.findings.all()}
    assert Medication.objects.filter(client=program.client).count() == 1
    tablet.accessible()


def test_an_answer_that_means_danger_raises_the_alert_and_is_said_at_once(
    clinic: Served, touch: Tablet
) -> None:
    program = _course(clinic, "Dara")
    touch.sign_in("therapist", at=f"/intake/{program.pk}?tab=measures")
    page = touch.page
    items = page.locator(".qs > li")
    expect(items).to_have_count(10)
    touch.accessible()
    for index in range(8):
        items.nth(index).get_by_role("radio").nth(1).check()
    items.nth(8).get_by_role("radio", name=re.compile("^2")).check()
    touch.answer(r"/measures/$", lambda route, request: (route.fetch(), route.abort()))
    write = page.get_by_role("button", name=re.compile("^Write it down"))
    write.click()
    expect(page.get_by_text("on this page alone")).to_be_visible()  # the server had it; its answer was lost
    touch.heal()
    write.click()
    expect(page.locator(".danger")).to_contain_text("988")
    expect(page.locator("#assertive")).to_contain_text("an alert is raised")
    measure = Measure.objects.get(program=program)
    assert (measure.total, measure.answers[8], measure.answers[9]) == (10, 2, None)
    assert SafetyAlert.objects.get(measure=measure).cause == "phq9_item_9"
    touch.accessible()

    page.get_by_label("Instrument").select_option("cssrs")
    page.get_by_label("Which form").select_option("since_last_contact")
    expect(items).to_have_count(6)
    for index in range(6):
        items.nth(index).get_by_role("radio", name="No").check()
    write.click()
    expect(page.locator(".note.brand")).to_contain_text("C-SSRS")
    assert Measure.objects.get(program=program, instrument="cssrs").band == "none"


def test_a_total_stands_in_place_of_answers_and_says_what_its_item_on_suicide_says(
    clinic: Served, tablet: Tablet
) -> None:
    program = _course(clinic, "Tali")
    tablet.sign_in("therapist", at=f"/intake/{program.pk}?tab=measures")
    page = tablet.page
    write = page.get_by_role("button", name=re.compile("^Write it down"))
    page.get_by_label("Instrument").select_option("madrs")
    write.click()
    expect(page.get_by_text("Write the total as a whole number from 0 to 60.")).to_be_visible()
    expect(page.get_by_label("Total, 0 to 60")).to_be_focused()
    page.get_by_label("Total, 0 to 60").fill("31")
    write.click()
    expect(page.get_by_text("Look at this item, and say yes or no.")).to_be_visible()
    assert not Measure.objects.filter(program=program).exists()
    tablet.accessible()
    page.get_by_role("group", name=re.compile("^Item 10.*4 or more")).get_by_role("radio", name="Yes").check()
    write.click()
    expect(page.locator(".danger")).to_contain_text("988")
    expect(page.locator(".note.brand")).to_contain_text("31")
    row = Measure.objects.get(program=program)
    assert (row.total, row.item_alert, row.answers, row.flags) == (31, True, [], ["total_only", "item_10"])
    assert SafetyAlert.objects.get(measure=row).cause == "madrs_item_10"

    # No item on suicide, no question about one; and one's own way of writing it down is kept for each instrument.
    page.get_by_label("Instrument").select_option("cadss")
    expect(page.locator(".qs")).to_have_count(0)
    page.get_by_label("Total, 0 to 92").fill("4")
    write.click()
    expect(page.locator(".note.brand")).to_contain_text("CADSS 4")
    page.get_by_label("Instrument").select_option("bprs")
    items = page.locator(".qs > li")
    expect(items).to_have_count(18)
    for index in range(18):
        items.nth(index).get_by_role("radio").nth(1 if index else 0).check()
    expect(page.get_by_text("1 answer is missing: there will be no total.")).to_be_visible()
    items.nth(0).get_by_role("radio", name="2", exact=True).check()
    write.click()
    expect(page.locator(".note.brand")).to_contain_text("BPRS 19")
    assert Measure.objects.get(program=program, instrument="bprs").total == 19


def test_medicines_and_tests_are_written_down(clinic: Served, tablet: Tablet) -> None:
    program = _course(clinic, "Milo")
    tablet.sign_in("np", at=f"/intake/{program.pk}")
    page = tablet.page
    page.get_by_role("button", name="Begin the screening").wait_for()
    page.keyboard.press("3")
    add = page.get_by_role("button", name="Add")
    text = page.get_by_label("Name, dose and how often")
    text.fill("sertralin 50 mg")
    add.click()
    row = page.locator(".lines > li", has_text="sertralin")
    expect(row).to_contain_text("not recognised")
    row.get_by_role("button", name=re.compile("^sertraline$", re.IGNORECASE)).click()
    expect(text).to_have_value(re.compile("sertraline 50 mg", re.IGNORECASE))
    add.click()
    expect(page.locator(".lines > li")).to_have_count(2)
    tablet.accessible()
    row.filter(has_text="not recognised").get_by_role("button", name=re.compile("^Ended")).click()
    page.get_by_label("Last taken on").wait_for()
    tablet.accessible()
    page.get_by_role("button", name="Write it down").click()
    expect(page.locator(".stack > .lines > li")).to_have_count(1)
    assert Medication.objects.filter(client=program.client, ended_at=None).get().is_mapped

    page.get_by_role("tab", name=re.compile("^Tests")).click()
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_text("Choose the result.")).to_be_visible()
    assert not LabResult.objects.filter(client=program.client).exists()
    page.get_by_label("Result").select_option("negative")
    tablet.accessible()
    page.get_by_role("button", name="Write it down").click()
    expect(page.locator("tbody tr")).to_contain_text("Pregnancy test")
    assert LabResult.objects.get(client=program.client).result == "negative"
    page.get_by_role("button", name="Take back").click()
    page.get_by_label("Why?").fill("The wrong client's cup.")
    tablet.accessible()
    page.locator("dialog").get_by_role("button", name="Take back").click()
    expect(page.locator("tbody tr")).to_contain_text("The wrong client's cup.")


def _draw(tablet: Tablet, sheet: Any) -> None:
    """A finger goes over the sheet, as the browser reports it."""
    box = sheet.bounding_box()
    touch = tablet.context.new_cdp_session(tablet.page)
    points = [(0.1, 0.6), (0.3, 0.2), (0.5, 0.8), (0.8, 0.4)]
    places = [{"x": box["x"] + box["width"] * x, "y": box["y"] + box["height"] * y} for x, y in points]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": places[:1]})
    for place in places[1:]:
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_consent_is_read_and_drawn_on_a_tablet_by_touch(clinic: Served, touch: Tablet) -> None:
    program = _course(clinic, "Coby")
    touch.sign_in("frontdesk", at=f"/intake/{program.pk}")
    page = touch.page
    expect(page.get_by_role("tab")).to_have_count(2)  # the front desk sees no clinical tab
    touch.accessible()
    page.get_by_role("button", name=re.compile("^Read and sign.*Ketamine-assisted")).click()
    expect(page.locator(".read")).to_contain_text("Your signature")
    page.get_by_label("Name of who signs").fill("Coby Sample")
    touch.accessible()
    sign = page.get_by_role("button", name="Sign", exact=True)
    sign.click()
    expect(page.locator("dialog .err")).to_contain_text("Nothing is drawn on it")
    assert not Consent.objects.filter(program=program, status="signed").exists()
    sheet = page.locator("canvas.sheet")
    sheet.scroll_into_view_if_needed()
    _draw(touch, sheet)
    expect(page.get_by_text("A signature is drawn.")).to_be_visible()
    page.get_by_role("button", name="Wipe it").click()
    expect(page.get_by_text("Nothing is drawn yet.")).to_be_visible()
    _draw(touch, sheet)
    touch.answer(r"/sign/$", lambda route, request: route.abort())
    sign.click()
    expect(page.get_by_text("the signature is on this page alone")).to_be_visible()
    touch.heal()
    sign.click()
    row = page.locator(".lines > li", has_text="Ketamine-assisted")
    expect(row).to_contain_text("Coby Sample")
    signed = Consent.objects.get(program=program, status="signed")
    assert (signed.method, signed.collected_by) == ("drawn", clinic.cast.frontdesk)
    assert has_ink(base64.b64decode(signed.signature.split(",")[1]))

    page.get_by_role("button", name=re.compile("^Read and sign.*Sessions by video")).click()
    page.get_by_label("Name of who signs").fill("Coby Sample")
    page.get_by_role("button", name="Typed name").click()
    sign.press("Enter")  # who can't draw signs by keyboard alone
    expect(page.locator(".lines > li", has_text="Sessions by video")).to_contain_text("Coby Sample")
    page.get_by_role("button", name=re.compile("^Take back.*Sessions by video")).click()
    page.get_by_label("What did the client say?").fill("No video after all.")
    touch.accessible()
    page.locator("dialog").get_by_role("button", name="Take back").click()
    expect(page.locator(".lines > li", has_text="Sessions by video")).to_contain_text("taken back")


def test_the_clinics_own_words_are_signed_in_spanish_by_a_guardian(clinic: Served, tablet: Tablet) -> None:
    program = _course(clinic, "Nico")
    own = {
        "document": "release",
        "language": "es",
        "version": "c1",
        "effective_on": clock.now().astimezone(clinic.cast.north.zone).date().isoformat(),
        "text": "# Divulgación\n\nLas palabras propias de la clínica. " + "Lea todo antes de firmar. " * 5,
    }
    clinic.cast.desk("director").must("consent-documents/", own)
    tablet.sign_in("frontdesk", at=f"/intake/{program.pk}")
    page = tablet.page
    row = page.locator(".lines > li", has_text="Release of information")
    expect(row.get_by_role("button", name=re.compile("^Read and sign"))).to_have_count(2)
    row.get_by_role("button", name=re.compile("Español")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".read[lang=es]")).to_contain_text("Las palabras propias de la clínica.")
    dialog.get_by_label("Who signs", exact=True).select_option("guardian")
    dialog.get_by_label("Name of who signs").fill("Sofia Sample")
    dialog.get_by_role("button", name="Typed name").click()
    tablet.accessible()
    dialog.get_by_role("button", name="Sign", exact=True).click()
    expect(row).to_contain_text("Sofia Sample, as guardian")
    signed = Consent.objects.get(program=program, status="signed")
    assert (signed.document_version, signed.language, signed.signer_relationship) == ("c1", "es", "guardian")
    expect(
        page.locator(".lines > li", has_text="Psychotherapy notes, by themselves").get_by_role("button")
    ).to_have_count(1)

    # A text that is newer than what was signed: it says so, and does not count the old signature as enough.
    clinic.cast.desk("director").must("consent-documents/", own | {"version": "c2", "text": own["text"] * 2})
    page.reload()
    expect(row).to_contain_text("A newer text is in force")
    tablet.accessible()
