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
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from kapclinic.local.places import CHECKOUT
from kapclinic.local.ports import free_port
from tests.e2e.chromium import FLAGS

IMAGES = CHECKOUT / "docs" / "img"
PASSWORD = "pictures of a demo"
THEMES = ("light", "dark")
DESK, TABLET = (1440, 900), (1180, 820)
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
    page.wait_for_url(re.compile("desk|bedside|notes|billing"))
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


SHOWN: tuple[tuple[str, str, tuple[int, int], Callable[[Page], None]], ...] = (
    ("desk", "frontdesk", DESK, of_the_day),
    ("ward", "np", TABLET, of_the_ward),
    ("bedside", "np", TABLET, of_the_bedside),
    ("billing", "billing", DESK, of_the_bill),
)


def main() -> int:
    if shutil.which("pdftoppm") is None:
        sys.stderr.write("pdftoppm is needed for the picture of a page (Debian: poppler-utils).\n")
        return 1
    with demo() as at, sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
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
