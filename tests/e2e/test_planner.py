"""The course planner: the whole course proposed, moved, mended, and booked all or none."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from kapclinic.core import clock
from kapclinic.practice.models import Client
from programs.models import Program
from sessions.booking.models import Session
from tests import cast as people
from tests.e2e.screens import Served, Tablet

SHORT = {"planned_doses": 2, "span_days": [3, 20], "min_preparations": 1}
ALL = 5  # one preparation, two doses, an integration after each


def _course(clinic: Served, **more: Any) -> Program:
    """A client whose whole course is still to be booked."""
    cast = clinic.cast
    first = f"Ash{Client.objects.count():03}"
    who = people.client(cast.north, by=cast.frontdesk, first=first, last="Template", pronouns="they/them")
    return people.opened_program(cast, who=who, protocol=people.approved_protocol(cast, **(SHORT | more)))


def _plan(tablet: Tablet, program: Program, name: str, start: str) -> Page:
    tablet.sign_in(name, at=f"/programs/{program.pk}/plan?from={start}")
    _looked(tablet.page)
    return tablet.page


def _looked(page: Page) -> None:
    """The proposal is there, and what it brings is known."""
    expect(page.get_by_role("button", name=re.compile("^Book all"))).to_be_visible()
    expect(page.locator(".plan")).to_have_attribute("aria-busy", "false")


def _card(page: Page, kind: str, number: int) -> Locator:
    return page.locator(f"#row-{kind}-{number}")


def _book(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Book all|^Saving"))


def _to(page: Page, day: datetime) -> None:
    """Try the chosen session on another day, at its own time."""
    page.get_by_label("Day", exact=True).fill(f"{day:%Y-%m-%d}")
    page.get_by_role("button", name="Try it there").click()
    _looked(page)


def _ahead(days: int) -> str:
    """A day of a season of its own, where no other test books."""
    return f"{clock.now() + timedelta(days=days):%Y-%m-%d}"


def _proposed(clinic: Served, program: Program, start: str) -> dict[tuple[str, int], dict[str, Any]]:
    path = f"programs/{program.pk}/plan/?from={start}"
    found = clinic.cast.desk("frontdesk").get(path).json()["sessions"]
    return {(row["kind"], row["number"]): row for row in found}


def _local(clinic: Served, moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(clinic.cast.north.zone)


def test_a_course_is_planned_from_the_desk_moved_mended_and_booked(clinic: Served, tablet: Tablet) -> None:
    program, start = _course(clinic), _ahead(260)
    first = _local(clinic, _proposed(clinic, program, start)["dosing", 1]["starts_at"])
    tablet.sign_in("frontdesk")
    page = tablet.page
    page.keyboard.press("n")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Client").fill(program.client.legal_first_name)
    dialog.get_by_role("button", name=re.compile(program.client.legal_first_name)).first.click()
    dialog.get_by_role("link", name="Plan the whole course instead").click()
    _looked(page)
    assert (program.client.legal_first_name not in page.url, page.title()) == (
        True,
        "Course plan · kapclinic",
    )
    page.get_by_label("Start not before").fill(start)
    page.get_by_role("heading", name="Plan", exact=True).click()
    page.keyboard.press("p")
    page.wait_for_url(lambda url: url.endswith(f"plan?from={start}"))
    _looked(page)
    expect(page.locator("button.p")).to_have_count(ALL)
    tablet.accessible()
    _card(page, "dosing", 2).click()
    _to(page, first + timedelta(days=2))
    expect(page.locator(".effs .high")).to_contain_text("Less than 72 h from dose 1.")
    expect(page.locator(".day .p.old").first).to_contain_text("Dosing 2")
    expect(_book(page)).to_have_attribute("aria-disabled", "true")
    tablet.accessible()
    page.keyboard.press("Escape")
    page.locator(".effs .high").get_by_role("button", name=re.compile("^Move dosing 2 to")).click()
    _looked(page)
    expect(page.locator(".effs .high")).to_have_count(0)
    page.keyboard.press("b")
    expect(page.get_by_text("Every session of this course is in the book.")).to_be_visible()
    expect(page.get_by_role("link", name="Show its day")).to_have_attribute("href", re.compile("session="))
    booked = Session.objects.filter(program=program)
    assert booked.count() == ALL
    dose = booked.get(kind="dosing", number=2)
    page.locator(f"#row-{dose.pk}").click()
    page.keyboard.press("m")
    expect(page.get_by_role("dialog", name=re.compile("^Move Ash"))).to_be_visible()
    tablet.accessible()
    page.keyboard.press("Escape")
    page.emulate_media(media="print")
    expect(page.locator(".paper")).to_contain_text("Dosing 2")
    expect(page.locator(".who")).to_be_hidden()


def test_other_wishes_stand_in_the_address_and_bring_another_plan(clinic: Served, tablet: Tablet) -> None:
    page = _plan(tablet, _course(clinic, min_preparations=0), "np", _ahead(275))
    for day in ("Tue", "Thu", "Sat"):
        page.get_by_role("button", name=day, exact=True).click()
    page.get_by_label("Not before", exact=True).select_option("13:00")
    page.get_by_label("Not after", exact=True).select_option("12:00")
    page.get_by_role("heading", name="Plan", exact=True).click()
    page.keyboard.press("p")
    expect(page.locator(".f.bad .err")).to_be_visible()
    page.get_by_label("Not after", exact=True).select_option("17:00")
    page.get_by_role("button", name="Propose again").click()
    expect(_card(page, "dosing", 1)).to_contain_text("13:00")
    _looked(page)
    assert "days=1%2C3%2C5" in page.url
    page.reload()
    expect(_card(page, "dosing", 1)).to_contain_text("13:00")
    expect(page.get_by_role("button", name="Thu", exact=True)).to_have_attribute("aria-pressed", "true")
    later = "xpath=ancestor::div[contains(@class, 'day')]/following::div[contains(@class, 'day')][1]"
    _card(page, "dosing", 2).drag_to(_card(page, "dosing", 2).locator(later))
    expect(page.locator(".mv")).to_contain_text("13:00")
    expect(page.locator(".day .p.old").first).to_be_visible()
    page.get_by_role("button", name="Put back").click()
    expect(page.locator(".day .p.old")).to_have_count(0)
    page.get_by_role("button", name="List").click()
    expect(page.locator(".cal .list tbody tr")).to_have_count(ALL - 1)
    tablet.accessible()
    page.go_back()
    expect(_card(page, "dosing", 1)).to_be_visible()


def test_a_time_that_somebody_keeps_is_struck_and_says_who_has_it_until_when(
    clinic: Served, tablet: Tablet
) -> None:
    program, other, start = _course(clinic), _course(clinic), _ahead(290)
    page = _plan(tablet, program, "director", start)
    row = _proposed(clinic, program, start)["dosing", 2]
    kept = {name: row[name] for name in ("kind", "modality", "starts_at", "ends_at", "room", "staff")}
    clinic.cast.desk("np").must("session-holds/", kept | {"program": str(other.pk)}, status=201)
    page.keyboard.press("b")
    alert = page.get_by_role("alert").filter(has_text="Nothing was booked")
    expect(alert).to_contain_text(re.compile(r"is held by Np until \d\d:\d\d"))
    expect(_card(page, "dosing", 2)).to_contain_text("taken meanwhile")
    _looked(page)
    tablet.accessible()
    assert not Session.objects.filter(program=program).exists()
    page.get_by_role("button", name=re.compile("^Move dosing 2 to")).click()
    _looked(page)
    for _ in range(3):  # the integration of a dose that went a little later may have to go as well
        mend = page.locator(".effs .high").get_by_role("button", name=re.compile("^Move "))
        if mend.count() == 0:
            break
        mend.first.click()
        _looked(page)
    expect(_book(page)).not_to_have_attribute("aria-disabled", "true")
    page.keyboard.press("b")
    expect(page.get_by_text("Every session of this course is in the book.")).to_be_visible()
    assert Session.objects.filter(program=program).count() == ALL


def test_a_lost_answer_is_no_second_booking(clinic: Served, tablet: Tablet) -> None:
    program = _course(clinic)
    keys: list[str] = []

    def lose(route: Route, request: Request) -> None:
        """The first answer does not arrive."""
        keys.append(request.headers["idempotency-key"])
        if len(keys) > 1:
            route.continue_()
            return
        route.fetch()
        route.abort()

    tablet.answer(r"/plan/$", lose)
    page = _plan(tablet, program, "prescriber", _ahead(305))
    page.keyboard.press("b")
    expect(page.locator(".note.high")).to_contain_text("Not known whether it is booked")
    _book(page).dblclick()
    expect(page.get_by_text("Every session of this course is in the book.")).to_be_visible()
    assert (len(keys), len(set(keys))) == (2, 1)
    assert Session.objects.filter(program=program).count() == ALL


def test_a_therapist_plans_on_a_tablet_in_spanish_and_at_400_percent(
    clinic: Served, chromium: Browser
) -> None:
    program = _course(clinic)
    lent = Tablet.lent(
        clinic, chromium, viewport={"width": 768, "height": 1024}, has_touch=True, locale="es-MX"
    )
    tablet = next(lent)
    tablet.page.goto(f"/sign-in?next=/programs/{program.pk}/plan")
    tablet.page.get_by_label("Correo electrónico").fill(clinic.cast.therapist.email)
    tablet.page.get_by_label("Contraseña", exact=True).fill(people.PASSWORD)
    tablet.page.locator("button.xl").click()
    page = tablet.page
    expect(page.get_by_role("button", name="Reservar las 5 sesiones")).to_be_visible()
    page.locator("#row-dosing-1").tap()
    expect(page.locator("#to-day")).to_be_in_viewport()
    tablet.accessible()
    page.set_viewport_size({"width": 320, "height": 640})
    wide = "document.querySelector('.plan').scrollWidth - document.querySelector('.plan').clientWidth"
    assert page.evaluate(wide) == 0
    page.locator("#row-dosing-1").tap()
    tablet.accessible()
    next(lent, None)
