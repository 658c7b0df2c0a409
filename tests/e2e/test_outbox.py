"""What a server that answers, but does not take it, does to what waits on the tablet."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

from playwright.sync_api import Request, Route, expect

from kapclinic.core import clock
from sessions.monitoring.models import ReadingVoid
from sessions.notes.models import RecordEntry
from tests.cast import PASSWORD
from tests.e2e.screens import PATIENCE, Served, Tablet, pressures

READINGS = r"/readings/$"
REFUSALS = (
    (403, "not_permitted", "Not permitted"),
    (409, "not_checked_in", "The client has not come"),
    (412, "stale", "Somebody changed this in the meantime"),
    (422, "idempotency_key_reused", "This key was used for another request"),
)


def _refusing(status: int, code: str, title: str) -> Callable[[Route, Request], None]:
    def act(route: Route, _: Request) -> None:
        body = {"code": code, "title": title, "status": status, "detail": f"{title}."}
        route.fulfill(status=status, content_type="application/problem+json", body=json.dumps(body))

    return act


def test_what_is_refused_is_red_until_somebody_sends_corrects_or_discards_it(
    clinic: Served, tablet: Tablet
) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    for taken, refusal in enumerate(REFUSALS, start=1):
        tablet.heal()
        tablet.answer(READINGS, _refusing(*refusal))
        tablet.take(120 + taken, 80, 70)
        badge = tablet.page.locator("button.net", has_text=f"{taken} refused")
        badge.wait_for()
    tablet.heal()
    assert pressures(session) == []
    assert not re.search(r"\bsaved\b", tablet.page.locator("body").inner_text(), re.IGNORECASE)
    badge.click()
    red = tablet.page.locator(".ob .rej")
    for row, (_, _, title) in zip(red.all(), REFUSALS, strict=True):
        expect(row).to_contain_text(title)
    tablet.accessible()
    red.filter(has_text="121/80").get_by_role("button", name="Send again").click()
    expect(red).to_have_count(3)
    tablet.sends(session, 121)
    red.filter(has_text="122/80").get_by_role("link", name="Correct").click()
    expect(tablet.page.get_by_role("radio", name="Systolic")).to_contain_text("122")
    tablet.page.get_by_role("button", name="Save reading").click()
    tablet.sends(session, 121, 122)
    tablet.page.locator("button.net", has_text="2 refused").click()
    for count, systolic in enumerate((123, 124), start=1):
        row = red.filter(has_text=f"{systolic}/80")
        row.get_by_role("button", name="Discard…").click()
        tablet.page.get_by_label("Why is it discarded?").fill("Written on the wrong client")
        tablet.page.get_by_role("button", name="Discard it").dblclick()
        expect(row).to_have_count(0)
        expect(red).to_have_count(2 - count)
    expect(tablet.page.get_by_role("dialog")).to_contain_text("Nothing waits here", timeout=PATIENCE)
    kept = RecordEntry.objects.filter(session=session, part="observation")
    assert sorted(re.findall(r"12[34]/80", " ".join(row.content["text"] for row in kept))) == [
        "123/80",
        "124/80",
    ]
    assert pressures(session) == [121, 122]


def test_a_server_that_asks_for_patience_gets_it(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tried: list[float] = []

    def busy(route: Route, _: Request) -> None:
        tried.append(time.monotonic())
        problem = {"code": "too_many_requests", "title": "Too many requests", "status": 429, "retry_after": 4}
        route.fulfill(status=429, content_type="application/problem+json", body=json.dumps(problem))

    tablet.answer(READINGS, busy)
    tablet.take(126, 80, 70)
    tablet.sees("on tablet", 1)
    expect(tablet.page.locator("button.net")).to_contain_text("Not sent yet")
    tablet.take(127, 80, 70)
    tablet.sees("on tablet", 2)
    while len(tried) < 2:
        tablet.page.wait_for_timeout(100)
    assert tried[1] - tried[0] >= 3.9
    assert pressures(session) == []
    tablet.heal()
    tablet.sends(session, 126, 127)
    tablet.sees("on server", 3)


def test_a_tab_that_is_closed_before_the_answer_comes_doubles_nothing(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    keys: list[str] = []

    def never(route: Route, request: Request) -> None:
        keys.append(request.headers["idempotency-key"])
        route.fetch()  # the server has it, and the tab waits on

    tablet.answer(READINGS, never)
    tablet.take(128, 80, 70)
    tablet.sends(session, 128)
    tablet.sees("sending", 1)
    tablet.another_page()
    tablet.page.on("request", lambda request: keys.append(request.headers.get("idempotency-key", "")))
    with tablet.page.expect_response(
        lambda response: "/readings/" in response.url and response.status == 201
    ):
        tablet.page.goto("/bedside")
    expect(tablet.page.locator(".net")).to_contain_text("Online")
    assert len({key for key in keys if key}) == 1
    assert pressures(session) == [128]


def test_a_first_try_that_still_runs_is_waited_for(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    running = (409, "request_in_progress", "The first request with this key is still running")
    tablet.answer(READINGS, _refusing(*running))
    tablet.take(129, 80, 70)
    tablet.sees("on tablet", 1)
    expect(tablet.page.locator(".net")).not_to_contain_text("refused")
    tablet.heal()
    tablet.sends(session, 129)


def test_whoever_signs_in_in_another_tab_writes_nothing_for_the_first(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.take(131, 80, 70)
    tablet.sees("on server", 2)
    first = tablet.page
    tablet.page = tablet.context.new_page()
    tablet.listen(tablet.page)
    tablet.sign_in("prescriber", at="/bedside")
    tablet.page, other = first, tablet.page
    tablet.rows("131/80").get_by_role("button", name="Void").click()
    tablet.page.get_by_label("Why?").fill("Typed 131 for 121")
    tablet.page.get_by_role("button", name="Take it back").click()
    again = tablet.page.get_by_role("dialog", name="Sign in again")
    expect(again).to_be_visible()
    assert not ReadingVoid.objects.filter(reading__session=session).exists()
    again.get_by_label("Password", exact=True).fill(PASSWORD)
    again.locator("button.xl").click()
    tablet.sees("on server", 1)
    assert ReadingVoid.objects.get(reading__session=session).created_by == clinic.cast.np.pk

    tablet.page = other
    tablet.sign_in("prescriber", at="/bedside")
    tablet.page = first
    tablet.take(132, 80, 70)
    over = tablet.page.get_by_role("dialog")
    expect(over).to_contain_text("Nothing on this page is lost")
    other.reload()
    expect(other.locator(".strip")).to_contain_text(f"1 entry by {clinic.cast.np.name}")
    assert pressures(session) == [131]
    other.close()
    over.get_by_label("Password", exact=True).fill(PASSWORD)
    over.locator("button.xl").click()
    tablet.sends(session, 131, 132)
    assert session.readings.get(systolic=132).recorded_by == clinic.cast.np


def test_a_tablet_that_was_opened_without_a_network_mends_its_clock_before_it_sends(
    clinic: Served, installed: Tablet
) -> None:
    session, tablet = clinic.watched(), installed
    tablet.page.add_init_script("const real = Date.now.bind(Date); Date.now = () => real() + 1500000")
    tablet.at_bedside(session)
    tablet.page.evaluate(
        "navigator.serviceWorker.ready.then(() => new Promise(done => setTimeout(done, 1500)))"
    )
    tablet.offline()
    tablet.page.reload()
    tablet.page.get_by_role("button", name="Save reading").wait_for()
    tablet.take(133, 80, 70)
    tablet.sees("on tablet", 1)
    taken = clock.now()
    tablet.offline(away=False)
    tablet.sends(session, 133)
    row = session.readings.get(systolic=133)
    assert abs((row.measured_at - taken).total_seconds()) < 30


def test_an_observation_that_is_pressed_twice_is_one(clinic: Served, tablet: Tablet) -> None:
    session = clinic.watched()
    tablet.at_bedside(session)
    tablet.page.get_by_role("button", name="Observation").click()
    tablet.page.get_by_label("What did you see or hear?").fill("Smiles")
    tablet.page.get_by_role("button", name="Save observation").dblclick()
    expect(tablet.page.locator(".net")).to_contain_text("Online")
    expect(tablet.page.get_by_role("dialog")).to_have_count(0)
    tablet.page.wait_for_timeout(500)
    assert RecordEntry.objects.filter(session=session, part="observation").count() == 1
