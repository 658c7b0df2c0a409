"""What a director does with others: the texts that clients sign, and what takes a second person."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import Locator, Page, expect

from kapclinic.core import clock
from kapclinic.practice.factor_models import FactorReset, PrivateNoteOpening
from kapclinic.practice.models import Role, User
from screening.models import ConsentDocument
from tests import cast as people
from tests.cast import PASSWORD
from tests.cast.desk import Browser
from tests.e2e.screens import Served, Tablet
from tests.practice.test_second_factors import with_app

WORDS = "# What it costs\n\nThe clinic's own words about money, which a client reads before signing.\n\n- Each session\n- Each dose\n\n> Ask us."


def _text(page: Page, document: str, language: str) -> Locator:
    return page.locator(".il button", has_text=document).filter(has_text=language)


def test_a_newer_text_is_written_beside_the_old_one_in_either_language(
    clinic: Served, tablet: Tablet
) -> None:
    tablet.sign_in("director", at="/director")
    page = tablet.page
    page.get_by_role("link", name="Texts that clients sign").click()
    page.wait_for_url(re.compile("/director/texts$"))
    costs = _text(page, "What it costs", "English")
    expect(costs).to_contain_text("Version 1, as it ships")
    expect(page.locator(".il button")).to_have_count(14)
    costs.click()
    expect(page.locator("article.paper")).to_be_visible()
    expect(page.get_by_text("as a template")).to_be_visible()
    tablet.accessible()
    page.keyboard.press("n")
    _writes(page, tablet)
    row = ConsentDocument.objects.get(document="financial", language="en")
    assert (row.document_version, row.text) == ("2", WORDS)
    expect(page.get_by_text("It is in force from")).to_be_visible()
    expect(page.locator("article.paper h3")).to_have_text("What it costs")
    expect(costs).to_contain_text("version 2 from")
    page.get_by_label("Version", exact=True).select_option("1")
    expect(page.get_by_role("article")).not_to_contain_text("The clinic's own words about money")
    page.reload()
    expect(page.get_by_label("Version", exact=True)).to_have_value("1")  # the address says which one is read
    tablet.accessible()
    _in_spanish(page)
    assert ConsentDocument.objects.filter(document="financial").count() == 2
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("article")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="All texts").click()
    expect(costs).to_be_visible()


def _writes(page: Page, tablet: Tablet) -> None:
    """What is wrong is said beside it; what is half written is still there; a lost answer writes one text."""
    tomorrow = (clock.now() + timedelta(days=2)).date().isoformat()
    words, put = (
        page.get_by_label("Its words"),
        page.get_by_role("button", name="Put this text on the server"),
    )
    expect(page.get_by_label("Version", exact=True)).to_have_value("2")
    expect(words).to_have_value(re.compile("^# "))  # it begins as the old one
    expect(page.get_by_text(re.compile(r"Today it concerns \d+ client"))).to_be_visible()
    page.get_by_label("Version", exact=True).fill("2 bis")
    words.fill("Too short")
    put.click()
    expect(page.get_by_text("Type letters, digits")).to_be_visible()
    expect(page.get_by_label("Version", exact=True)).to_be_focused()
    tablet.accessible()
    page.get_by_label("Version", exact=True).fill("1")
    words.fill(WORDS)
    page.get_by_label("Its first day").fill(tomorrow)
    expect(page.get_by_text("a new signature is asked for from everybody")).to_be_visible()
    put.click()
    expect(page.locator("#tx-new-wrong")).to_have_text("This version of the document is there already.")
    page.get_by_label("Version", exact=True).fill("2")
    page.get_by_role("button", name="Leave it for later").click()
    page.get_by_role("button", name="Write a newer text").click()
    expect(words).to_have_value(WORDS)
    page.get_by_role("button", name="As it is read").click()
    expect(page.get_by_role("article", name="The newer one").get_by_role("listitem")).to_have_count(2)
    tablet.accessible()
    tablet.answer("/consent-documents/$", lambda route, request: (route.fetch(), route.abort()))
    put.click()
    expect(page.get_by_text("Not sent: what you wrote is on this page alone.")).to_be_visible()
    tablet.heal()
    put.click()
    expect(page.locator("#polite")).to_have_text("The text is on the server.")


def _in_spanish(page: Page) -> None:
    """There is none yet: the English one stands beside it, and nobody signs anew."""
    spanish = _text(page, "What it costs", "Español")
    expect(spanish).to_contain_text("No text in this language")
    spanish.click()
    page.get_by_role("button", name="Write a newer text").click()
    expect(page.get_by_role("heading", name=re.compile("Version 1, English"))).to_be_visible()
    expect(page.get_by_text("Nothing that was signed before is asked for anew.")).to_be_visible()
    page.get_by_label("Its words").fill(WORDS.replace("What it costs", "Lo que cuesta"))
    page.get_by_role("button", name="Put this text on the server").click()
    expect(
        page.get_by_text("Choose its first day.")
    ).to_be_visible()  # nobody puts it in force without having meant the day
    page.get_by_label("Its first day").fill((clock.now() + timedelta(days=2)).date().isoformat())
    page.get_by_role("button", name="Put this text on the server").click()
    expect(page.get_by_text("It is in force from")).to_be_visible()
    expect(page.locator("article.paper h3")).to_have_text("Lo que cuesta")
    expect(page.locator("article.paper")).to_have_attribute("lang", "es")


def test_a_lost_factor_and_sealed_notes_take_two_people(clinic: Served, tablet: Tablet) -> None:
    """An administrator asks, a director approves on the word of the overview; the notes the other way round."""
    author = people.colleague(clinic.cast, "sealed_author", Role.THERAPIST)
    browser = Browser(author)
    assert browser.sign_in(PASSWORD).status_code == 200
    with_app(browser)
    page = tablet.page
    for first in ("Wren", "Linnet", "Martin"):
        client = people.client(clinic.cast.north, by=clinic.cast.frontdesk, first=first, last="Sample")
        body = {"client": str(client.pk), "reason": "She called the south clinic in despair"}
        clinic.cast.desk("south_np").must("break-glass/", body)
    _asks_for_a_reset(page, tablet, author)
    assert User.objects.get(pk=author.pk).has_factor
    page.goto(f"/people?row={author.pk}")
    expect(page.get_by_role("link", name="Second factor: Waits for a second person")).to_be_visible()
    expect(page.get_by_role("button", name="Reset the second factor…")).to_have_count(0)

    tablet.sign_in("director", at="/director")
    card = page.locator(".card", has=page.get_by_role("heading", name="A second person approves"))
    expect(card).to_contain_text("lost the second factor")
    page.set_viewport_size({"width": 1280, "height": 600})
    assert card.evaluate("card => card.scrollHeight <= card.clientHeight")  # no other card takes its room
    page.set_viewport_size({"width": 1280, "height": 800})
    tablet.accessible()
    card.get_by_role("link", name="Sealed Author").click()
    expect(page.locator(".wo")).to_contain_text("The telephone is lost")
    tablet.accessible()
    _approves(page, "reset")
    assert not User.objects.get(pk=author.pk).has_factor

    _asks_for_the_notes(page, author)
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator(".wo .chip")).to_have_text("Not approved")
    _asks_for_the_notes(page, author)

    tablet.sign_in("admin", at="/people")
    page.keyboard.press("4")
    page.locator(".il button", has_text="Private notes").first.press("Enter")
    expect(page.locator(".wo")).to_contain_text("Sealed since")
    _approves(page, "opening")
    assert User.objects.get(pk=author.pk).notes_sealed_at is None
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".wo")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    states = [FactorReset.objects.get(user=author).state]
    states += (
        PrivateNoteOpening.objects.filter(user=author).order_by("created_at").values_list("state", flat=True)
    )
    assert states == ["approved", "declined", "approved"]


def _asks_for_a_reset(page: Page, tablet: Tablet, author: User) -> None:
    """Of what there is nothing to do, and without a reason, nothing is asked for."""
    dialog = page.get_by_role("dialog")
    tablet.sign_in("admin", at=f"/people?row={author.pk}")
    page.get_by_role("button", name="Open sealed private notes…").click()
    dialog.get_by_label("Why").fill("They forgot how")
    dialog.get_by_role("button", name="Ask for it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is nothing to open.")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Reset the second factor…").click()
    dialog.get_by_role("button", name="Ask for it").click()
    expect(dialog.get_by_role("alert")).to_be_visible()  # a reason is wanted
    tablet.accessible()
    dialog.get_by_label("Why").fill("The telephone is lost")
    dialog.get_by_role("button", name="Ask for it").click()
    expect(page.locator(".wo")).to_contain_text("You asked for it: another person approves.")
    expect(page.get_by_role("button", name=re.compile("^Approve it"))).to_have_count(0)
    tablet.accessible()


def _asks_for_the_notes(page: Page, author: User) -> None:
    page.goto(f"/people?row={author.pk}")
    page.get_by_role("button", name="Open sealed private notes…").click()
    page.get_by_role("dialog").get_by_label("Why").fill("Nothing of hers is left")
    page.get_by_role("dialog").get_by_role("button", name="Ask for it").click()
    expect(page.locator(".wo")).to_contain_text("You asked for it")


def _approves(page: Page, what: str) -> None:
    approve = page.get_by_role("button", name=re.compile("^Approve it"))
    approve.dblclick()
    expect(page.locator(".wo .chip")).to_have_text("Approved")
    expect(approve).to_have_count(0)
    assert "tab=asked" in page.url, what
