"""Links as staff make them: sent once, taken back, and what a client answered taken over."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlparse

from playwright.sync_api import Page, expect

from kapclinic.trail.models import Task
from programs.models import Program
from screening.models import Consent, Screening
from sessions.links.models import ClientLink
from sessions.links.rules.questions import QUESTIONS
from tests import cast as people
from tests.e2e.screens import Served, Tablet
from tests.sessions.links.phone import WRONG, Phone

HEALTHY = dict.fromkeys(QUESTIONS, "no")


def _course(clinic: Served, first: str) -> Program:
    cast = clinic.cast
    protocol = people.approved_protocol(cast, name=f"KAP by link for {first}")
    who = people.client(cast.north, by=cast.frontdesk, first=first, last="Linkman")
    return people.opened_program(cast, protocol=protocol, who=who)


def _make(tablet: Tablet, purpose: str, subject: str | None = None) -> Phone:
    """The link by the dialog, and the client's phone with its address."""
    page, dialog = tablet.page, tablet.page.get_by_role("dialog")
    page.get_by_role("button", name="Make a link").click()
    dialog.get_by_label("What is the client to do?").select_option(purpose)
    if subject:
        dialog.get_by_label("Which one?").select_option(label=subject)
    dialog.get_by_role("button", name="Make the link").click()
    address = dialog.get_by_label("Its address, shown this once")
    expect(address).to_have_value(re.compile("/l/"))
    return Phone(urlparse(address.input_value()).path)


def _close(page: Page) -> None:
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def _rows(page: Page, words: str) -> Any:
    return page.locator(".lks li", has_text=words)


def test_a_screening_is_sent_and_what_the_client_answered_is_taken_over(
    clinic: Served, tablet: Tablet
) -> None:
    program = _course(clinic, "Lena")
    draft = clinic.cast.desk("np").must("screenings/", {"program": str(program.pk)})
    tablet.sign_in("np", at=f"/intake/{program.pk}")
    page, dialog = tablet.page, tablet.page.get_by_role("dialog")
    page.get_by_role("tab", name=re.compile("^Links")).wait_for()
    page.keyboard.press("6")
    expect(page.get_by_text("No link was sent yet.")).to_be_visible()
    phone = _make(tablet, "intake")
    tablet.accessible()
    dialog.get_by_role("button", name="Copy the address").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()  # it is shown once: no key takes it away unread
    _close(page)
    row = _rows(page, "The screening’s questions")
    expect(row).to_contain_text("waits until")
    assert ClientLink.objects.get(program=program).digest not in page.content()

    phone.born()
    told = HEALTHY | {"OPHTH": "yes", "OPHTH_note": "Glaucoma, 2019"}
    assert phone.send(**told, medicines="zinc") == 200
    task = Task.objects.open().get(kind="client_answered", client=program.client_id)
    page.goto(f"/clients/{program.client_id}")
    page.get_by_role("link", name=re.compile("take it over")).click()
    expect(dialog.locator("dd", has_text="Yes: Glaucoma, 2019")).to_be_visible()
    expect(dialog.locator("dl")).to_contain_text("zinc")
    tablet.accessible()
    clinic.cast.desk("therapist").patch(f"screenings/{draft['id']}/", {"answers": {"LACT": True}})
    dialog.get_by_role("button", name="Take over").dblclick()
    expect(row).to_contain_text("taken over")
    expect(dialog).to_have_count(0)
    screening = Screening.objects.get(pk=draft["id"])
    assert screening.answers["LACT"] is True  # what a clinician wrote meanwhile stays
    assert screening.answers["OPHTH"] == {"value": True, "note": "Glaucoma, 2019"}
    assert not Task.objects.open().filter(pk=task.pk).exists()
    page.goto(f"/intake/{program.pk}")
    expect(page.locator("#q-OPHTH").get_by_role("radio", name="Yes")).to_be_checked()


def test_the_front_desk_sends_a_consent_and_takes_a_link_back(clinic: Served, tablet: Tablet) -> None:
    program = _course(clinic, "Liam")
    tablet.sign_in("frontdesk", at=f"/clients/{program.client_id}?tab=links")
    page, dialog = tablet.page, tablet.page.get_by_role("dialog")
    page.get_by_role("button", name="Make a link").click()
    dialog.get_by_label("What is the client to do?").select_option("intake")
    expect(dialog.get_by_text("a clinician begins it")).to_be_visible()  # no clinical draft at the desk
    tablet.accessible()
    page.keyboard.press("Escape")

    # The answer gets lost: the second press makes no second link, and the address can't be shown again.
    page.get_by_role("button", name="Make a link").click()
    tablet.answer(r"/client-links/$", lambda route, request: (route.fetch(), route.abort()))
    dialog.get_by_label("Which one?").select_option(label="GAD-7")
    dialog.get_by_role("button", name="Make the link").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    tablet.heal()
    dialog.get_by_role("button", name="Make the link").click()
    expect(dialog.get_by_text("its address got lost on the way")).to_be_visible()
    tablet.accessible()
    dialog.get_by_role("button", name="Close").click()
    lost = _rows(page, "GAD-7")
    expect(lost).to_have_count(1)
    lost.get_by_role("button", name=re.compile("^Take back")).click()
    expect(lost).to_contain_text("taken back")
    assert ClientLink.objects.get(program=program, instrument="gad7").state == "revoked"

    phone = _make(tablet, "consent", "Privacy practices")
    _close(page)
    phone.born()
    assert phone.send(name="Liam Linkman", agree="yes") == 200
    page.reload()
    signed = _rows(page, "Privacy practices")
    expect(signed).to_contain_text("answered")
    expect(signed.get_by_role("button")).to_have_count(0)
    assert Consent.objects.get(program=program).status == "signed"

    # Five wrong dates end a link; the desk's worklist leads to where another is made.
    phone = _make(tablet, "measure", "PHQ-9")
    _close(page)
    for _ in range(5):
        phone.born(WRONG)
    task = Task.objects.open().get(kind="link_locked", client=program.client_id)
    page.goto(f"/desk/worklist?task={task.pk}")
    page.get_by_role("link", name=re.compile("Send another link")).click()
    expect(_rows(page, "PHQ-9")).to_contain_text("ended: five wrong dates of birth")
    tablet.accessible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
