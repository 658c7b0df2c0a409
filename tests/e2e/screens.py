"""Hands and eyes at a screen: signing in, typing a reading, seeing where it is, and what the console said."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route, expect

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.booking.services.allocations import ResourceConflict
from sessions.monitoring.models import Reading
from tests import cast as people
from tests.cast import PASSWORD, Cast

AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LASTS, APART = timedelta(minutes=4), timedelta(minutes=5)  # each in a slot of its own, all of them today
PATIENCE = 15_000  # ms: the machine may be busy
SLOWER = int(os.environ.get("KAP_E2E_SLOWER", "1"))  # a tablet so many times slower


@dataclass
class Served:
    """A clinic whose screens are open, and the people who work there."""

    cast: Cast
    base_url: str
    opened_at: datetime = field(default_factory=clock.now)
    taken: int = 0

    def slot(self) -> dict[str, datetime]:
        """A time of its own, today and before all that was given out before; nobody is booked there by a screen."""
        self.taken += 1
        starts_at = self.opened_at - APART * (self.taken + 1)
        return {"starts_at": starts_at, "ends_at": starts_at + LASTS}

    def watched(self, **more: Any) -> Session:
        """Somebody who has just had a dose, with calm signs."""
        count = Session.objects.count()
        protocol = people.approved_protocol(self.cast, min_preparations=0)
        who = people.client(self.cast.north, by=self.cast.frontdesk, first=f"Robin{count}", last="Sample")
        program = people.cleared_program(self.cast, protocol=protocol, who=who)
        if "starts_at" in more:
            return people.dosed_session(self.cast, program, **more)
        while True:
            try:
                return people.dosed_session(self.cast, program, **(self.slot() | more))
            except ResourceConflict:  # another test sat there, at an hour of its own
                continue


@dataclass
class Tablet:
    """One browser with one page. `forgive` holds what the console may say because the test made it so."""

    clinic: Served
    context: BrowserContext
    page: Page
    said: list[str] = field(default_factory=list)
    forgive: str = r"Failed to load resource|Service Worker registration blocked"

    @classmethod
    def lent(cls, clinic: Served, browser: Browser, **more: Any) -> Iterator[Tablet]:
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", "base_url": clinic.base_url}
        options["service_workers"] = "block"  # what goes through one is answered by no test
        context = browser.new_context(**(options | more))
        context.set_default_timeout(PATIENCE)
        tablet = cls(clinic, context, context.new_page())
        tablet.listen(tablet.page)
        yield tablet
        context.close()
        told = [words for words in tablet.said if not re.search(tablet.forgive, words)]
        assert not told

    def listen(self, page: Page) -> None:
        if SLOWER > 1:
            slowed(page)

        def heard(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                self.said.append(message.text)

        page.on("console", heard)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def another_page(self) -> None:
        """The tab is closed and a new one opened: what was kept is all that is left."""
        self.page.close()
        self.page = self.context.new_page()
        self.listen(self.page)

    # --- doing ---------------------------------------------------------------------------------------------------

    def sign_in(self, name: str, *, at: str = "/") -> None:
        self.page.goto(f"/sign-in?next={at}")
        self.fill_sign_in(name)
        self.page.wait_for_url(lambda url: "/sign-in" not in url)
        self.page.locator(".app").wait_for()

    def fill_sign_in(self, name: str, password: str = PASSWORD) -> None:
        self.page.get_by_label("E-mail").fill(getattr(self.clinic.cast, name).email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.locator("button.xl").click()

    def at_bedside(self, session: Session, name: str = "np") -> None:
        self.sign_in(name, at=f"/bedside/sessions/{session.pk}")
        self.page.locator(".who h1.name").wait_for()

    def press(self, digits: str) -> None:
        """Press the large keys."""
        for digit in digits:
            self.page.locator(".pad button", has_text=re.compile(f"^{digit}$")).click()

    def take(self, systolic: int, diastolic: int, heart: int) -> None:
        """Type a reading by the large keys and save it; three digits move on by themselves."""
        for sign, value in (("Systolic", systolic), ("Diastolic", diastolic), ("Heart rate", heart)):
            self.page.get_by_role("radio", name=sign).click()
            self.press(str(value))
        self.page.get_by_role("button", name="Save reading").click()

    # --- faults --------------------------------------------------------------------------------------------------

    def offline(self, away: bool = True) -> None:
        self.context.set_offline(away)

    def answer(self, path: str, act: Any) -> None:
        """Let `act(route, request)` answer each POST of a path."""

        def only_posts(route: Route, request: Request) -> None:
            if request.method == "POST":
                act(route, request)
            else:
                route.fallback()

        self.page.route(re.compile(path), only_posts)

    def heal(self) -> None:
        self.page.unroute_all()

    # --- seeing --------------------------------------------------------------------------------------------------

    def rows(self, where: str) -> Any:
        """The readings of the table that are `on server`, `on tablet` or `sending`."""
        return self.page.locator(".scr tr", has_text=where)

    def sees(self, where: str, count: int) -> None:
        expect(self.rows(where)).to_have_count(count, timeout=PATIENCE)

    def accessible(self) -> None:
        """No A or AA fault that axe knows of, in the light and in the dark."""
        for theme in ("light", "dark"):
            self.page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            self._settle()
            found = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": AA}})
            told = [
                f"{theme}: {one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0].get('failureSummary', '')[:200]}"
                for one in found.response["violations"]
            ]
            assert not told

    def _settle(self) -> None:
        """Colours change over some milliseconds, and what is half changed has no contrast of its own."""
        for _ in range(50):
            self.page.wait_for_timeout(100)
            if not self.page.evaluate("document.getAnimations().length"):
                return

    def sends(self, session: Session, *systolic: int) -> None:
        """The server comes to hold these pressures, and no other."""
        for _ in range(150):
            if pressures(session) == list(systolic):
                break
            self.page.wait_for_timeout(100)
        assert pressures(session) == list(systolic)


def slowed(page: Page) -> None:
    """What meets in time only on a fast machine is found on a slow one."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def pressures(session: Session) -> list[int | None]:
    """The systolic pressures that the server holds, beyond the one before the dose, in the order of writing."""
    rows = Reading.objects.filter(session=session).order_by("recorded_at", "pk")
    return [row.systolic for row in rows][1:]
