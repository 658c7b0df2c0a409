"""Without a network: what was written at the bedside is kept, sent once, and never called saved before it is."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Request, Route, expect

from sessions.notes.models import RecordEntry
from tests.e2e.screens import Served, Tablet, pressures

READINGS = r"/readings/$"


def _nothing_called_saved(tablet: Tablet, on_server: int) -> None:
    expect(tablet.rows("on server")).to_have_count(on_server)
    assert not re.search(r"\bsaved\b", tablet.page.locator("body").inner_text(), re.IGNORECASE)


def test_readings_without_a_network_are_sent_once_it_is_back(clinic: Served, installed: Tablet) -> None:
    session, tablet = clinic.watched(), installed
    tablet.at_bedside(session)
    tablet.page.evaluate(
        "navigator.serviceWorker.ready.then(() => new Promise(done => setTimeout(done, 1500)))"
    )
    tablet.offline()
    for systolic in (121, 122, 123):
        tablet.take(systolic, 80, 70)
        tablet.sees("on tablet", systolic - 120)
    _nothing_called_saved(tablet, 1)
    tablet.page.reload()
    tablet.page.get_by_role("button", name="Save reading").wait_for()
    tablet.take(124, 80, 70)
    tablet.sees("on tablet", 4)
    _nothing_called_saved(tablet, 0)
    expect(tablet.page.locator(".net")).to_contain_text("4 on this tablet")
    assert pressures(session) == []
    tablet.offline(away=False)
    tablet.sees("on server", 5)
    expect(tablet.page.locator(".net")).to_contain_text("Online")
    assert pressures(session) == [121, 122, 123, 124]


def test_an_answer_that_was_lost_doubles_nothing(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    lost: list[str] = []

    def lose(route: Route, request: Request) -> None:
        route.fetch()
        lost.append(request.headers["idempotency-key"])
        route.abort()

    tablet.answer(READINGS, lose)
    tablet.take(125, 80, 70)
    tablet.sends(session, 125)
    tablet.sees("on tablet", 1)
    tablet.heal()
    tablet.sees("on server", 2)
    assert pressures(session) == [125]
    assert len(set(lost)) == 1


def test_a_busy_server_and_a_closed_tab(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.answer(
        READINGS, lambda route, _: route.fulfill(status=503, headers={"Retry-After": "1"}, body="{}")
    )
    tablet.take(126, 80, 70)
    tablet.sees("on tablet", 1)
    assert pressures(session) == []
    tablet.another_page()
    tablet.page.goto("/bedside")
    tablet.sends(session, 126)
    expect(tablet.page.locator(".net")).to_contain_text("Online")


def test_signed_out_meanwhile_it_waits_for_the_same_person(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.context.clear_cookies(name="sessionid")
    tablet.take(127, 80, 70)
    expect(tablet.page.get_by_role("dialog")).to_contain_text("You were signed out")
    assert pressures(session) == []
    expect(tablet.page.get_by_label("E-mail")).to_have_value(clinic.cast.np.email)
    tablet.page.get_by_label("Password", exact=True).fill("correct horse battery staple")
    tablet.page.locator("dialog button.xl").click()
    tablet.sees("on server", 2)
    assert pressures(session) == [127]


def test_another_persons_readings_are_not_sent_under_my_name(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.offline()
    tablet.take(128, 80, 70)
    tablet.sees("on tablet", 1)
    tablet.answer(READINGS, lambda route, _: route.abort())
    tablet.offline(away=False)
    tablet.context.clear_cookies(name="sessionid")
    tablet.page.goto("/sign-in")
    expect(tablet.page.locator(".note")).to_contain_text(clinic.cast.np.name)
    tablet.sign_in("prescriber", at="/bedside")
    expect(tablet.page.locator(".strip")).to_contain_text(f"1 entry by {clinic.cast.np.name}")
    expect(tablet.page.locator(".net")).to_contain_text("Online")
    assert pressures(session) == []
    tablet.heal()
    tablet.sign_in("np", at=f"/bedside/sessions/{session.pk}")
    tablet.sees("on server", 2)
    (row,) = session.readings.filter(systolic=128)
    assert row.recorded_by == clinic.cast.np


def _refuse(route: Route, _: Request) -> None:
    body = (
        '{"code": "invalid", "title": "Invalid", "status": 400, "detail": "measured_at: this is in the future.",'
        ' "errors": [{"pointer": "/measured_at", "code": "future", "detail": "This is in the future."}]}'
    )
    route.fulfill(status=400, content_type="application/problem+json", body=body)


def test_without_a_network_nobody_is_told_that_they_are_signed_out(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.page.wait_for_load_state("networkidle")
    tablet.offline()
    tablet.take(138, 80, 70)
    tablet.sees("on tablet", 1)
    tablet.page.get_by_label("Sections").get_by_role("button", name="Sign out").click()
    dialog = tablet.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Sign out all the same").click()
    expect(dialog.get_by_role("alert")).to_contain_text("you are still signed in here")
    tablet.offline(away=False)
    tablet.page.wait_for_url(lambda url: "/sign-in" in url)


def test_a_refused_reading_is_corrected(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.answer(READINGS, _refuse)
    tablet.take(129, 80, 70)
    badge = tablet.page.locator("button.net")
    expect(badge).to_contain_text("1 refused")
    badge.click()
    item = tablet.page.locator(".ob .rej")
    expect(item).to_contain_text("this is in the future")
    tablet.heal()
    item.get_by_role("link", name="Correct").click()
    expect(tablet.page.get_by_role("radio", name="Systolic")).to_contain_text("129")
    tablet.page.get_by_role("button", name="Save reading").click()
    tablet.sees("on server", 2)
    expect(tablet.page.locator(".net")).to_contain_text("Online")
    assert pressures(session) == [129]


def test_a_refused_reading_is_discarded_with_a_reason_that_the_record_keeps(
    clinic: Served, tablet: Tablet
) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.answer(READINGS, _refuse)
    tablet.take(133, 80, 70)
    tablet.page.locator("button.net", has_text="1 refused").click()
    tablet.page.get_by_role("button", name="Discard…").click()
    tablet.page.get_by_label("Why is it discarded?").fill("Wrong client")
    tablet.page.get_by_role("button", name="Discard it").click()
    expect(tablet.page.get_by_role("dialog")).to_contain_text("Nothing waits here", timeout=15_000)
    (entry,) = RecordEntry.objects.filter(session=session, part="observation")
    assert "133/80" in entry.content["text"]
    assert "Wrong client" in entry.content["text"]
    assert pressures(session) == []


def test_a_browser_that_keeps_nothing_says_so(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.page.add_init_script("indexedDB.open = () => { throw new Error('no storage') }")
    tablet.at_bedside(session)
    tablet.offline()
    tablet.take(134, 80, 70)
    tablet.sees("on this page only", 1)
    expect(tablet.page.locator(".strip", has_text="keeps nothing")).to_be_visible()
    tablet.offline(away=False)
    tablet.sees("on server", 2)
    assert pressures(session) == [134]


def test_a_tablet_whose_clock_is_wrong_writes_the_clinics_time(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.page.add_init_script("const real = Date.now.bind(Date); Date.now = () => real() - 1500000")
    tablet.at_bedside(session)
    expect(tablet.page.locator(".strip", has_text="25 min off")).to_be_visible()
    tablet.take(135, 80, 70)
    tablet.sees("on server", 2)
    row = session.readings.get(systolic=135)
    assert abs((row.measured_at - row.recorded_at).total_seconds()) < 30


def test_two_tabs_send_each_reading_once(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    other: Any = tablet.context.new_page()
    tablet.listen(other)
    other.goto("/bedside")
    tablet.offline()
    tablet.take(136, 80, 70)
    tablet.take(137, 80, 70)
    tablet.sees("on tablet", 2)
    tablet.offline(away=False)
    tablet.sees("on server", 3)
    assert sorted(pressures(session)) == [136, 137]  # type: ignore[type-var]
