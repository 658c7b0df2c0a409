"""Giving the dose and going home, at the bedside."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from playwright.sync_api import expect

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Administration, AdverseEvent, Discharge
from sessions.integration.models import Obligation
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import PASSWORD
from tests.cast.ways import IM, lot_of
from tests.e2e.screens import LASTS, Served, Tablet


def ready(clinic: Served, **protocol: object) -> Session:
    """Somebody in the chair, with an order and calm signs, who was given nothing yet."""
    cast, count = clinic.cast, Session.objects.count()
    edition = people.approved_protocol(cast, **({"min_preparations": 0} | protocol))
    who = people.client(cast.north, by=cast.frontdesk, first=f"Toni{count}", last="Specimen")
    program = people.cleared_program(cast, protocol=edition, who=who)
    return people.ready_dose(cast, program, **clinic.slot())


def _open(tablet: Tablet, name: str) -> None:
    tablet.page.get_by_role("button", name=name, exact=True).click()
    tablet.page.get_by_role("dialog").wait_for()


def test_a_lozenge_of_the_clients_own_is_recorded_and_owes_its_integration(
    clinic: Served, tablet: Tablet
) -> None:
    session = ready(clinic)
    tablet.at_bedside(session)
    _open(tablet, "Dose")
    dialog = tablet.page.get_by_role("dialog")
    expect(dialog.locator(".ord")).to_contain_text("ketamine 100 mg")
    expect(dialog.locator(".chk2")).to_contain_text(re.compile("gates pass"))
    tablet.accessible()
    dialog.get_by_role("button", name="Record 100 mg given").click()
    expect(dialog).to_have_count(0)
    expect(tablet.page.locator(".facts")).to_contain_text("100 mg")
    dose = Administration.objects.get(session=session)
    assert (dose.dose_mg, dose.supply) == (Decimal(100), "client_prescription")
    assert Obligation.objects.filter(dosing_session=session).count() == 1


def test_waste_is_signed_by_a_second_person_with_their_own_password(clinic: Served, tablet: Tablet) -> None:
    lot = lot_of(clinic.cast, lot_number=f"E-{Session.objects.count()}")
    session = ready(clinic, **IM)
    visits.change(session=session, values={"weight_kg": Decimal(80)}, by=clinic.cast.np, at=clock.now())
    tablet.at_bedside(session)
    _open(tablet, "Dose")
    dialog = tablet.page.get_by_role("dialog")
    dialog.get_by_label("Lot").select_option(str(lot.pk))
    dialog.get_by_label("Drawn, mg").fill("105")
    expect(dialog.locator("output.mgs")).to_have_text("5")
    dialog.get_by_label("Witness").select_option(str(clinic.cast.prescriber.pk))
    secret = dialog.get_by_label(re.compile("^Password of"))
    secret.fill("not the password")
    record = dialog.get_by_role("button", name="Record 100 mg given, 5 mg wasted")
    record.click()
    expect(dialog.get_by_role("alert").first).to_be_visible()
    expect(secret).to_have_value("")
    assert not Administration.objects.filter(session=session).exists()
    secret.fill(PASSWORD)
    record.click()
    expect(dialog).to_have_count(0)
    dose = Administration.objects.get(session=session)
    assert (dose.drawn_mg, dose.wasted_mg) == (Decimal(105), Decimal(5))
    kept = tablet.page.evaluate(
        "JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])"
    )
    assert PASSWORD not in kept


def test_what_is_missing_is_named_with_who_can_clear_it(clinic: Served, tablet: Tablet) -> None:
    cast, count = clinic.cast, Session.objects.count()
    who = people.client(cast.north, by=cast.frontdesk, first=f"Toni{count}", last="Specimen")
    edition = people.approved_protocol(cast, min_preparations=0)
    program = people.cleared_program(cast, protocol=edition, who=who)
    session = people.ready_dose(cast, program, without=("escort",), **clinic.slot())
    tablet.at_bedside(session)
    _open(tablet, "Dose")
    dialog = tablet.page.get_by_role("dialog")
    missing = dialog.locator(".chk2 .no")
    expect(missing).to_have_count(1)
    expect(missing).to_contain_text(re.compile("by .*Front desk"))
    button = dialog.get_by_role("button", name="Record 100 mg given")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    expect(dialog.locator("#stops")).to_contain_text("comes first")
    assert not Administration.objects.filter(session=session).exists()


def test_an_adverse_event_is_written_down_without_a_network(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    _open(tablet, "Event")
    tablet.page.keyboard.press("Escape")
    tablet.offline()
    _open(tablet, "Event")
    dialog = tablet.page.get_by_role("dialog")
    dialog.get_by_label("What happened?").select_option("vomiting")
    dialog.get_by_label("How was it treated?").fill("Ondansetron 4 mg")
    dialog.get_by_role("button", name="Save event").click()
    expect(tablet.page.locator(".net")).to_contain_text("1 on this tablet")
    assert not AdverseEvent.objects.filter(session=session).exists()
    tablet.offline(away=False)
    expect(tablet.page.locator(".net")).to_have_text(re.compile("Online"), timeout=15_000)
    event = AdverseEvent.objects.get(session=session)
    assert (event.term, event.treatment) == ("vomiting", "Ondansetron 4 mg")


def test_who_gets_no_dose_is_ended_with_the_reason(clinic: Served, tablet: Tablet) -> None:
    session = ready(clinic)
    tablet.at_bedside(session)
    _open(tablet, "Not dosed")
    tablet.page.get_by_label("Why?").fill("Ate an hour ago")
    tablet.page.get_by_role("button", name="End without a dose").click()
    expect(tablet.page.get_by_role("dialog")).to_have_count(0)
    session.refresh_from_db()
    assert (session.status, session.outcome) == ("completed", "not_dosed")
    assert not Obligation.objects.filter(dosing_session=session).exists()


def test_nobody_goes_home_before_the_criteria(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    _open(tablet, "Discharge")
    dialog = tablet.page.get_by_role("dialog")
    stay = dialog.locator(".cr li", has_text=re.compile("minimum stay", re.IGNORECASE))
    expect(stay).to_have_class(re.compile("open"))
    expect(stay).to_contain_text("from the record")
    for row in dialog.locator(".cr li .seg").all():
        row.get_by_role("button", name="Yes").click()
    tablet.accessible()
    button = dialog.get_by_role("button", name=re.compile("^Discharge: [0-9]+ missing"))
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    assert not Discharge.objects.filter(session=session).exists()


def test_whoever_meets_them_goes_home_with_the_sheet(clinic: Served, tablet: Tablet) -> None:
    began = clock.now() - timedelta(hours=6)  # before the slots of all others
    with clock.fixed(clock.now() - timedelta(hours=3)):
        session = clinic.watched(starts_at=began, ends_at=began + LASTS)
    tablet.at_bedside(session)
    for systolic in (124, 123):
        tablet.page.get_by_role("radio", name=re.compile("alert")).click()
        tablet.take(systolic, 79, 71)
    tablet.sees("on server", 3)
    _open(tablet, "Discharge")
    dialog = tablet.page.get_by_role("dialog")
    dialog.locator(".cr li").first.wait_for()
    for row in dialog.locator(".cr li .seg").all():
        row.get_by_role("button", name="Yes").click()
    dialog.get_by_role("button", name="Discharge", exact=True).click()
    expect(tablet.page.get_by_role("dialog")).to_contain_text("The client may leave")
    sheet = tablet.page.get_by_role("link", name="Open the sheet")
    expect(sheet).to_have_attribute("href", f"/api/v1/sessions/{session.pk}/discharge/sheet/")
    assert Discharge.objects.filter(session=session).exists()
