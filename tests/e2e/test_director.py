"""How the clinic stands: each figure with its rows, what waits for the director, and what is settled from here."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from playwright.sync_api import Page, expect

from kapclinic.core import clock
from programs import services as programs
from programs.models import Protocol
from sessions.dosing.models import GateOverride
from tests import cast as people
from tests.cast.ways import lot_of
from tests.e2e.screens import PATIENCE, Served, Tablet


def _open(tablet: Tablet) -> Page:
    tablet.sign_in("director")
    tablet.page.wait_for_url(re.compile("/director$"))
    tablet.page.get_by_role("heading", name="How the clinic stands").wait_for()
    return tablet.page


def test_the_day_of_a_director_begins_with_how_the_clinic_stands(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    page = _open(tablet)
    who = session.program.client
    card = page.locator(".big1")
    expect(card.get_by_role("img")).to_have_attribute("aria-label", re.compile("in the window of"))
    expect(page.get_by_role("link", name="Overview")).to_have_attribute("aria-current", "page")
    tablet.accessible()
    card.get_by_role("button", name="All rows").click()
    dialog = page.get_by_role("dialog")
    row = dialog.get_by_role("row", name=re.compile(who.mrn))
    expect(row).to_contain_text("booked")  # the worker may have found a slot by now
    assert who.legal_last_name not in dialog.inner_text()
    tablet.accessible()
    page.keyboard.press("Escape")
    expect(card.get_by_role("button", name="All rows")).to_be_focused()
    page.get_by_role("button", name="Year", exact=True).press("Enter")
    expect(page).to_have_url(re.compile("weeks=52"))
    page.reload()
    expect(page.get_by_role("button", name="Year", exact=True)).to_have_attribute("aria-pressed", "true")
    page.go_back()
    expect(page.get_by_role("button", name="8 weeks")).to_have_attribute("aria-pressed", "true")


def test_an_alarm_and_an_answer_about_dying_stand_at_the_top(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    desk = clinic.cast.desk("np")
    desk.must(f"sessions/{session.pk}/alarms/", {"trigger": "chest_pain", "note": "Pain on the left."})
    phq9 = {"program": str(session.program.pk), "instrument": "phq9", "answers": [1] * 9}
    clinic.cast.desk("therapist").must(
        "measures/", phq9 | {"taken_at": clock.now().isoformat(), "administered_by": "clinician"}
    )
    page = _open(tablet)
    alarms, name = page.locator(".alm"), session.program.client.display_name
    expect(alarms.locator("li.high", has_text=name)).to_contain_text("Chest pain")
    alert = alarms.locator("li", has_text="PHQ-9 item 9 answered").filter(has_text=name)
    expect(alert).to_contain_text("acknowledge by")
    assert "Pain on the left" not in page.content()
    tablet.accessible()
    alert.get_by_role("link").press("Enter")
    page.wait_for_url(re.compile(rf"/clients/{session.program.client.pk}\?tab=screening"))
    expect(page.get_by_role("tabpanel")).to_contain_text("PHQ-9 item 9 answered")


def test_outcomes_after_a_dose_have_their_rows_and_say_when_they_are_too_few(
    clinic: Served, tablet: Tablet
) -> None:
    session = clinic.watched()
    desk, program = clinic.cast.desk("therapist"), session.program
    for answers, days in (([2] * 9, 6), ([1] * 8 + [0], 0)):
        phq9 = {"program": str(program.pk), "instrument": "phq9", "answers": answers}
        taken = (clock.now() - timedelta(days=days)).isoformat()
        desk.must("measures/", phq9 | {"taken_at": taken, "administered_by": "clinician"})
    starts_at = clinic.slot()["starts_at"]
    met = people.completed_session(clinic.cast, program, starts_at=starts_at, minutes=4)
    note = people.written_note(met, by=clinic.cast.therapist)
    page = _open(tablet)
    card, dialog = page.locator(".out"), page.get_by_role("dialog")
    expect(card.get_by_role("row", name=re.compile("^Dose 1"))).to_contain_text("too few for a figure")
    card.scroll_into_view_if_needed()
    tablet.accessible()
    card.get_by_role("button", name="Dose 1").click()
    row = dialog.get_by_role("row", name=re.compile(program.client.mrn))
    expect(row).to_contain_text("18 → 8")
    expect(row).to_contain_text("−10, response")
    expect(row.get_by_role("link")).to_have_attribute("href", f"/clients/{program.client_id}?tab=scores")
    tablet.accessible()
    page.keyboard.press("Escape")
    card.get_by_label("Scale").select_option("cadss")
    expect(card).to_contain_text("Nobody filled in this scale after a dose in this period.")
    expect(page).to_have_url(re.compile("scale=cadss"))
    page.locator(".nts").get_by_role("button", name=clinic.cast.therapist.name).first.click()
    expect(dialog.locator(f"a[href='/notes/{note.pk}']")).to_have_count(1)


def test_an_override_is_read_once_and_leaves_the_list(clinic: Served, tablet: Tablet) -> None:
    cast = clinic.cast
    program = people.cleared_program(
        cast, who=people.client(cast.north, by=cast.frontdesk, first="Wren", last="Template")
    )
    session = people.ready_dose(cast, program, without=("fasting",), **clinic.slot())
    body = {"gate": "fasting", "reason": "Ate a cracker at seven."}
    cast.desk("prescriber").must(f"sessions/{session.pk}/override/", body)
    page = _open(tablet)
    row = page.locator(".dcn tr", has_text="Wren Template").filter(has_text="Override to read")
    row.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Ate a cracker at seven.")
    tablet.accessible()
    tablet.answer("/read/$", lambda route, request: route.abort())
    dialog.get_by_role("button", name="I have read it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("No answer from the server")
    assert not GateOverride.objects.filter(session=session, reading__isnull=False).exists()
    tablet.heal()
    dialog.get_by_role("button", name="I have read it").dblclick()
    expect(dialog).to_have_count(0)
    expect(row).to_have_count(0, timeout=PATIENCE)
    page.get_by_role("button", name=re.compile("^Overdue")).click()
    expect(page).to_have_url(re.compile("list=overdue"))
    tablet.accessible()


def test_missing_drug_shows_its_clocks_and_a_draft_is_approved(clinic: Served, tablet: Tablet) -> None:
    cast = clinic.cast
    lot = lot_of(cast, lot_number=f"D-{clock.now():%H%M%S}", quantity_mg=Decimal(100))
    loss = {"lot": str(lot.pk), "kind": "loss", "amount_mg": "50.000", "reason": "The vial is not there."}
    cast.desk("np").must("drug-entries/", loss)
    values = {"name": "Quiet course", "program_type": "kap", "route": "sublingual"}
    draft = programs.draft_protocol(values=values, by=cast.director, at=clock.now())
    page = _open(tablet)
    case = page.locator(".disc", has_text=lot.lot_number)
    expect(case).to_contain_text("Notice to the DEA")
    expect(case).to_contain_text("−50 mg")
    expect(case.get_by_role("link", name=re.compile("safe"))).to_have_attribute(
        "href", re.compile("/safe.missing=")
    )
    row = page.get_by_role("row", name=re.compile("Quiet course"))
    row.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("a change is a new edition")
    dialog.get_by_text("Other limits").press("Enter")
    tablet.accessible()
    dialog.get_by_role("button", name="Approve it").dblclick()
    expect(dialog).to_have_count(0)
    expect(row).to_have_count(0, timeout=PATIENCE)
    assert Protocol.objects.get(pk=draft.pk).status == "approved"
    tablet.accessible()


def test_a_report_that_does_not_come_says_so_and_is_asked_for_again(clinic: Served, tablet: Tablet) -> None:
    page = tablet.page
    page.route(re.compile("/reports/notes/"), lambda route: route.abort())
    _open(tablet)
    expect(page.locator(".nts")).to_contain_text("No answer from the server")
    tablet.heal()
    page.locator(".nts").get_by_role("button", name="Try again").click()
    expect(page.locator(".nts .note")).to_have_count(0)
    tablet.page.goto("/director")
    tablet.page.context.clear_cookies()
    tablet.sign_in("np", at="/bedside")
    assert page.request.get("/director").status == 403


def test_a_record_that_was_opened_in_an_emergency_is_answered_for(clinic: Served, tablet: Tablet) -> None:
    cast = clinic.cast
    client = people.client(cast.north, by=cast.frontdesk, first="Linnet", last="Template")
    body = {"client": str(client.pk), "reason": "She called the south clinic in despair"}
    cast.desk("south_np").must("break-glass/", body)
    page = _open(tablet)
    row = (
        page.get_by_role("region", name="Opened in an emergency")
        .get_by_role("row")
        .filter(has_text=client.mrn)
    )
    row.get_by_role("button", name="Look, and answer…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("She called the south clinic in despair")
    expect(dialog.get_by_role("button", name="Keep the answer")).to_be_disabled()
    dialog.get_by_label("What you found").fill("It was needed.")
    tablet.accessible()
    dialog.get_by_role("button", name="Keep the answer").dblclick()
    expect(dialog).to_have_count(0)
    expect(row).to_have_count(0, timeout=PATIENCE)
