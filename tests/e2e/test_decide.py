"""The prescriber's desk: a morning of decisions, each with its reasons, and what a colleague decided in the meantime."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import expect

from kapclinic.core import clock
from programs.models import Program
from screening import services as screening
from screening.models import Clearance, SafetyAlert, Screening
from screening.rules.conditions import CONDITIONS
from sessions.booking.models import Session
from sessions.booking.services.allocations import ResourceConflict
from sessions.booking.services.bookings import OutsideHours
from sessions.dosing.models import AdverseEventReview, GateOverride, Order
from tests import cast as people
from tests.cast import Cast
from tests.e2e.screens import Served, Tablet

PROTOCOL: dict[str, Any] = {"min_preparations": 0}
ASKED = sum(one.asked for one in CONDITIONS.values())


def _course(clinic: Served, first: str, *, cleared: bool = True, **more: Any) -> Program:
    cast = clinic.cast
    protocol = people.approved_protocol(cast, name=f"KAP of {first}", **PROTOCOL)
    who = people.client(cast.north, by=cast.frontdesk, first=first, last="Fixture")
    build = people.cleared_program if cleared else people.opened_program
    found: Program = build(cast, protocol=protocol, who=who, **more)
    return found


def _submitted(cast: Cast, program: Program, **answers: Any) -> Screening:
    """A screening that shows nothing but what is named; two calm pressures, a stimulant and an unknown medicine."""
    at = clock.now()
    plain: dict[str, Any] = {code: False for code, one in CONDITIONS.items() if one.asked}
    pressures = [
        {"systolic": 124, "diastolic": 80, "heart_rate": 66, "measured_at": at - timedelta(minutes=m)}
        for m in (12, 6)
    ]
    texts = [{"text": "Lisdexamfetamine 40 mg"}, {"text": "Sertralin 100 mg"}]
    values: Any = {
        "program": program.pk,
        "answers": {code: value for code, value in (plain | answers).items() if value is not None},
        "blood_pressures": pressures,
        "medications": texts,
    }
    draft = screening.create_screening(values=values, by=cast.np, at=at)
    return screening.submit_screening(screening_id=draft.pk, by=cast.np, at=at)


def _dose(clinic: Served, program: Program, days: int) -> Session:
    """A dose on a future day, at an hour that no integration took which the worker placed after a dose of another test."""
    for later, hour in product((0, 7, 14), (14, 12, 10, 16, 9, 11, 13, 15)):
        day = clock.now().astimezone(clinic.cast.north.zone) + timedelta(days=days + later)
        start = day.replace(hour=hour, minute=20, second=0, microsecond=0)
        try:
            found: Session = people.booked(clinic.cast, program, "dosing", start)
        except (ResourceConflict, OutsideHours):
            continue
        return found
    raise AssertionError(f"There is no free hour in {days} days.")


def _row(tablet: Tablet, name: str, kind: str) -> Any:
    return tablet.page.locator(".il a", has_text=name).filter(has_text=kind)


@pytest.fixture
def second(clinic: Served) -> str:
    """Another prescriber, who wrote what the first one approves."""
    if "second" not in clinic.cast.people:
        clinic.cast.people["second"] = people.staff("second", ["prescriber"], clinic.cast.north)
    return "second"


def test_an_absolute_finding_is_never_cleared(clinic: Served, tablet: Tablet) -> None:
    cast = clinic.cast
    program = _course(clinic, "Devon", cleared=False, pathway_reason="Two trials without effect.")
    stuck = _submitted(cast, program, CV_ANEURYSM_AVM=True)
    tablet.sign_in("prescriber")
    tablet.page.wait_for_url("**/decide")
    expect(_row(tablet, "Devon Fixture", "Clearance")).to_be_visible()
    expect(tablet.page.locator(".rail a[aria-current] .count")).to_have_text(
        str(tablet.page.locator(".il a").count())
    )
    tablet.accessible()

    _row(tablet, "Devon Fixture", "Clearance").click()
    assert tablet.page.url.endswith(f"/decide/{stuck.pk}")
    expect(tablet.page.locator(".sum h2")).to_contain_text("1 absolute")
    expect(tablet.page.locator(".cx")).to_contain_text("Two trials without effect.")
    clear = tablet.page.get_by_role("radio", name="Clear for doses")
    expect(clear).to_have_attribute("aria-disabled", "true")
    clear.click(force=True)
    expect(clear).not_to_be_checked()
    tablet.accessible()
    tablet.page.get_by_role("button", name="All answers").click()
    expect(tablet.page.locator("dialog tbody tr")).to_have_count(ASKED)
    tablet.accessible()
    tablet.page.keyboard.press("Escape")
    assert not Clearance.objects.filter(screening=stuck).exists()


def test_a_screening_is_decided_finding_by_finding(clinic: Served, tablet: Tablet) -> None:
    cast = clinic.cast
    _submitted(cast, _course(clinic, "Dina", cleared=False))
    open_one = _submitted(cast, _course(clinic, "Uma", cleared=False), RESP_OSA=None)
    tablet.sign_in("prescriber", at=f"/decide/{open_one.pk}")
    expect(tablet.page.get_by_role("heading", name="Uma Fixture")).to_be_visible()
    tablet.page.get_by_role("radio", name="Clear for doses").check()
    tablet.page.get_by_role("button", name=re.compile("^Clear for doses")).click()
    answers = tablet.page.locator(".rs textarea")
    expect(answers.first).to_be_focused()  # what is missing is said at its place
    expect(tablet.page.locator(".rs .err")).to_have_count(3)
    assert not Clearance.objects.filter(program=open_one.program).exists()
    for index in range(3):
        answers.nth(index).fill(f"Talked about it: no bar, number {index}.")

    # The misspelled medicine is named; the words to what stays are not lost.
    tablet.page.get_by_role("button", name="Say what this medicine is").click()
    tablet.page.get_by_role("button", name=re.compile("^sertraline", re.IGNORECASE)).click()
    tablet.page.get_by_label("How do you know?").fill("The client showed the box.")
    tablet.accessible()
    tablet.page.get_by_role("button", name="Write it down").click()
    expect(tablet.page.locator(".rs textarea")).to_have_count(2)
    expect(tablet.page.locator(".rs textarea").first).to_have_value(re.compile("no bar"))
    why = tablet.page.get_by_label("Why, in words the client can read")
    why.fill("Suitable.")
    _row(tablet, "Dina Fixture", "Clearance").click()  # looks at another one meanwhile
    expect(tablet.page.get_by_role("heading", name="Dina Fixture")).to_be_visible()
    _row(tablet, "Uma Fixture", "Clearance").click()
    expect(why).to_have_value("Suitable.")

    tablet.answer(r"/decide/$", lambda route, request: route.abort())
    tablet.page.get_by_role("button", name=re.compile("^Clear for doses")).click()
    expect(tablet.page.locator(".dc")).to_contain_text("on this page alone")
    expect(why).to_have_value("Suitable.")
    tablet.heal()
    why.press("Control+Enter")
    expect(tablet.page.locator(".il")).not_to_contain_text("Uma Fixture")
    clearance = Clearance.objects.get(program=open_one.program)
    assert (clearance.decision, clearance.decided_by, clearance.rationale) == (
        "cleared",
        cast.prescriber,
        "Suitable.",
    )
    assert not tablet.page.url.endswith(str(open_one.pk))  # and the next one is open


def test_what_a_colleague_decided_meanwhile_is_said(clinic: Served, tablet: Tablet, second: str) -> None:
    found = _submitted(clinic.cast, _course(clinic, "Nilo", cleared=False))
    tablet.sign_in("prescriber", at=f"/decide/{found.pk}")
    tablet.page.get_by_role("radio", name="Defer").check()
    tablet.page.get_by_label("Why, in words the client can read").fill("Ask the cardiologist first.")
    body = {"decision": "declined", "rationale": "The client does not want it."}
    clinic.cast.desk(second).must(f"screenings/{found.pk}/decide/", body)
    tablet.page.get_by_role("button", name=re.compile("^Defer")).click()
    expect(tablet.page.locator(".dc .note.high")).to_be_visible()
    assert Clearance.objects.get(screening=found).decision == "declined"
    tablet.page.reload()
    expect(tablet.page.locator(".empty")).to_contain_text("decided, or waits for somebody else")


def test_an_alert_is_answered_and_the_clearance_upheld(clinic: Served, tablet: Tablet) -> None:
    cast = clinic.cast
    worried = _course(clinic, "Toni")
    people.cssrs(cast, worried, 1, 2, 4)
    alert = SafetyAlert.objects.get(program=worried)

    tablet.sign_in("prescriber", at="/decide")
    page = tablet.page
    rows = page.locator(".il a")
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()

    _row(tablet, "Toni Fixture", "Safety alert").click()
    expect(page.get_by_role("heading", name="C-SSRS, tier high")).to_be_visible()
    page.get_by_label("What was done?").fill("Spoke to the client and the partner, who stays.")
    tablet.accessible()
    page.get_by_role("button", name=re.compile("^Acknowledge")).click()
    page.get_by_role("button", name=re.compile("^Release")).click()  # it still holds the doses
    expect(page.locator(".de .err")).to_have_count(3)
    page.get_by_role("button", name="Write down a safety plan").click()
    page.get_by_label("The safety plan, made with the client today").fill("Warning signs; whom to call; 988.")
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_label("Safety plan that was made")).not_to_have_value("")
    page.get_by_label("Somebody stays with the client").check()
    page.get_by_label("Why may doses go on?").fill("Seen today, no intent, plan made.")
    tablet.accessible()
    page.get_by_role("button", name=re.compile("^Release")).click()
    expect(_row(tablet, "Toni Fixture", "alert")).to_have_count(0)
    alert.refresh_from_db()
    assert alert.status == "acknowledged"
    assert alert.releases.get().not_alone is True

    _row(tablet, "Toni Fixture", "Clearance under review").click()
    page.get_by_role("radio", name="Uphold").check()
    page.get_by_label("Why", exact=True).fill("The risk was looked at.")
    page.get_by_role("button", name=re.compile("^Uphold")).click()
    expect(page.locator(".fl .err")).to_have_count(1)  # each reason gets words
    page.locator(".fl textarea").fill("Seen today; plan made.")
    tablet.accessible()
    page.get_by_role("button", name=re.compile("^Uphold")).click()
    expect(_row(tablet, "Toni Fixture", "Clearance")).to_have_count(0)


def test_orders_are_written_and_approved(clinic: Served, tablet: Tablet, second: str) -> None:
    cast, page = clinic.cast, tablet.page
    bare = _course(clinic, "Mika")
    dose = _dose(clinic, bare, 2)
    capped = _dose(clinic, _course(clinic, "Sascha"), 3)
    body = {
        "drug": "ketamine",
        "route": "sublingual",
        "dose_mg": "450",
        "max_total_mg": "450",
        "valid_until": (capped.ends_at + timedelta(hours=6)).isoformat(),
        "above_cap_reason": "No effect at 400 in two doses.",
    }
    above = cast.desk(second).must(f"sessions/{capped.pk}/orders/", body)
    tablet.sign_in("prescriber", at="/decide")
    _row(tablet, "Mika Fixture", "Order").click()
    page.get_by_label("Dose, mg").fill("450")
    page.get_by_label("In all at most, mg").fill("450")
    write = page.get_by_role("button", name=re.compile("^Write the order"))
    write.click()
    page.get_by_label("Why above the cap?").wait_for()  # refused, and the way is said in its place
    assert not Order.objects.filter(session=dose).exists()
    tablet.accessible()
    page.get_by_label("Dose, mg").fill("150")
    page.get_by_label("In all at most, mg").fill("300")
    write.dblclick()
    expect(_row(tablet, "Mika Fixture", "Order")).to_have_count(0)
    order = Order.objects.get(session=dose)
    assert (order.dose_mg, order.max_total_mg, order.prescriber) == (
        Decimal(150),
        Decimal(300),
        cast.prescriber,
    )

    _row(tablet, "Sascha Fixture", "Above the cap").click()
    expect(page.locator(".de")).to_contain_text("No effect at 400 in two doses.")
    tablet.accessible()
    page.get_by_label("Why do you approve it?").fill("Read the record: agreed.")
    page.get_by_role("button", name=re.compile("^Approve")).click()
    expect(_row(tablet, "Sascha Fixture", "Above the cap")).to_have_count(0)
    assert Order.objects.get(pk=above["id"]).approval.approver == cast.prescriber


def test_an_override_is_read_and_the_next_order_renewed_on_a_tablet(
    clinic: Served, touch: Tablet, second: str
) -> None:
    cast = clinic.cast
    program = _course(clinic, "Wren")
    early = _dose(clinic, program, 4)
    people.written_order(cast, early)
    body = {"gate": "escort", "reason": "The brother comes at noon."}
    cast.desk(second).must(f"sessions/{early.pk}/override/", body)
    late = _dose(clinic, program, 6)
    touch.sign_in("prescriber", at=f"/decide/{late.pk}")
    touch.page.get_by_role("button", name="As last time: 100 mg").click()
    expect(touch.page.get_by_label("In all at most, mg")).to_have_value("200")
    touch.accessible()
    touch.page.get_by_role("button", name=re.compile("^Write the order")).click()
    expect(_row(touch, "Wren Fixture", "Order")).to_have_count(0)
    assert Order.objects.get(session=late).dose_mg == Decimal(100)

    _row(touch, "Wren Fixture", "Override to read").click()
    expect(touch.page.locator(".de")).to_contain_text("The brother comes at noon.")
    touch.accessible()
    touch.page.get_by_role("button", name=re.compile("^I have read it")).click()
    expect(_row(touch, "Wren Fixture", "Override to read")).to_have_count(0)
    assert GateOverride.objects.get(session=early).reading.read_by == cast.prescriber


def test_a_clearance_is_voided_and_no_dose_follows(clinic: Served, tablet: Tablet) -> None:
    program = _course(clinic, "Vera")
    people.cssrs(clinic.cast, program, 1, 2, 4)
    clearance = Clearance.objects.get(program=program)
    tablet.sign_in("prescriber", at=f"/decide/{clearance.pk}")
    page = tablet.page
    page.get_by_role("radio", name="Void").check()
    void = page.get_by_role("button", name=re.compile("^Void"))
    void.click()
    expect(page.locator(".dc .err")).to_have_count(1)  # why; the reasons need no answer
    clearance.refresh_from_db()
    assert clearance.voided_at is None
    page.get_by_label("Why", exact=True).fill("The plan is not safe for now.")
    tablet.accessible()
    tablet.answer(r"/void/$", lambda route, request: (route.fetch(), route.abort()))
    void.click()
    expect(page.locator(".dc")).to_contain_text(
        "on this page alone"
    )  # the server had it; its answer was lost
    tablet.heal()
    void.click()
    expect(_row(tablet, "Vera Fixture", "Clearance under review")).to_have_count(0)
    clearance.refresh_from_db()
    assert (clearance.voided_by, clearance.void_reason) == (
        clinic.cast.prescriber,
        "The plan is not safe for now.",
    )
    answer = clinic.cast.desk("prescriber").get(f"clearances/{clearance.pk}/").json()
    assert (answer["state"], answer["allowed_moves"]) == ("voided", [])


def test_another_order_takes_the_place_of_one_above_the_cap(
    clinic: Served, tablet: Tablet, second: str
) -> None:
    session = _dose(clinic, _course(clinic, "Ravi"), 7)
    body = {
        "drug": "ketamine",
        "route": "sublingual",
        "dose_mg": "450",
        "max_total_mg": "450",
        "valid_until": (session.ends_at + timedelta(hours=6)).isoformat(),
        "above_cap_reason": "No effect at 400.",
    }
    above = clinic.cast.desk(second).must(f"sessions/{session.pk}/orders/", body)
    tablet.sign_in("prescriber", at=f"/decide/{above['id']}")
    page = tablet.page
    page.get_by_label("Why do you approve it?").fill("Perhaps")
    page.get_by_role("button", name="Write another order instead").click()
    expect(page.get_by_role("heading", name=re.compile("^Order for"))).to_be_visible()
    tablet.accessible()
    page.get_by_role("button", name="Back to the one above the cap").click()
    expect(page.get_by_label("Why do you approve it?")).to_have_value("Perhaps")
    page.get_by_role("button", name="Write another order instead").click()
    page.get_by_label("Dose, mg").fill("200")
    page.get_by_label("In all at most, mg").fill("200")
    page.get_by_role("button", name=re.compile("^Write the order")).dblclick()
    expect(_row(tablet, "Ravi Fixture", "Above the cap")).to_have_count(0)
    amounts = Order.objects.filter(session=session).order_by("created_at").values_list("dose_mg", flat=True)
    assert list(amounts) == [Decimal(450), Decimal(200)]
    assert not hasattr(Order.objects.get(pk=above["id"]), "approval")


def test_an_adverse_event_is_reviewed_by_the_director(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    event = {"term": "nausea", "grade": 3, "serious": False, "causality": "probable", "action": "none"}
    more = {"outcome": "resolved", "treatment": "Ondansetron", "onset_at": clock.now().isoformat()}
    told = clinic.cast.desk("np").must(f"sessions/{session.pk}/adverse-events/", event | more)
    tablet.sign_in("director", at="/director")
    page = tablet.page
    row = page.locator(".dcn tr", has_text=session.program.client.display_name)
    row.filter(has_text="Adverse event review").get_by_role("link").click()
    page.wait_for_url(f"**/decide/{told['id']}?all=1")
    expect(page.get_by_role("heading", name="Nausea, grade 3")).to_be_visible()
    tablet.accessible()
    write = page.get_by_role("button", name=re.compile("^Write the review"))
    write.click()
    expect(page.get_by_label("Conclusion")).to_be_focused()
    assert not AdverseEventReview.objects.filter(event=told["id"]).exists()
    page.get_by_label("Conclusion").fill("Known effect; an antiemetic before the next dose.")
    page.get_by_label("The next dose is not held by it any more").check()
    write.dblclick()
    expect(_row(tablet, session.program.client.display_name, "Adverse event")).to_have_count(0)
    review = AdverseEventReview.objects.get(event=told["id"])
    assert (review.hold_released, review.created_by) == (True, clinic.cast.director.pk)
