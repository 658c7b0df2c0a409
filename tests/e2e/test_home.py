"""A dose at home on video: where the client is, who is with them, and whom one calls."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import Request, Route, expect

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Administration, Discharge
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import HOME, attest, cssrs
from tests.e2e.screens import LASTS, PATIENCE, Served, Tablet


def at_home(clinic: Served, **more: object) -> Session:
    """Somebody at home with an order and calm signs; nobody has asked yet who is with them."""
    cast, count = clinic.cast, Session.objects.count()
    edition = people.approved_protocol(cast, name="At home", min_preparations=0, home_dosing=True)
    who = people.client(cast.north, by=cast.frontdesk, first=f"Lee{count}", last="Specimen")
    program = people.cleared_program(cast, protocol=edition, who=who)
    cssrs(cast, program)
    slot = {} if "starts_at" in more else clinic.slot()
    told = slot | {"modality": "video", "room": None, "client_location": HOME} | more
    session = people.ready_dose(cast, program, without=("order",), **told)
    attest(cast, session, "in_person_visit")  # whatever the law says on the day of this test
    people.written_order(cast, session)
    session.refresh_from_db()
    return session


def _lose(route: Route, _: Request) -> None:
    """The server writes it down, and its answer never comes."""
    route.fetch()
    route.abort()


def test_place_help_and_adult_are_written_down_before_the_dose(clinic: Served, tablet: Tablet) -> None:
    place = {"state": "CO", "address": "1 Example Street"}
    session = at_home(clinic, client_location=place)
    tablet.at_bedside(session)
    line = tablet.page.locator(".athome")
    expect(line.locator(".warn")).to_have_count(2)
    tablet.page.get_by_role("button", name="Call for help").click()
    dialog = tablet.page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("911 dialled here reaches the clinic's town")
    tablet.accessible()
    tablet.page.keyboard.press("Escape")
    line.get_by_role("button", name="Place and help").click()
    dialog.get_by_label("Number of the ambulance there").fill("303-555-0911")
    dialog.get_by_label("Nearest emergency department").fill("Example Hospital")
    for word in ("They know what to watch for", "The video is on"):
        dialog.get_by_role("group", name=re.compile(word)).get_by_role("button", name="Yes").click()
    tablet.accessible()
    moved = place | {"address": "2 Example Street"}
    visits.change(
        session=session, values={"client_location": moved}, by=clinic.cast.frontdesk, at=clock.now()
    )
    dialog.get_by_role("button", name="Write it down").click()
    expect(line).to_contain_text("2 Example Street")  # what somebody else wrote meanwhile stays
    expect(line.locator(".warn")).to_have_count(0)
    session.refresh_from_db()
    assert session.client_location == HOME | {"address": "2 Example Street"}

    tablet.page.get_by_role("button", name="Call for help").click()
    call = dialog.get_by_role("link", name="ambulance near the client")
    expect(call).to_have_attribute("href", "tel:303-555-0911")
    expect(dialog).to_contain_text("2 Example Street, CO")
    expect(dialog.get_by_role("link", name="303-555-0177")).to_be_visible()
    tablet.page.keyboard.press("Escape")

    tablet.page.get_by_role("button", name="Dose", exact=True).click()
    expect(dialog).to_contain_text("own lozenges or tablets alone")
    record = dialog.get_by_role("button", name="Record 100 mg given")
    tablet.answer(r"/administrations/$", _lose)
    record.click()
    expect(dialog.get_by_role("alert")).to_contain_text("it is recorded once")
    tablet.heal()
    record.click()
    expect(dialog).to_have_count(0, timeout=PATIENCE)
    dose = Administration.objects.get(session=session)
    assert (dose.supply, dose.given_by) == ("client_prescription", "self_observed")
    tablet.take(126, 80, 71)
    tablet.sends(session, 126)


def test_two_who_write_the_same_field_see_each_other(clinic: Served, tablet: Tablet) -> None:
    session = at_home(clinic)
    tablet.at_bedside(session)
    with tablet.page.expect_response(re.compile(f"/sessions/{session.pk}/$")):
        tablet.page.get_by_role("button", name="Place and help").click()
    dialog = tablet.page.get_by_role("dialog")
    dialog.get_by_label("Number of the ambulance there").fill("303-555-0001")
    theirs = HOME | {"ems_phone": "303-555-0002"}
    visits.change(
        session=session, values={"client_location": theirs}, by=clinic.cast.frontdesk, at=clock.now()
    )
    dialog.get_by_role("button", name="Write it down").click()
    expect(dialog.get_by_role("alert")).to_contain_text("303-555-0002")
    expect(dialog.get_by_label("Number of the ambulance there")).to_have_value("303-555-0001")
    tablet.accessible()
    dialog.get_by_role("button", name="Take theirs").click()
    expect(dialog.get_by_label("Number of the ambulance there")).to_have_value("303-555-0002")
    tablet.page.keyboard.press("Escape")
    tablet.page.set_viewport_size({"width": 320, "height": 640})  # 1280 at 400 %
    assert tablet.page.locator(".bed").evaluate("bed => bed.scrollWidth") == 320
    box = tablet.page.get_by_role("button", name="Call for help").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 320


def test_the_session_at_home_ends_with_the_adult_beside_the_client(clinic: Served, tablet: Tablet) -> None:
    began = clock.now() - timedelta(hours=5)
    with clock.fixed(clock.now() - timedelta(hours=3)):
        session = at_home(clinic, starts_at=began, ends_at=began + LASTS)
        attest(clinic.cast, session, "chaperone_trained", "video_on")
        people.give(clinic.cast, session)
    tablet.at_bedside(session)
    for systolic in (124, 123):
        tablet.page.get_by_role("radio", name=re.compile("alert")).click()
        tablet.take(systolic, 79, 71)
    tablet.sees("on server", 3)
    tablet.page.get_by_role("button", name="Discharge", exact=True).click()
    dialog = tablet.page.get_by_role("dialog")
    escort = dialog.locator(".cr li", has_text="The adult stays with the client")
    expect(escort).to_contain_text("Alex Example is named")
    for row in dialog.locator(".cr li .seg").all():
        row.get_by_role("button", name="Yes").click()
    dialog.get_by_role("button", name="Discharge", exact=True).click()
    expect(dialog).to_contain_text("The session at home is over")
    assert Discharge.objects.get(session=session).escort_present
