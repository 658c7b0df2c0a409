"""The administrator's look at the machine: what needs somebody, with where to begin, and figures that keep coming."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import expect

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM_ID
from kapclinic.trail.models import Outbox
from tests.e2e.screens import Served, Tablet


def test_what_needs_somebody_stands_first_and_goes_when_it_is_mended(clinic: Served, tablet: Tablet) -> None:
    """Messages that were given up, an answer that does not come, and the keyboard."""
    at = clock.now() - timedelta(minutes=20)
    dead = Outbox.objects.create(
        key="status-story", template="alarm", recipient=SYSTEM_ID, status="dead", next_at=at, created_at=at
    )
    tablet.sign_in("admin", at="/status")
    page = tablet.page
    expect(page.get_by_role("heading", name="System", exact=True)).to_be_visible()
    expect(page.locator(".sta li", has_text="Messages were given up")).to_contain_text(
        "Mend mail or SMS first"
    )
    given_up = page.locator("tbody tr.some", has_text="By e-mail").last
    expect(given_up).to_contain_text("1")
    expect(page.locator("#steps")).to_have_text("Periodic work")
    expect(page.locator("tr", has_text="obligations").first).to_contain_text("1 s")
    expect(page.get_by_role("region", name="Queues")).to_contain_text("safety")
    tablet.accessible()
    for width in (1280, 768, 390):
        page.set_viewport_size({"width": width, "height": 844})
        wide = page.evaluate(
            "document.querySelector('.sta').scrollWidth - document.querySelector('.sta').clientWidth"
        )
        assert wide <= 0, width
    tablet.accessible()
    tablet.offline()
    page.keyboard.press("r")
    expect(page.get_by_text(re.compile("These figures are"))).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    Outbox.objects.filter(pk=dead.pk).delete()
    tablet.offline(False)  # and the page asks by itself; whoever is faster presses its key
    page.keyboard.press("r")
    expect(page.locator(".sta li", has_text="Messages were given up")).to_have_count(0)
    expect(page.get_by_text(re.compile("These figures are"))).to_have_count(0)
    expect(page.locator("nav.rail a[aria-current]")).to_have_text("System")


def test_a_nurse_is_told_whose_page_it_is(clinic: Served, tablet: Tablet) -> None:
    tablet.sign_in("np", at="/bedside")
    expect(tablet.page.locator("nav.rail")).not_to_contain_text("System")
    answer = tablet.page.goto(f"{clinic.base_url}/status")
    assert answer is not None
    assert answer.status == 403
