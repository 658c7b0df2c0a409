"""`make screenshots`: open a demo, look at it as its people do, and write the pictures of `docs/img/`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.sync_api import Browser, Page, sync_playwright

from kapclinic.local.places import CHECKOUT
from kapclinic.local.ports import free_port
from tests.e2e.chromium import FLAGS

IMAGES = CHECKOUT / "docs" / "img"
PASSWORD = "pictures of a demo"
THEMES = ("light", "dark")
DESK, TABLET = (1440, 900), (1180, 820)
LONGEST_COURSE, SCREENED = "Toni Specimen", "Jamie Example"  # clients of the demo
PATIENCE, SETTLED = 60_000, 2_500  # ms


@contextmanager
def demo() -> Iterator[str]:
    """The address of a demo of its own, from its greeting until the end of the block."""
    port = free_port()
    env = os.environ | {"PORT": str(port), "KAP_DEMO_PASSWORD": PASSWORD}
    command = [sys.executable, "-m", "kapclinic.local.demo"]
    with subprocess.Popen(command, cwd=CHECKOUT, env=env, text=True, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                sys.stdout.write(line)
                if "Ctrl-C stops it" in line:
                    break
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate()  # what it says while it closes


@contextmanager
def signed_in(
    browser: Browser, at: str, who: str, *, theme: str = "light", size: tuple[int, int] = DESK
) -> Iterator[Page]:
    """A page of somebody of the demo, at the screen on which their day starts."""
    context = browser.new_context(base_url=at, viewport={"width": size[0], "height": size[1]})
    context.set_default_timeout(PATIENCE)
    context.add_init_script(f"localStorage.setItem('kap.theme', '{theme}')")
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("#email", f"{who}@demo.kapclinic.test")
    page.fill("#password", PASSWORD)
    page.click("button.xl")
    page.wait_for_url(re.compile("desk|bedside|notes|billing|decide|director"))
    yield page
    context.close()


def of_the_day(page: Page) -> None:
    """The client whose dose is ready but for the ride home."""
    page.locator(".ev", has_text="Sam Standin").click()
    page.locator(".gates").wait_for()
    page.wait_for_timeout(SETTLED)


def of_the_ward(page: Page) -> None:
    page.locator(".wr").nth(2).wait_for()
    page.wait_for_timeout(SETTLED)


def of_the_bedside(page: Page) -> None:
    page.locator(".wr", has_text="Jules Facade").locator(".take").click()
    page.locator(".ent").wait_for()
    page.wait_for_timeout(SETTLED)


def of_the_bill(page: Page) -> None:
    """What a client is charged with, as the paper that they get."""
    rows = page.locator("tbody", has_text="Charged, and on no superbill").locator("tr.r")
    rows.first.get_by_role("checkbox").check()
    rows.first.get_by_role("link").click()
    page.locator(".paper").wait_for()
    page.wait_for_timeout(SETTLED)


def of_the_evidence(page: Page, folder: Path) -> None:
    """The first page of what is kept of a dose, as it is printed."""
    found = page.request.get("/api/v1/obligations/?state=met").json()["results"][0]
    pdf = folder / "evidence.pdf"
    pdf.write_bytes(page.request.get(f"/api/v1/sessions/{found['dosing_session']}/evidence/pdf/").body())
    subprocess.run(
        [
            *("pdftoppm", "-png", "-r", "80", "-f", "1", "-l", "1", "-singlefile"),
            *(str(pdf), str(IMAGES / "evidence")),
        ],
        check=True,
    )


def written(page: Page, path: str, body: dict[str, Any], *, method: str = "POST") -> dict[str, Any]:
    """What the person who is signed in writes down, as their screen would."""
    cookies = {str(one.get("name")): str(one.get("value")) for one in page.context.cookies()}
    headers = {"X-CSRFToken": cookies["csrftoken"], "Idempotency-Key": str(uuid4())}
    if method == "PATCH":
        headers["If-Match"] = page.request.get(f"/api/v1/{path}").headers["etag"]
    answer = page.request.fetch(f"/api/v1/{path}", method=method, data=body, headers=headers)
    assert answer.ok, answer.text()
    found: dict[str, Any] = answer.json()
    return found


def course_of(page: Page, name: str) -> dict[str, Any]:
    """The course of a client of the demo."""
    found = page.request.get(f"/api/v1/clients/?search={name}").json()["results"][0]
    rows = page.request.get(f"/api/v1/programs/?client={found['id']}").json()["results"]
    return dict(rows[0])


def filled_in(page: Page) -> None:
    """Two scales before the first dose and after each one of a client whose course goes on, by their therapist."""
    course = course_of(page, LONGEST_COURSE)
    doses = page.request.get(f"/api/v1/programs/{course['id']}/timeline/").json()["doses"]
    moments = [datetime.fromisoformat(dose["administered_at"]) + timedelta(days=2) for dose in doses[:-1]]
    before = datetime.fromisoformat(doses[0]["administered_at"]) - timedelta(days=3)
    asked = {
        "phq9": ([2] * 8 + [0], [2] * 6 + [1, 1, 0], [1] * 8 + [0], [1] * 5 + [0] * 4),
        "gad7": ([2] * 7, [1] * 7),
    }
    for instrument, filled in asked.items():
        for answers, taken_at in zip(filled, [before, *moments], strict=False):
            told = {"program": course["id"], "instrument": instrument, "answers": answers}
            written(page, "measures/", told | {"taken_at": taken_at.isoformat(), "administered_by": "client"})


def of_the_note(page: Page) -> None:
    """A note on the day of a dose, beside the dose that it is about."""
    row = page.locator(".il a", has_text="Dosing 1")
    row.first.click()
    begin = page.get_by_role("button", name="Begin the note")
    section = page.get_by_role("textbox", name="Data", exact=True)
    begin.or_(section).first.wait_for()
    if begin.is_visible():
        begin.click()
        section.fill(
            "Arrived rested, with the intention to let the week go. Quiet for the first hour, then tearful and relieved."
        )
    page.locator(".save", has_text="On the server").wait_for()
    page.wait_for_timeout(SETTLED)


def of_the_course(page: Page) -> None:
    """A client whose course goes on: the axis with doses, integrations and scores."""
    page.goto(f"/clients/{course_of(page, LONGEST_COURSE)['client']}")
    page.locator("svg.ch").wait_for()
    page.wait_for_timeout(SETTLED)


def of_the_intake(page: Page) -> None:
    """The screening of somebody who begins, a few questions of it answered."""
    page.goto(f"/intake/{course_of(page, SCREENED)['id']}")
    begin, questions = (
        page.get_by_role("button", name=re.compile("Begin the screening|Screen again")),
        page.locator(".qs > li"),
    )
    begin.or_(questions.first).first.wait_for()
    if begin.is_visible():
        begin.click()
        for index in range(5):
            questions.nth(index).get_by_role("radio", name="No", exact=True).check()
        questions.nth(5).get_by_role("radio", name="Yes").check()
        questions.nth(5).get_by_label(re.compile("^Note")).fill("Told on the phone; a letter comes.")
        questions.nth(5).get_by_label(re.compile("^Note")).press("Tab")
    page.get_by_text("On the server", exact=True).wait_for()
    page.locator(".in-b").evaluate("one => one.scrollTo(0, 0)")
    page.wait_for_timeout(SETTLED)


def of_the_decision(page: Page) -> None:
    """The same screening, submitted: each finding waits for words."""
    course = course_of(page, SCREENED)
    drafts = page.request.get(f"/api/v1/screenings/?program={course['id']}&status=draft").json()["results"]
    for draft in drafts:
        asked = page.request.get("/api/v1/screenings/conditions/?page_size=100").json()["results"]
        rest = {one["code"]: False for one in asked if one["asked"]} | draft["answers"]
        rest["CV_OTHER"] = {"value": True, "note": "Stable, with a letter.", "degree": "relative"}
        taken = [datetime.now(UTC) - timedelta(minutes=n) for n in (12, 6)]
        pressures = [{"systolic": 142, "diastolic": 88, "measured_at": at.isoformat()} for at in taken]
        texts = [{"text": "Lisdexamfetamine 40 mg"}, {"text": "Sertralin 100 mg"}]
        told = {"answers": rest, "blood_pressures": pressures, "medications": texts}
        written(page, f"screenings/{draft['id']}/", told, method="PATCH")
        written(page, f"screenings/{draft['id']}/submit/", {})
    page.goto("/decide")
    page.locator(".il a", has_text=SCREENED).filter(has_text="Clearance").first.click()
    page.locator(".fl").wait_for()
    page.wait_for_timeout(SETTLED)


def of_the_clinic(page: Page) -> None:
    page.locator(".out").wait_for()
    page.wait_for_timeout(SETTLED)


SHOWN: tuple[tuple[str, str, tuple[int, int], Callable[[Page], None]], ...] = (
    ("desk", "frontdesk", DESK, of_the_day),
    ("ward", "np", TABLET, of_the_ward),
    ("bedside", "np", TABLET, of_the_bedside),
    ("billing", "billing", DESK, of_the_bill),
    ("notes", "therapist", DESK, of_the_note),
    ("client", "therapist", DESK, of_the_course),
    ("intake", "np", DESK, of_the_intake),
    ("decide", "prescriber", DESK, of_the_decision),
    ("director", "director", DESK, of_the_clinic),
)


def main() -> int:
    if shutil.which("pdftoppm") is None:
        sys.stderr.write("pdftoppm is needed for the picture of a page (Debian: poppler-utils).\n")
        return 1
    with demo() as at, sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        with signed_in(browser, at, "therapist") as page:
            filled_in(page)
        for name, who, size, steps in SHOWN:
            for theme in THEMES:
                with signed_in(browser, at, who, theme=theme, size=size) as page:
                    steps(page)
                    page.screenshot(path=IMAGES / f"{name}-{theme}.png")
        with signed_in(browser, at, "np") as page:
            of_the_evidence(page, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
