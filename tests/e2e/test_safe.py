"""The safe: what comes, what is counted blind by two, what was drawn and left over, and what is not where it should be."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from playwright.sync_api import expect

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.drugs.models import DrugCount, DrugDiscrepancy, DrugEntry, DrugLot
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import IV, PASSWORD
from tests.cast.ways import lot_of
from tests.e2e.screens import PATIENCE, Served, Tablet


def _lot(clinic: Served, **more: object) -> DrugLot:
    number = f"S-{DrugLot.objects.count()}"
    expires = clock.now().date() + timedelta(days=200)
    vials = {"container_mg": Decimal(200), "expires_on": expires, "lot_number": number}
    return lot_of(clinic.cast, **(vials | more))


def _sign(tablet: Tablet, clinic: Served, password: str = PASSWORD) -> None:
    tablet.page.get_by_label("Witness").select_option(str(clinic.cast.prescriber.pk))
    tablet.page.get_by_label(re.compile("^Password of")).fill(password)


def _emptied(clinic: Served) -> None:
    """Nothing of another test is left to be counted."""
    for lot in DrugLot.objects.filter(location=clinic.cast.north):
        last = DrugEntry.objects.filter(lot=lot).order_by("-sequence").first()
        if last is not None and last.balance_mg:
            body = {
                "lot": str(lot.pk),
                "kind": "return",
                "amount_mg": str(last.balance_mg),
                "reason": "recall",
            }
            clinic.cast.desk("np").must("drug-entries/", body)


def test_a_lot_that_came_is_put_into_the_books(clinic: Served, tablet: Tablet) -> None:
    tablet.sign_in("np", at="/safe")
    tablet.page.get_by_role("heading", name="Lots, the next to expire first").wait_for()
    tablet.page.keyboard.press("n")
    number = f"R-{DrugLot.objects.count()}"
    typed = {
        "Strength, mg/mL": "50",
        "Lot number": number,
        "Expires on": "2031-06-30",
        "How many containers": "3",
        "mg in each": "500",
        "Supplier": "Supply Co",
        "Invoice number": "INV-31",
        "NDC": "12",
    }
    for label, text in typed.items():
        tablet.page.get_by_label(label, exact=True).fill(text)
    expect(tablet.page.locator("output.mgs")).to_have_text("1500 mg")
    tablet.accessible()
    put = tablet.page.get_by_role("button", name="Put it into the books")
    put.click()
    expect(tablet.page.locator(".f.bad")).to_have_count(1)  # said at the field, and nothing typed is lost
    tablet.page.get_by_label("NDC").fill("")
    put.dblclick()
    expect(tablet.page.get_by_role("heading", name=number)).to_be_visible(timeout=PATIENCE)
    lot = DrugLot.objects.get(lot_number=number)
    assert (lot.quantity_mg, lot.container_mg) == (Decimal(1500), Decimal(500))
    tablet.page.reload()
    expect(tablet.page.locator(".pane")).to_contain_text("1500 mg")
    tablet.accessible()
    rows = tablet.page.locator(".sl a")
    rows.nth(0).focus()
    tablet.page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    tablet.page.keyboard.press("Enter")
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")


def _sent_back(clinic: Served, lot: DrugLot) -> None:
    body = {"lot": str(lot.pk), "kind": "return", "amount_mg": "100", "reason": "broken"}
    clinic.cast.desk("prescriber").must("drug-entries/", body)


def _director_answers(clinic: Served, tablet: Tablet, found: DrugDiscrepancy) -> None:
    """In two windows: what is half typed in one stays when the other answers, and is not sent as something else."""
    tablet.sign_in("director", at=f"/safe?missing={found.pk}")
    tablet.page.get_by_role("radio", name="Form 106 was filed").click()
    tablet.page.get_by_label("Number of Form 106").fill("F-106-8")
    filed = {"form_106_number": "F-106-9", "filed_at": clock.now().isoformat()}
    clinic.cast.desk("director").must(f"drug-discrepancies/{found.pk}/file/", filed)  # in another window
    tablet.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(tablet.page.locator(".pane")).to_contain_text("F-106-9", timeout=PATIENCE)
    expect(tablet.page.get_by_label("Number of Form 106")).to_have_value("F-106-8")  # what is typed stays
    expect(tablet.page.locator("#stops")).to_contain_text("Somebody changed this in the meantime")
    tablet.page.get_by_role("radio", name="The DEA was told").click()
    tablet.page.get_by_label("Reference of the notice").fill("Fax 17")
    tablet.accessible()
    tablet.page.get_by_role("button", name="The DEA was told").click()
    tablet.page.get_by_label("What was found?").fill("A vial fell and broke")
    tablet.page.get_by_role("button", name="Close the case").click()
    expect(tablet.page.locator(".pane")).to_contain_text("A vial fell and broke", timeout=PATIENCE)
    found.refresh_from_db()
    assert (found.state, found.form_106_number) == ("closed", "F-106-9")


def test_two_people_count_blind_and_what_is_missing_starts_its_clocks(clinic: Served, tablet: Tablet) -> None:
    _emptied(clinic)
    whole, short = _lot(clinic), _lot(clinic)
    tablet.sign_in("np", at="/safe?view=count")
    sheet = tablet.page.locator(".sheet li")
    expect(sheet).to_have_count(2)
    assert "500 mg" not in tablet.page.locator("body").inner_text()  # what the books expect is nowhere
    for lot, open_one in ((whole, "100"), (short, "40")):
        line = sheet.filter(has_text=lot.lot_number)
        line.get_by_label("Whole ones of 200 mg").fill("2")
        line.get_by_label("In the open one, mg").fill(open_one)
    expect(sheet.filter(has_text=short.lot_number).locator("output")).to_have_text("440 mg")
    _sign(tablet, clinic, "not the password")
    tablet.accessible()
    write = tablet.page.get_by_role("button", name="Write the count down")
    write.click()
    expect(tablet.page.locator("#witness-wrong")).to_contain_text("password, code or passkey is wrong")
    expect(tablet.page.get_by_label(re.compile("^Password of"))).to_have_value("")
    assert not DrugCount.objects.exists()
    _sent_back(clinic, whole)  # it moves while they count
    tablet.page.wait_for_timeout(1500)  # a browser knows the server's clock to the second
    _sign(tablet, clinic)
    write.click()
    moved = sheet.filter(has_text=whole.lot_number)
    expect(moved).to_contain_text("count it again", timeout=PATIENCE)
    moved.get_by_label("Whole ones of 200 mg").fill("2")
    expect(sheet.filter(has_text=short.lot_number).locator("output")).to_have_text("440 mg")
    _sign(tablet, clinic)
    write.dblclick()
    expect(tablet.page.locator(".pane")).to_contain_text("−60 mg", timeout=PATIENCE)
    count = DrugCount.objects.get()
    assert (count.complete, count.witness) == (True, clinic.cast.prescriber)
    found = DrugDiscrepancy.objects.get(lot=short)
    assert found.difference_mg == Decimal(-60)
    expect(tablet.page.locator(".sl .chip").first).to_contain_text("notice to the DEA")
    tablet.accessible()

    tablet.page.get_by_role("button", name="Open the case").click()
    expect(tablet.page.locator(".pane")).to_contain_text("The medical director answers for it")
    _director_answers(clinic, tablet, found)
    tablet.page.keyboard.press("e")
    expect(tablet.page.locator(".pane tbody tr").first).to_be_visible(timeout=PATIENCE)
    expect(tablet.page.get_by_role("link", name="Open the sheet to print")).to_have_attribute(
        "href", re.compile("/drug-register/pdf/")
    )


def test_what_is_left_of_a_draw_is_wasted_before_a_second_person(clinic: Served, touch: Tablet) -> None:
    cast, count = clinic.cast, Session.objects.count()
    lot = _lot(clinic)
    edition = people.approved_protocol(cast, **IV)
    who = people.client(cast.north, by=cast.frontdesk, first=f"Kim{count}", last="Specimen")
    program = people.cleared_program(cast, protocol=edition, who=who)
    session = people.ready_dose(cast, program, without=("order",), **clinic.slot())
    visits.change(session=session, values={"weight_kg": Decimal(80)}, by=cast.np, at=clock.now())
    people.written_order(cast, session, dose_mg=Decimal(40), max_total_mg=Decimal(80))
    drawn = {"supply": "clinic_stock", "drug_lot": lot.pk, "given_by": "staff", "dose_mg": Decimal(40)}
    dose = people.give(cast, session, drawn_mg=Decimal(50), **drawn)
    touch.sign_in("np", at="/safe")
    assert touch.page.evaluate("document.documentElement.scrollWidth") <= 768
    touch.page.locator(".sl").get_by_role("link", name=re.compile(rf"−50 mg.*{lot.lot_number}")).tap()
    touch.page.get_by_label("Given, mg").fill("40")
    expect(touch.page.locator("output.mgs").last).to_have_text("10")
    settle = touch.page.get_by_role("button", name="Settle the draw")
    expect(settle).to_have_attribute("aria-disabled", "true")
    _sign(touch, clinic)
    touch.accessible()
    box = settle.bounding_box()
    assert box is not None
    assert box["height"] >= 52
    settle.tap()
    expect(touch.page.get_by_role("heading", name=lot.lot_number)).to_be_visible(timeout=PATIENCE)
    expect(touch.page.locator(".pane")).to_contain_text("40 mg given, 10 mg wasted")
    waste = DrugEntry.objects.get(administration=dose.pk, kind="waste")
    assert (waste.amount_mg, waste.witness) == (Decimal(10), cast.prescriber)


def test_a_loss_by_hand_opens_its_case_and_the_therapist_stays_out(clinic: Served, tablet: Tablet) -> None:
    lot = _lot(clinic)
    tablet.sign_in("np", at=f"/safe?lot={lot.pk}")
    tablet.page.get_by_role("button", name="Enter what happened…").click()
    dialog = tablet.page.get_by_role("dialog")
    dialog.get_by_label("What happened?").select_option("loss")
    dialog.get_by_label("How many mg?").fill("600")
    dialog.get_by_label("What was it, and why?").fill("Not in the box")
    tablet.accessible()
    put = dialog.get_by_role("button", name="Put it into the books")
    put.click()
    expect(dialog.get_by_role("alert").first).to_be_visible()
    assert not DrugDiscrepancy.objects.filter(lot=lot).exists()
    dialog.get_by_label("How many mg?").fill("20")
    put.dblclick()
    expect(dialog).to_have_count(0, timeout=PATIENCE)
    expect(tablet.page.locator(".sl")).to_contain_text(re.compile(rf"−20 mg.*{lot.lot_number}"))
    assert DrugDiscrepancy.objects.get(lot=lot).difference_mg == Decimal(-20)
    tablet.forgive += "|403"
    tablet.page.goto("/sign-in?next=/safe")
    tablet.fill_sign_in("therapist")
    tablet.page.wait_for_url("**/safe")
    expect(tablet.page.locator(".sl")).to_have_count(0)
